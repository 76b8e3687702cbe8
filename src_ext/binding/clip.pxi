# What happens to a gradient before an optimizer's step, and to the parameters after it.

def clip_by_value(cnp.ndarray d_params not None, double limit, Py_ssize_t n_threads=0):
    """Every component within [-limit, limit], in place."""
    cdef FlatVector[float] g
    cdef int kind = read_vector(&g, d_params, "d_params", limit)
    run(kernels.clip_by_value[kind], &g, 8.0 * g.count, n_threads)


def clip_by_norm(cnp.ndarray d_params not None, double limit, Py_ssize_t n_threads=0):
    """Scaled down to a Euclidean norm of at most limit, in place; returns the norm before."""
    cdef FlatVector[float] g
    cdef Scratch memory
    cdef int kind = read_vector(&g, d_params, "d_params", limit)
    g.partial = <double*>need_scratch(memory, (g.count // kFlatGrain + 1) * sizeof(double))
    run(kernels.sum_of_squares[kind], &g, 8.0 * g.count, n_threads)
    cdef double norm = norm_of(g.partial, g.count)
    if norm > limit:
        g.number = limit / norm
        run(kernels.scale[kind], &g, 8.0 * g.count, n_threads)
    return norm


def ema_step(cnp.ndarray average not None, cnp.ndarray params not None, double decay, Py_ssize_t n_threads=0):
    """average = decay * average + (1 - decay) * params"""
    cdef FlatVector[float] g
    cdef int kind = read_vector(&g, average, "average", decay)
    g.other = <float*>input_1d(params, "params", kind, g.count)
    apart(average, params)
    run(kernels.ema_step[kind], &g, 8.0 * g.count, n_threads)
