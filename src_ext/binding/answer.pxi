# The door of fitted models: one call from what a user passes to the answer, for the inputs that kernels can read.

ctypedef fused real:
    float
    double


cdef cnp.ndarray new_matrix(Py_ssize_t rows, Py_ssize_t columns, int kind):
    cdef cnp.npy_intp shape[2]
    shape[0], shape[1] = rows, columns
    return cnp.PyArray_EMPTY(2, shape, cnp.NPY_FLOAT64 if kind else cnp.NPY_FLOAT32, 0)


cdef inline bint is_matrix(object x, int kind, Py_ssize_t columns) noexcept:
    if type(x) is not cnp.ndarray or cnp.PyArray_NDIM(x) != 2:
        return False
    return (cnp.PyArray_TYPE(x) == (cnp.NPY_FLOAT64 if kind else cnp.NPY_FLOAT32)
            and cnp.PyArray_DIM(x, 1) == columns and cnp.PyArray_DIM(x, 0) > 0
            and is_plain(x, cnp.NPY_ARRAY_CARRAY_RO))


def network_answer(object plan, cnp.ndarray params not None, object x, object loss, bint pairs, bint check_finite,
                   Py_ssize_t n_threads=0):
    """What network_predict gives, in new memory; None where x is not a plain matrix of the plan's dtype and width.

    It also is None where x has no row, or with check_finite a number that is not finite: the caller is to look at x.
    With pairs a network of one output gives those of its negative and of it.
    """
    cdef NetworkForward[float] g
    cdef int infinite = 0
    cdef NativePlan native = native_plan(plan, kind_of(params))
    g.shape = native.shape
    if not is_matrix(x, native.kind, g.shape.widths[0]):
        return None
    g.link = kNoLink if loss is None else read_link(loss, native.kind)
    g.pairs = pairs and g.shape.widths[g.shape.layers] == 1
    g.infinite = &infinite if check_finite else NULL
    out = new_matrix(cnp.PyArray_DIM(x, 0), 2 if g.pairs else g.shape.widths[g.shape.layers], native.kind)
    run_forward(&g, native, params, x, out, n_threads)
    return None if infinite else out


cdef void transpose(const real* coef, real* w, Py_ssize_t o, Py_ssize_t i) noexcept:
    """w (i, o) of coef (o, i), some rows of coef at a time, so that each is read as a stream of its own."""
    cdef Py_ssize_t first, last, k, j
    for first in range(0, o, 16):
        last = min(first + 16, o)
        for j in range(i):
            for k in range(first, last):
                w[j * o + k] = coef[k * i + j]


def linear_params(object coef, object intercept):
    """The parameters (p,) of one layer, coef (o, i) or (i,) and intercept (o,) as they are now, in new memory.

    None where they are not plain arrays of one dtype that fit together.
    """
    if type(coef) is not cnp.ndarray or type(intercept) is not cnp.ndarray:
        return None
    cdef int number = cnp.PyArray_TYPE(coef)
    cdef int dimensions = cnp.PyArray_NDIM(coef)
    if number not in (cnp.NPY_FLOAT32, cnp.NPY_FLOAT64) or cnp.PyArray_TYPE(intercept) != number:
        return None
    if dimensions not in (1, 2) or not is_plain(coef, cnp.NPY_ARRAY_CARRAY_RO):
        return None
    cdef Py_ssize_t o = cnp.PyArray_DIM(coef, 0) if dimensions == 2 else 1
    cdef Py_ssize_t i = cnp.PyArray_DIM(coef, dimensions - 1)
    if cnp.PyArray_SIZE(intercept) != o or not is_plain(intercept, cnp.NPY_ARRAY_CARRAY_RO):
        return None
    cdef cnp.npy_intp count = (i + 1) * o
    cdef cnp.ndarray params = cnp.PyArray_EMPTY(1, &count, number, 0)
    cdef char* to = <char*>cnp.PyArray_DATA(params)
    if o == 1:
        memmove(to, cnp.PyArray_DATA(coef), cnp.PyArray_NBYTES(coef))
    elif number == cnp.NPY_FLOAT64:
        transpose[double](<double*>cnp.PyArray_DATA(coef), <double*>to, o, i)
    else:
        transpose[float](<float*>cnp.PyArray_DATA(coef), <float*>to, o, i)
    memmove(to + cnp.PyArray_NBYTES(coef), cnp.PyArray_DATA(intercept), cnp.PyArray_NBYTES(intercept))
    return params


@cython.boundscheck(True)
def are_same(object these not None, object those not None):
    """Whether two lists or tuples have the same objects."""
    cdef Py_ssize_t k
    if not isinstance(these, (list, tuple)) or len(these) != len(those):
        return False
    for k in range(len(those)):
        if these[k] is not those[k]:
            return False
    return True
