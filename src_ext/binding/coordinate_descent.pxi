# Coordinate descent on quadratic models with a separable penalty; float64 alone.

@cython.final
@cython.auto_pickle(False)
cdef class CscColumns:
    """A CSC matrix (n, m) in float64 with checked copies of its starts and rows: kernels may follow them."""
    cdef cnp.ndarray values, starts, rows
    cdef Columns view
    cdef readonly tuple shape

    def __cinit__(self, object x not None):
        cdef cnp.ndarray starts = x.indptr, rows = x.indices
        self.values = x.data
        self.shape = tuple(x.shape)
        self.view.n, self.view.m = self.shape
        self.view.values = <double*>input_1d(self.values, "columns.data", 1, -1)
        if not is_index(starts) or not is_index(rows) or cnp.PyArray_DIM(starts, 0) != self.view.m + 1 or min(
                self.shape) < 0:
            self.refuse()
        self.starts = np.empty(self.view.m + 1, np.int64)
        if take_starts(starts, self.starts, min(cnp.PyArray_DIM(rows, 0), cnp.PyArray_DIM(self.values, 0))) < 0:
            self.refuse()
        self.rows = np.empty(self.starts[self.view.m], np.int32)
        if not take_indices(rows, self.rows, self.starts[0], min(self.view.n, MOST_ROWS + 1)):
            self.refuse()
        self.view.starts = <const int64_t*>cnp.PyArray_DATA(self.starts)
        self.view.rows = <const int32_t*>cnp.PyArray_DATA(self.rows)

    cdef int refuse(self) except -1:
        raise ValueError(f"columns has shape {self.shape} and {len(self.values)} entries, with starts or rows that "
                         f"point outside of it or are none of int32 or int64")


cdef object read_columns(Columns* g, object x):
    """An ndarray (m, n), one column of X a row, or a CSC matrix (n, m); returns what to hold on to meanwhile."""
    cdef CscColumns sparse
    if isinstance(x, np.ndarray):
        g.values = <double*>input_2d(x, "columns", 1, -1, -1)
        g.m, g.n = cnp.PyArray_DIM(x, 0), cnp.PyArray_DIM(x, 1)
        g.starts = NULL
        g.rows = NULL
        return x
    sparse = x if isinstance(x, CscColumns) else CscColumns(x)
    g[0] = sparse.view
    return sparse


cdef Py_ssize_t entries_of(const Columns& columns) noexcept:
    return columns.starts[columns.m] if columns.starts != NULL else columns.n * columns.m


cdef int read_penalty(Separable* g, cnp.ndarray penalty, Py_ssize_t count) except -1:
    cdef const double* rows = <double*>input_2d(penalty, "penalty", 1, 4, count)
    g.l1, g.l2, g.lower, g.upper = rows, rows + count, rows + 2 * count, rows + 3 * count
    return 0


def column_sums(object columns, cnp.ndarray d_z not None, cnp.ndarray weight not None, cnp.ndarray p,
                cnp.ndarray d_w not None, cnp.ndarray curvature not None, cnp.ndarray moment, Py_ssize_t n_threads=0):
    """d_w, curvature (m, o) = gradient and second derivatives by the coefficients of columns; moment (m,) = x.weight"""
    cdef ColumnSums g
    columns = read_columns(&g.columns, columns)
    cdef Py_ssize_t n = g.columns.n, m = g.columns.m
    g.d_z = <double*>input_2d(d_z, "d_z", 1, -1, n)
    g.o = cnp.PyArray_DIM(d_z, 0)
    g.weight = <double*>input_2d(weight, "weight", 1, g.o, n)
    g.p = NULL
    g.moment = NULL
    if g.o > 1:
        g.p = <double*>input_2d(p, "p", 1, g.o, n)
    else:
        g.moment = <double*>output_1d(moment, "moment", 1, m)
    g.d_w = <double*>output_2d(d_w, "d_w", 1, m, g.o)
    g.curvature = <double*>output_2d(curvature, "curvature", 1, m, g.o)
    for array in (d_z, weight):
        apart(d_w, array)
        apart(curvature, array)
    run(kernels.column_sums, &g, 6.0 * entries_of(g.columns) * g.o, n_threads)


