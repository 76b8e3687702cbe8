# What every binding needs: the table of kernels in use, checks, codes of names, and the call itself.

cdef const Kernels* kernels = NULL


cdef dict _available():
    cdef const Kernels* tables[3]
    cdef int count = available_kernels(tables)
    return {tables[k].name.decode(): <size_t>tables[k] for k in range(count)}


def _choose_kernels():
    """Take the highest instruction set, or the one that FASTNN_SIMD names; ImportError where it cannot run."""
    global kernels
    available = _available()
    wanted = os.environ.get("FASTNN_SIMD", "").strip().lower() or max(available, key=list(available).index)
    if wanted not in available:
        raise ImportError(
            f"FASTNN_SIMD={wanted!r} cannot run here: this build and processor offer {', '.join(available)}. "
            f"Unset FASTNN_SIMD to take the fastest."
        )
    kernels = <const Kernels*><size_t>available[wanted]


_choose_kernels()

LOSS_CODES = {
    name: code for code, name in enumerate((
        "squared_error", "binary_cross_entropy", "cross_entropy", "absolute", "huber", "log_cosh", "poisson",
        "pinball", "hinge",
    ))
}
OPTIMIZER_CODES = {
    name: code for code, name in enumerate(("sgd", "adam", "rmsprop", "adagrad", "adamw", "nadam"))
}

cdef struct LossNumbers:
    int code
    double parameter


cdef LossNumbers read_loss(object loss) except *:
    """A Loss in numbers, or one that a name stands for with its default parameter; each is read once."""
    cdef LossNumbers numbers
    if type(loss) is str:
        from fastnn.losses import get
        loss = get(loss)
    numbers.code, numbers.parameter = loss.code, loss.parameter
    if not 0 <= numbers.code < <int>len(LOSS_CODES):
        raise ValueError(f"unknown loss {loss!r}, wanted one of {', '.join(LOSS_CODES)}")
    return numbers


# 0 for float32, 1 for float64.
cdef inline int kind_of(cnp.ndarray a) except -1:
    if a is None:
        raise TypeError("an array is None, wanted one of float32 or float64")
    cdef int number = cnp.PyArray_TYPE(a)
    if number == cnp.NPY_FLOAT32:
        return 0
    if number == cnp.NPY_FLOAT64:
        return 1
    raise TypeError(f"an array has dtype {(<object>a).dtype}, wanted float32 or float64")


cdef inline bint is_plain(cnp.ndarray a, int flags) noexcept:
    return cnp.PyArray_CHKFLAGS(a, flags) and cnp.PyArray_ISNOTSWAPPED(a)


cdef object refuse(cnp.ndarray a, str name, int kind, int ndim):
    if a is None:
        raise TypeError(f"{name} is None, wanted an array")
    wanted = "float32" if kind == 0 else "float64"
    state = "" if is_plain(a, cnp.NPY_ARRAY_CARRAY_RO) else ", not plain C-contiguous memory"
    state += "" if cnp.PyArray_ISWRITEABLE(a) else ", read-only"
    raise ValueError(f"{name} has shape {(<object>a).shape} and dtype {(<object>a).dtype}{state}; "
                     f"wanted {ndim} dimension(s) of {wanted} that fit the other arrays")


# An input: right type and dimensions, C-contiguous, aligned, native byte order. -1 as a size means any.
cdef inline void* input_1d(cnp.ndarray a, str name, int kind, Py_ssize_t size) except? NULL:
    if (a is None or cnp.PyArray_NDIM(a) != 1 or cnp.PyArray_TYPE(a) != (cnp.NPY_FLOAT64 if kind else cnp.NPY_FLOAT32)
            or not is_plain(a, cnp.NPY_ARRAY_CARRAY_RO) or (size >= 0 and cnp.PyArray_DIM(a, 0) != size)):
        refuse(a, name, kind, 1)
    return cnp.PyArray_DATA(a)


cdef inline void* input_2d(cnp.ndarray a, str name, int kind, Py_ssize_t rows, Py_ssize_t columns) except? NULL:
    if (a is None or cnp.PyArray_NDIM(a) != 2 or cnp.PyArray_TYPE(a) != (cnp.NPY_FLOAT64 if kind else cnp.NPY_FLOAT32)
            or not is_plain(a, cnp.NPY_ARRAY_CARRAY_RO) or (rows >= 0 and cnp.PyArray_DIM(a, 0) != rows)
            or (columns >= 0 and cnp.PyArray_DIM(a, 1) != columns)):
        refuse(a, name, kind, 2)
    return cnp.PyArray_DATA(a)


cdef inline void* output_1d(cnp.ndarray a, str name, int kind, Py_ssize_t size) except? NULL:
    if a is None or not cnp.PyArray_ISWRITEABLE(a):
        refuse(a, name, kind, 1)
    return input_1d(a, name, kind, size)


cdef inline void* output_2d(cnp.ndarray a, str name, int kind, Py_ssize_t rows, Py_ssize_t columns) except? NULL:
    if a is None or not cnp.PyArray_ISWRITEABLE(a):
        refuse(a, name, kind, 2)
    return input_2d(a, name, kind, rows, columns)


# Whether there is nothing to write. Kernels would go through the rows or columns of what has no elements, which may be
# more than a lifetime allows.
cdef inline bint is_nothing(cnp.ndarray out) noexcept:
    return cnp.PyArray_SIZE(out) == 0


# Both are contiguous, so their memory overlaps exactly where their address ranges do.
cdef inline int apart(cnp.ndarray out, cnp.ndarray a) except -1:
    cdef char* first = <char*>cnp.PyArray_DATA(out)
    cdef char* second = <char*>cnp.PyArray_DATA(a)
    if first < second + cnp.PyArray_NBYTES(a) and second < first + cnp.PyArray_NBYTES(out):
        raise ValueError("an output overlaps an input or another output in memory")
    return 0


# --- the team and the call -------------------------------------------------------------------------------------------

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


# A benchmark's loop inside the call, see seconds_per_call: of one thread, and not of what runs in the middle of it.
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
