// The thread pool: a team of persistent workers that the caller joins.
#pragma once

namespace fastnn {

using TeamFunction = void (*)(void* arguments, int member, int team);

// Calls function(arguments, member, team) once for every member of a team of at most `team` and returns when all are
// done. Runs with a team of one when the pool is busy with another caller, or inside a worker.
void run_team(int team, TeamFunction function, void* arguments);

// Whether the workers are spinning, so that a team starts within a microsecond; else it takes 50 and more to wake them.
bool pool_is_awake();

// Lets the workers of such a team spin for a while, without a job: what comes next finds them awake.
void wake_pool(int team);

constexpr int kMaxTeam = 64;

}  // namespace fastnn
