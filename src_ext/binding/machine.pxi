# The machine: instruction sets, its peak, time inside a call.

def simd_level():
    """The instruction set in use: "base", "avx2", "avx512" or "neon"."""
    return kernels.name.decode()


def simd_available():
    """The instruction sets that this build and processor offer, lowest first."""
    return tuple(_available())


def vector_bytes():
    """Bytes of a vector of the instruction set in use."""
    return kernels.vector_bytes


def keep_teams(bint as_asked):
    """Whether teams are as large as asked for from now on, whatever the CPUs and the crowd: for tests of large teams.

    FASTNN_KEEP_TEAMS=1 in the environment says it from the start.
    """
    keep_teams_as_asked(as_asked)


keep_teams(os.environ.get("FASTNN_KEEP_TEAMS", "").strip() == "1")


def crowded_seconds():
    """How long teams will have one member yet, since others have their CPUs; 0 where there is no crowd."""
    return seconds_of_crowd()


def build_info():
    """What was compiled with what, as setup.py recorded it."""
    return fastnn_build_info().decode()


def activation_codes():
    """Number of each activation in the kernels."""
    return dict(ACTIVATION_CODES)


def activation_defaults():
    """Parameters of each activation that its name alone stands for."""
    return dict(ACTIVATION_DEFAULTS)


def loss_codes():
    """Number of each loss in the kernels."""
    return dict(LOSS_CODES)


def loss_links():
    """The link of each loss in the kernels."""
    names = list(LINK_CODES)
    return {name: names[kListedLosses[code].link] for name, code in LOSS_CODES.items()}


def optimizer_codes():
    """Number of each optimizer in the kernels."""
    return dict(OPTIMIZER_CODES)


def fma_peak(object dtype):
    """FLOP per second of one core with all operands in registers, measured in about 10 ms."""
    cdef int kind = 0 if np.dtype(dtype) == np.float32 else 1
    return kernels.fma_peak[kind]()


def read_bandwidth(Py_ssize_t nbytes):
    """Bytes per second that one core reads from an array of `nbytes`: the best of passes that take about 20 ms."""
    if nbytes < 4096:
        raise ValueError(f"nbytes={nbytes}, wanted at least 4096")
    cdef Py_ssize_t count = nbytes // 4
    cdef cnp.ndarray memory = np.ones(count + 16, np.float32)
    cdef int runs = <int>max(4, min(100, 400_000_000 // nbytes))
    # From a cache line's start on: a vector that crosses two lines is read at half the rate.
    cdef const void* data = <const void*>((<size_t>cnp.PyArray_DATA(memory) + 63) // 64 * 64)
    cdef double seconds
    with nogil:
        seconds = kernels.read_seconds[0](data, count, runs)
    return nbytes / seconds


def seconds_per_call(int count, object kernel, *arguments, **keywords):
    """Seconds of one call of a kernel of this module, timed by a loop of `count` calls below the binding.

    Only for benchmarks: one at a time. Calls that other threads make meanwhile are done once.
    """
    global repeats, repeating_thread
    if count < 2:
        raise ValueError(f"count={count}, wanted at least 2")
    if repeats > 1:
        raise RuntimeError("seconds_per_call is at work: let it end, it times one at a time")
    repeats, repeating_thread = count, this_thread()
    try:
        kernel(*arguments, **keywords)
    finally:
        repeats = 1
    return last_seconds
