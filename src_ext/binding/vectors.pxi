# Clipping, averaging and dropout: flat vectors in place, and masks of rows.

cdef int read_vector(FlatVector[float]* g, cnp.ndarray values, str name, double number) except -1:
    cdef int kind = kind_of(values)
    g.values = <float*>output_1d(values, name, kind, -1)
    g.count = cnp.PyArray_DIM(values, 0)
    g.other = NULL
    g.partial = NULL
    g.number = number
    return kind


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
    cdef Py_ssize_t k
    cdef double squares = 0
    g.partial = <double*>need_scratch(memory, (g.count // kFlatGrain + 1) * sizeof(double))
    run(kernels.sum_of_squares[kind], &g, 8.0 * g.count, n_threads)
    for k in range((g.count + kFlatGrain - 1) // kFlatGrain):
        squares += g.partial[k]
    cdef double norm = squares ** 0.5
    if norm > limit:
        g.number = limit / norm
        run(kernels.scale[kind], &g, 8.0 * g.count, n_threads)
    return norm


def all_finite(cnp.ndarray x not None, Py_ssize_t n_threads=0):
    """Whether no element of x, of any dimensions and C-contiguous, is infinite or NaN."""
    cdef FlatVector[float] g
    cdef Scratch memory
    cdef int kind = kind_of(x)
    cdef Py_ssize_t k
    cdef double nothing = 0
    if not is_plain(x, cnp.NPY_ARRAY_CARRAY_RO):
        refuse(x, "x", kind, cnp.PyArray_NDIM(x))
    g.values = <float*>cnp.PyArray_DATA(x)
    g.count = cnp.PyArray_SIZE(x)
    g.partial = <double*>need_scratch(memory, (g.count // kFlatGrain + 1) * sizeof(double))
    run(kernels.check_finite[kind], &g, 4.0 * g.count, n_threads)
    for k in range((g.count + kFlatGrain - 1) // kFlatGrain):
        nothing += g.partial[k]
    return nothing == 0


def refresh(cnp.ndarray copy not None, cnp.ndarray original not None):
    """copy = original, of one shape and dtype; written only if they differ, so that it stays in other cores' caches."""
    cdef int kind = kind_of(copy)
    cdef Py_ssize_t k
    if cnp.PyArray_NDIM(copy) != cnp.PyArray_NDIM(original) or cnp.PyArray_TYPE(copy) != cnp.PyArray_TYPE(original):
        refuse(original, "original", kind, cnp.PyArray_NDIM(copy))
    for k in range(cnp.PyArray_NDIM(copy)):
        if cnp.PyArray_DIM(copy, k) != cnp.PyArray_DIM(original, k):
            refuse(original, "original", kind, cnp.PyArray_NDIM(copy))
    if not is_plain(original, cnp.NPY_ARRAY_CARRAY_RO) or not is_plain(copy, cnp.NPY_ARRAY_CARRAY):
        copy[...] = original
    elif memcmp(cnp.PyArray_DATA(copy), cnp.PyArray_DATA(original), cnp.PyArray_NBYTES(copy)) != 0:
        memmove(cnp.PyArray_DATA(copy), cnp.PyArray_DATA(original), cnp.PyArray_NBYTES(copy))


def ema_step(cnp.ndarray average not None, cnp.ndarray params not None, double decay, Py_ssize_t n_threads=0):
    """average = decay * average + (1 - decay) * params"""
    cdef FlatVector[float] g
    cdef int kind = read_vector(&g, average, "average", decay)
    g.other = <float*>input_1d(params, "params", kind, g.count)
    apart(average, params)
    run(kernels.ema_step[kind], &g, 8.0 * g.count, n_threads)


def dropout(cnp.ndarray x not None, double rate, uint64_t seed, int64_t step, int64_t layer, int64_t first_row,
            cnp.ndarray out not None, Py_ssize_t n_threads=0):
    """out = x / (1 - rate) where the mask of (seed, step, layer, row, column) keeps it, else 0."""
    cdef Dropout[float] g
    cdef int kind = kind_of(x)
    if not 0 <= rate < 1:
        raise ValueError(f"rate={rate}, wanted a number in [0, 1)")
    g.x = <float*>input_2d(x, "x", kind, -1, -1)
    g.n, g.o = cnp.PyArray_DIM(x, 0), cnp.PyArray_DIM(x, 1)
    g.out = <float*>output_2d(out, "out", kind, g.n, g.o)
    apart(out, x)
    if is_nothing(out):
        return
    g.rate, g.seed, g.step, g.layer, g.first_row = rate, seed, step, layer, first_row
    run(kernels.dropout[kind], &g, 8.0 * g.n * g.o, n_threads)
