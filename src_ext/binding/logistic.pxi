# The passes of logistic regression, over dense rows, compressed sparse rows and compressed sparse columns.

# Multiply-adds that a sigmoid or one output of a softmax costs.
cdef double LINK_WORK = 40.0
# Passes that a pass seldom comes without: together they pay for waking a worker.
cdef double PASSES_OF_A_FIT = 8.0
# Below this a pass may wait longer for the other core than it computes: while another library's threads still spin, a
# fit on the digits took 14 instead of 6 ms with two threads, and takes 8 with one.
cdef double PASS_TO_TRY = 1e7
cdef Py_ssize_t MOST_OUTPUTS = 0x7fffffff  # classes are int32
# Sums of second derivatives that every slot of rows keeps; larger Hessians are made apart, by columns.
cdef double FUSED_SUMS = 66000.0


cdef int read_params(LogisticPass[float]* g, cnp.ndarray params, Py_ssize_t outputs) except -1:
    g.params = <double*>input_1d(params, "params", 1, -1)
    g.o = outputs
    cdef Py_ssize_t size = cnp.PyArray_DIM(params, 0)
    cdef bint is_whole = 0 < outputs <= MOST_OUTPUTS and size % outputs == 0
    cdef Py_ssize_t for_each = size // outputs if is_whole else -1
    g.has_bias = for_each != g.x.i
    cdef object features = g.x.i, o = outputs  # whose product may be too large for a C integer
    if not is_whole or for_each - g.has_bias != g.x.i:
        raise ValueError(f"params has {size} elements, wanted {features * o} or {(features + 1) * o}: for {features} "
                         f"features and {o} output(s)")
    return 0


cdef int read_labels(LogisticPass[float]* g, cnp.ndarray y) except -1:
    cdef Py_ssize_t r
    cdef int32_t low = 0, high = 0
    if (cnp.PyArray_NDIM(y) != 1 or cnp.PyArray_TYPE(y) != cnp.NPY_INT32
            or not is_plain(y, cnp.NPY_ARRAY_CARRAY_RO) or cnp.PyArray_DIM(y, 0) != g.x.n):
        raise ValueError(f"y has shape {(<object>y).shape} and dtype {y.dtype}; wanted ({g.x.n},) of int32")
    g.y = <const int32_t*>cnp.PyArray_DATA(y)
    if g.o == 1:
        return 0  # a row is of class 1 or it is not
    for r in range(g.x.n):
        low, high = min(low, g.y[r]), max(high, g.y[r])
    if low < 0 or high >= g.o:
        raise ValueError(f"y has classes from {low} to {high}, wanted 0 to {g.o - 1}")
    return 0


cdef int run_pass(LogisticPass[float]* g, int kind, Py_ssize_t n_threads) except -1:
    cdef Job job
    cdef double pairs = g.o * (g.o + 1) / 2.0 if g.hessian != NULL else 0.0
    cdef double filled = <double>g.x.stored / max(g.x.n, 1)
    cdef double work = g.x.stored * (4.0 * g.o + pairs * filled) + LINK_WORK * g.x.n * g.o
    cdef int team = team_for(work, PASSES_OF_A_FIT * work, n_threads)
    cdef TeamTiming* timing = NULL
    if team > 1 and work < PASS_TO_TRY:
        timing = timing_of(work, team)
        team = quicker_team(timing, team)
    cdef double started = fastnn_seconds()
    cdef Scratch memory
    cdef int members
    g.workspace = need_scratch(memory, kernels.logistic_workspace[kind](g, team))
    if work < WORK_WITH_GIL:
        kernels.logistic_prepare[kind](g)
        kernels.logistic_rows[kind](g, 0, 1)
        kernels.logistic_sums[kind](g, 0, 1)
        kernels.logistic_finish[kind](g)
        return 0
    with nogil:
        begin_job(&job)
        kernels.logistic_prepare[kind](g)
        members = run_repeatedly(kernels.logistic_rows[kind], g, team, job)
        run_shares(team, <TeamFunction>kernels.logistic_sums[kind], g)
        kernels.logistic_finish[kind](g)
        end_job(&job)
    raise_if_stopped(job)
    if timing != NULL and members == team:
        note_time(timing, work, team, fastnn_seconds() - started)
    return 0


