# Whether a team is quicker than one thread at small steps, found out by trying. Results do not depend on it, and no
# count of operations tells: where the cores share no cache, which a virtual machine does not show and its host may
# change at any time, a step of 64-32-10 takes 14 us with two threads and 5 with one; on others 2.6 and 2.9.

cdef struct TeamTiming:
    double work  # of a step, in operations
    int team
    int calls
    double seconds[2]  # of a step, with one thread and with the team; 0: not tried yet

cdef TeamTiming timings[64]
# Above, at half a millisecond a step, a team of two has always gained.
cdef double WORK_TO_TRY = 1e8
# Calls that take turns at first; then some of so many try the other way again, fewer where that was much slower. Always
# two in a row, since the first may have to wake the team.
cdef int FIRST_TRIES = 8
cdef int TRY_AGAIN = 64
cdef int TRY_AGAIN_SLOWER = 512
cdef double MUCH_SLOWER = 1.5


cdef TeamTiming* timing_of(double work, int team) noexcept:
    cdef TeamTiming* timing = &timings[(<uint64_t>work * 0x9E3779B97F4A7C15u) >> 58]
    if timing.work != work or timing.team != team:
        timing.work, timing.team, timing.calls = work, team, 0
        timing.seconds[0] = timing.seconds[1] = 0
    return timing


cdef int quicker_team(TeamTiming* timing, int team) noexcept:
    """The team or 1, whichever has been quicker, or one of them to see."""
    cdef int call = timing.calls
    cdef bint alone = timing.seconds[0] < timing.seconds[1]
    cdef bint is_clear = timing.seconds[alone] > MUCH_SLOWER * timing.seconds[1 - alone]
    timing.calls += 1
    if call < FIRST_TRIES:
        alone = call // 2 % 2
    elif call % (TRY_AGAIN_SLOWER if is_clear else TRY_AGAIN) < 2:
        alone = not alone
    return 1 if alone else team


cdef void note_time(TeamTiming* timing, double work, int team, double seconds) noexcept:
    """Take note of a step's time: at once where it is shorter, slowly where it is longer, as by other programs.

    Not even a time slice that was lost to them counts for more than a quarter, so that one of them decides nothing.
    """
    if timing.work != work or not (team == 1 or timing.team == team):
        return  # another call has come between, with other work
    cdef double* known = &timing.seconds[0 if team == 1 else 1]
    known[0] = seconds if known[0] == 0 or seconds < known[0] else 0.75 * known[0] + 0.25 * min(seconds, 2 * known[0])
