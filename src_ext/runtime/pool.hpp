// The thread pool: a team of persistent workers that the caller joins.
#pragma once

#include "runtime/team_size.hpp"

namespace fastnn {

using TeamFunction = void (*)(void* arguments, int member, int team);

// Calls function(arguments, member, team) once for every member of a team of at most `team`, and returns when all are
// done: how many there were. That is one when the pool is busy with another caller, inside a worker, and while other
// programs need the CPUs (team_size.hpp). Members run at the same time and may wait for each other.
int run_team(int team, TeamFunction function, void* arguments);

// The same for members that do not wait for each other: the caller does shares that no worker begins in time.
int run_shares(int team, TeamFunction function, void* arguments);

// Whether the workers are spinning, so that a team starts within a microsecond; else it takes 50 and more to wake them.
bool pool_is_awake();

// Lets the workers of such a team spin for a while, without a job: what comes next finds them awake.
void wake_pool(int team);

}  // namespace fastnn