def logistic_gradient(object x not None, cnp.ndarray y not None, cnp.ndarray sample_weight,
                      cnp.ndarray params not None, Py_ssize_t outputs, cnp.ndarray d_params not None,
                      cnp.ndarray state, cnp.ndarray diagonal, cnp.ndarray hessian, Py_ssize_t n_threads=0):
    """The weighted sum of cross-entropies; d_params its gradient, the others second derivatives."""
    cdef LogisticPass[float] g
    x = as_read(x)
    cdef int kind = read_features(&g.x, x)
    read_params(&g, params, outputs)
    read_labels(&g, y)
    g.sample_weight = NULL
    if sample_weight is not None:
        g.sample_weight = <float*>input_1d(sample_weight, "sample_weight", kind, g.x.n)
    cdef Py_ssize_t p = cnp.PyArray_DIM(params, 0)
    g.d_params = <double*>output_1d(d_params, "d_params", 1, p)
    cdef bint fused = hessian is not None and outputs * (outputs + 1) / 2.0 * (g.x.i + 1) * (g.x.i + 1) <= FUSED_SUMS
    if hessian is not None and not fused and state is None:
        state = np.empty((g.x.n, outputs), np.float64 if kind else np.float32)
    no_outputs(&g)
    if state is not None:
        g.state = <float*>output_2d(state, "state", kind, g.x.n, outputs)
    if diagonal is not None:
        g.diagonal = <double*>output_1d(diagonal, "diagonal", 1, p)
    if hessian is not None:
        g.hessian = <double*>output_2d(hessian, "hessian", 1, p, p)
    separate_outputs((d_params, state, diagonal, hessian), (x, y, sample_weight, params))
    if not fused:
        g.hessian = NULL
    run_pass(&g, kind, n_threads)
    if hessian is not None and not fused:
        fill_hessian(x, sample_weight, state, g.has_bias, hessian, n_threads)
    return g.loss


cdef void no_outputs(LogisticPass[float]* g) noexcept:
    g.state = NULL
    g.diagonal = NULL
    g.hessian = NULL


cdef int separate_outputs(tuple outputs, tuple inputs) except -1:
    cdef Py_ssize_t k
    for k in range(len(outputs)):
        for other in outputs[k + 1:] + inputs:
            if outputs[k] is not None and isinstance(other, np.ndarray) and np.may_share_memory(outputs[k], other):
                raise ValueError("an output overlaps an input or another output in memory")
    return 0


cdef int fill_hessian(object x, object sample_weight, object state, bint has_bias, object hessian,
                      Py_ssize_t n_threads) except -1:
    """A weighted Gram matrix for every two outputs, by the second derivative of the loss by both."""
    cdef Py_ssize_t o = state.shape[1], k, m
    if o == 1:
        weighted_gram(x, np.ravel(state), hessian, n_threads)
        return 0
    cdef Py_ssize_t columns = x.shape[1] + has_bias
    blocks = hessian.reshape(columns, o, columns, o)
    block = np.empty((columns, columns))
    for k in range(o):
        for m in range(k, o):
            weight = state[:, k] * ((k == m) - state[:, m])
            if sample_weight is not None:
                weight *= sample_weight
            weighted_gram(x, weight, block, n_threads)
            blocks[:, k, :, m] = blocks[:, m, :, k] = block
    return 0


def logistic_product(object x not None, cnp.ndarray sample_weight, cnp.ndarray state not None,
                     cnp.ndarray vector not None, cnp.ndarray out not None, Py_ssize_t n_threads=0):
    """out = the Hessian where logistic_gradient wrote state, times vector."""
    cdef LogisticPass[float] g
    x = as_read(x)
    cdef int kind = read_features(&g.x, x)
    no_outputs(&g)
    g.state = <float*>input_2d(state, "state", kind, g.x.n, -1)
    read_params(&g, vector, cnp.PyArray_DIM(state, 1))
    g.y = NULL
    g.sample_weight = NULL
    if sample_weight is not None:
        g.sample_weight = <float*>input_1d(sample_weight, "sample_weight", kind, g.x.n)
    g.d_params = <double*>output_1d(out, "out", 1, cnp.PyArray_DIM(vector, 0))
    separate_outputs((out,), (x, state, vector, sample_weight))
    run_pass(&g, kind, n_threads)


def weighted_gram(object x not None, cnp.ndarray weight not None, cnp.ndarray out not None, Py_ssize_t n_threads=0):
    """out = x.T @ diag(weight) @ x; where out is one larger, x has a last column of ones."""
    cdef WeightedGram[float] g
    cdef Scratch memory
    x = as_read(x)
    cdef int kind = read_features(&g.x, x)
    g.weight = <float*>input_1d(weight, "weight", kind, g.x.n)
    cdef Py_ssize_t m = cnp.PyArray_DIM(out, 0) if cnp.PyArray_NDIM(out) == 2 else g.x.i
    g.has_ones = m == g.x.i + 1
    m = g.x.i + g.has_ones
    g.out = <double*>output_2d(out, "out", 1, m, m)
    separate_outputs((out,), (x, weight))
    out.fill(0)
    cdef double work = <double>g.x.stored * g.x.stored / max(g.x.n, 1)
    cdef int team = team_for(work, work, n_threads)
    g.packed = <float*>need_scratch(memory, team * kernels.gram_scratch[kind](&g) * (8 if kind else 4))
    cdef Job job
    with nogil:
        begin_job(&job)
        run_repeatedly(kernels.gram_columns[kind], &g, team, job)
        run_shares(team, <TeamFunction>kernels.gram_mirror[kind], &g)
        end_job(&job)
    raise_if_stopped(job)
