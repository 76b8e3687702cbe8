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

// A job begins, or this thread has been busy with something else: the time until the next phase does not count.
void forget_phase();

// For how many seconds from now on teams have one member only.
double crowded_seconds();

}  // namespace fastnn

// The time that this thread has not been on a CPU since it began a phase of its job, in seconds; 0 where it has not begun
// one. To ask takes a microsecond.
extern "C" void fastnn_begin_phase();
extern "C" double fastnn_phase_off_cpu();

// A member of a team has waited so long for one that had no CPU.
extern "C" void fastnn_lost(double seconds);

// Whether teams have one member only at the moment.
extern "C" int fastnn_is_crowded();