def quadratic_descent(cnp.ndarray hessian not None, cnp.ndarray penalty not None, double tolerance,
                      Py_ssize_t max_sweeps, cnp.ndarray w not None, cnp.ndarray d_w not None):
    """Updates w (c,) and the gradient d_w (c,) there; returns the last sweep's gain and the number of sweeps."""
    cdef Descent g
    g.w = <double*>output_1d(w, "w", 1, -1)
    cdef Py_ssize_t count = cnp.PyArray_DIM(w, 0)
    g.coordinates, g.tolerance, g.max_sweeps = count, tolerance, max_sweeps
    g.hessian = <double*>input_2d(hessian, "hessian", 1, count, count)
    read_penalty(&g.penalty, penalty, count)
    g.d_w = <double*>output_1d(d_w, "d_w", 1, count)
    for array in (hessian, penalty):
        apart(w, array)
        apart(d_w, array)
    apart(w, d_w)
    if is_nothing(w):
        return 0.0, 0
    cdef cnp.ndarray active = np.empty(count, np.int64)
    g.active = <int64_t*>cnp.PyArray_DATA(active)
    g.fall, g.sweeps = 0.0, 0
    run_released(kernels.quadratic_descent, &g, 1)
    return g.fall, g.sweeps


def column_descent(object columns, cnp.ndarray weight not None, cnp.ndarray p, cnp.ndarray d_w not None,
                   cnp.ndarray curvature not None, cnp.ndarray moment, cnp.ndarray penalty not None,
                   cnp.ndarray d_b, cnp.ndarray curvature_b, cnp.ndarray penalty_b, double tolerance,
                   Py_ssize_t max_sweeps, cnp.ndarray w not None, cnp.ndarray b not None, cnp.ndarray u not None,
                   cnp.ndarray q):
    """Updates w (m, o), b (o,), u (o, n) and, for several outputs, q (n,); returns as quadratic_descent does."""
    cdef Descent g
    columns = read_columns(&g.columns, columns)
    cdef Py_ssize_t m = g.columns.m
    g.n = g.columns.n
    g.weight = <double*>input_2d(weight, "weight", 1, -1, g.n)
    g.o = cnp.PyArray_DIM(weight, 0)
    g.coordinates, g.tolerance, g.max_sweeps = m * g.o, tolerance, max_sweeps
    g.d_w = <double*>input_2d(d_w, "d_w", 1, m, g.o)
    g.curvature = <double*>input_2d(curvature, "curvature", 1, m, g.o)
    read_penalty(&g.penalty, penalty, m * g.o)
    g.w = <double*>output_2d(w, "w", 1, m, g.o)
    g.b = <double*>output_1d(b, "b", 1, g.o)
    g.u = <double*>output_2d(u, "u", 1, g.o, g.n)
    g.p = NULL
    g.q = NULL
    g.moment = NULL
    if g.o > 1:
        g.p = <double*>input_2d(p, "p", 1, g.o, g.n)
        g.q = <double*>output_1d(q, "q", 1, g.n)
    else:
        g.moment = <double*>input_1d(moment, "moment", 1, m)
    read_intercept(&g, d_b, curvature_b, penalty_b)
    cdef cnp.ndarray active = np.empty(m * g.o, np.int64)
    g.active = <int64_t*>cnp.PyArray_DATA(active)
    g.fall, g.sweeps = 0.0, 0
    run_released(kernels.column_descent, &g, 1)
    return g.fall, g.sweeps


cdef int read_intercept(Descent* g, cnp.ndarray d_b, cnp.ndarray curvature_b, cnp.ndarray penalty_b) except -1:
    """No d_b: no intercept. No penalty_b: an intercept without a penalty, which is eliminated where it is one alone."""
    g.d_b = NULL
    g.curvature_b = NULL
    g.eliminated, g.weight_total = 0, 0.0
    if d_b is None:
        return 0
    g.d_b = <double*>input_1d(d_b, "d_b", 1, g.o)
    g.curvature_b = <double*>input_1d(curvature_b, "curvature_b", 1, g.o)
    if penalty_b is None:
        if g.o != 1 or g.curvature_b[0] <= 0:
            raise ValueError(f"{g.o} intercept(s) need penalty_b; one with curvature can be eliminated")
        g.eliminated, g.weight_total = 1, g.curvature_b[0]
        return 0
    return read_penalty(&g.penalty_b, penalty_b, g.o)
