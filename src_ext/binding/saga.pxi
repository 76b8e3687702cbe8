# SAGA for logistic regression; its parameters and its table are float64.

from _contract cimport Saga


cdef int read_saga(Saga[float]* g, object x, cnp.ndarray y, cnp.ndarray sample_weight, cnp.ndarray shift,
                   cnp.ndarray scale, cnp.ndarray params, cnp.ndarray table, cnp.ndarray d_params) except -1:
    cdef LogisticPass[float] rows
    if isinstance(x, SparseColumns):
        raise ValueError("x is compressed by columns (CSC); rows have turns, so CSR is wanted")
    cdef int kind = read_features(&rows.x, x)
    g.table = <double*>output_2d(table, "table", 1, rows.x.n, -1)
    read_params(&rows, params, cnp.PyArray_DIM(table, 1))
    read_labels(&rows, y)
    g.x, g.y, g.o, g.has_bias = rows.x, rows.y, rows.o, rows.has_bias
    g.sample_weight = NULL
    if sample_weight is not None:
        g.sample_weight = <float*>input_1d(sample_weight, "sample_weight", kind, g.x.n)
    g.shift = NULL
    if shift is not None:
        if g.x.starts != NULL:
            raise ValueError("shift is for dense rows: sparse ones would not stay sparse")
        g.shift = <double*>input_1d(shift, "shift", 1, g.x.i)
    g.scale = <double*>input_1d(scale, "scale", 1, g.x.i)
    g.params = <double*>output_1d(params, "params", 1, -1)
    g.d_params = <double*>output_1d(d_params, "d_params", 1, cnp.PyArray_DIM(params, 0))
    separate_outputs((params, table, d_params), (x, y, sample_weight, shift, scale))
    return kind


cdef int run_saga(Saga[float]* g, cnp.ndarray order, int kind) except -1:
    cdef Scratch memory
    cdef Job job
    cdef size_t of_order = <size_t>(g.turns + 7) // 8 * 8 * sizeof(int64_t) if order is not None else 0
    cdef char* base = <char*>need_scratch(memory, of_order + kernels.saga_workspace[kind](g))
    g.largest = 0.0
    g.order = NULL
    if order is not None:
        g.order = copy_order(order, <int64_t*>base, g.x.n)
    g.workspace = base + of_order
    with nogil:
        begin_job(&job)
        kernels.saga_epoch[kind](g)
        end_job(&job)
    return raise_if_stopped(job)


def saga_table(object x not None, cnp.ndarray y not None, cnp.ndarray sample_weight, cnp.ndarray shift,
               cnp.ndarray scale not None, double total, cnp.ndarray params not None, cnp.ndarray table not None,
               cnp.ndarray d_params not None):
    """table (n, o), d_params (p,) = slopes and gradient of the mean loss at params; returns the largest weight |x|^2.

    |x|^2 counts the bias's 1. Sparse rows must not have an element in parts: they would be squared apart.
    """
    cdef Saga[float] g
    x = as_read(x)
    cdef int kind = read_saga(&g, x, y, sample_weight, shift, scale, params, table, d_params)
    if not total > 0:
        raise ValueError(f"total={total}, wanted a number above 0")
    cdef cnp.ndarray penalty = np.zeros((4, cnp.PyArray_DIM(params, 0)))
    penalty[2], penalty[3] = -INFINITY, INFINITY
    read_penalty(&g.penalty, penalty, cnp.PyArray_DIM(params, 0))
    g.turns, g.rows, g.step, g.total = g.x.n, g.x.n, 0.0, total
    table.fill(0)
    d_params.fill(0)
    run_saga(&g, None, kind)
    return g.largest


def saga_epoch(object x not None, cnp.ndarray y not None, cnp.ndarray sample_weight, cnp.ndarray order not None,
               cnp.ndarray shift, cnp.ndarray scale not None, double total, Py_ssize_t rows, double step,
               cnp.ndarray penalty not None, cnp.ndarray params not None, cnp.ndarray table not None,
               cnp.ndarray d_params not None):
    """Updates params (p,), the slopes of the rows of order in table (n, o), and d_params (p,) which goes with it"""
    cdef Saga[float] g
    x = as_read(x)
    cdef int kind = read_saga(&g, x, y, sample_weight, shift, scale, params, table, d_params)
    read_penalty(&g.penalty, penalty, cnp.PyArray_DIM(params, 0))
    separate_outputs((params, table, d_params), (order, penalty))
    if not (step > 0 and total > 0 and rows > 0):
        raise ValueError(f"step={step}, total={total} and rows={rows}, wanted numbers above 0")
    g.turns, g.rows, g.step, g.total = length_of_order(order), rows, step, total
    run_saga(&g, order, kind)
