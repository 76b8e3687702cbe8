# Flat vectors: what kernels take of them, whether they are finite, and copies.

cdef int read_vector(FlatVector[float]* g, cnp.ndarray values, str name, double number) except -1:
    cdef int kind = kind_of(values)
    g.values = <float*>output_1d(values, name, kind, -1)
    g.count = cnp.PyArray_DIM(values, 0)
    g.other = NULL
    g.partial = NULL
    g.number = number
    return kind


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
