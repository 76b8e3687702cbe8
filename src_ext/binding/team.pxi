# The team of a call: how many threads it gets, and the call itself.

# Floating-point operations for each thread that pay for a barrier: about a microsecond of one core. At 64 x 64 x 64 two
# threads take 1.2 instead of 2.0 microseconds, at 48 x 48 x 48 they gain nothing.
cdef double WORK_PER_THREAD = 2e5
# What pays for waking sleeping workers: about 30 microseconds.
cdef double WORK_TO_WAKE = 8e6
# Seconds between two calls that make a series. A call that is worth a team, but not worth waking one, then wakes it for
# the next: 1,024 rows through 64-32-10, over and over, take 36 instead of 65 us.
cdef double SERIES = 5e-4
cdef double last_call_alone = 0
# Below this the call ends sooner than the GIL could be handed over.
cdef double WORK_WITH_GIL = 5e4

cdef object get_num_threads = None


cdef int team_for(double work, double total, Py_ssize_t n_threads) except -1:
    """Members of the team for `work` between two barriers, `total` of the call: at most n_threads (0: the default)."""
    global get_num_threads
    if n_threads < 0:
        raise ValueError(f"n_threads={n_threads}, wanted at least 1")
    if work < 2 * WORK_PER_THREAD:
        return 1
    if n_threads == 0:
        if get_num_threads is None:
            from fastnn.threads import get_num_threads as function
            get_num_threads = function
        n_threads = max(get_num_threads(), 1)
    cdef int team = allowed_team(<int>min(min(<double>n_threads, <double>kMaxTeam), work / WORK_PER_THREAD))
    if team > 1 and total < WORK_TO_WAKE and not pool_is_awake():
        wake_for_the_next(team)
        return 1
    return team


cdef void wake_for_the_next(int team) noexcept:
    global last_call_alone
    cdef double now = fastnn_seconds()
    if now - last_call_alone < SERIES:
        wake_pool(team)
    last_call_alone = now


# A benchmark's loop inside the call, for seconds_per_call: of one thread, and not of what runs in the middle of it.
cdef int repeats = 1
cdef unsigned long repeating_thread = 0
cdef bint is_repeating = False
cdef double last_seconds = 0


cdef inline int repeats_here() noexcept nogil:
    return repeats if repeats > 1 and not is_repeating and repeating_thread == this_thread() else 1


# Returns how many members the team had.
cdef int run_repeatedly(TeamKernel kernel, void* arguments, int team, const Job& job) noexcept nogil:
    global last_seconds, is_repeating
    cdef int count = repeats_here()
    if count == 1:
        return run_shares(team, <TeamFunction>kernel, arguments)
    is_repeating = True
    cdef double start = fastnn_seconds()
    cdef int k, members = 1
    for k in range(count):
        members = run_shares(team, <TeamFunction>kernel, arguments)
        if job.stopped:
            break
    last_seconds = (fastnn_seconds() - start) / count
    is_repeating = False
    return members


cdef int run_for_benchmark(TeamKernel kernel, void* arguments, int team) except -1:
    cdef Job job
    begin_job(&job)
    run_repeatedly(kernel, arguments, team, job)
    end_job(&job)
    return raise_if_stopped(job)


cdef int run(TeamKernel kernel, void* arguments, double work, Py_ssize_t n_threads) except -1:
    cdef int count = repeats_here()
    cdef int team = team_for(work, work * count, n_threads)
    if count > 1:
        return run_for_benchmark(kernel, arguments, team)
    if work >= WORK_WITH_GIL:
        return run_released(kernel, arguments, team)
    kernel(arguments, 0, 1)
    return 0


# Memory that is the call's own until the function that has the Scratch returns: Python code may run in any kernel, as a
# handler of a signal, and call others.
cdef void* need_scratch(Scratch& call, size_t nbytes) except NULL:
    cdef void* memory = call.take(nbytes if nbytes > 0 else 1)
    if memory == NULL:
        raise MemoryError(f"a kernel needs {nbytes} bytes of scratch memory")
    return memory
