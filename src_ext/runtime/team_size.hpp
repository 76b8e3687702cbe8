// How many members a team may have now: no more than there are CPUs for them, and one where others need these.
#pragma once

namespace fastnn {

constexpr int kMaxTeam = 64;

// The members of a team for which `team` (at least 1) were asked.
int allowed_team(int team);

// For tests: from now on, or no longer, teams are as large as asked for, whatever the CPUs and the crowd.
void keep_teams(bool as_asked);

// Seconds that this thread has not been on a CPU, ever. To ask takes half a microsecond.
double seconds_off_cpu();

// For how many seconds from now on teams have one member only.
double crowded_seconds();

}  // namespace fastnn

// A member of a team has waited so long for one that had no CPU.
extern "C" void fastnn_lost(double seconds);

// Whether teams have one member only at the moment.
extern "C" int fastnn_is_crowded();
