# Whole networks: one call for all layers, one call for an epoch.

# Seconds between two looks for Ctrl-C.
cdef double CHECK_SIGNALS_EVERY = 0.02


cdef int read_shape(NetworkShape* shape, object plan) except -1:
    cdef cnp.ndarray widths = plan.widths_array
    cdef cnp.ndarray activations = plan.activation_codes
    cdef cnp.ndarray has_bias = plan.bias_flags
    cdef cnp.ndarray dropout = plan.dropout_rates
    shape.layers = cnp.PyArray_DIM(activations, 0)
    shape.widths = <const int64_t*>cnp.PyArray_DATA(widths)
    shape.activations = <const int64_t*>cnp.PyArray_DATA(activations)
    shape.has_bias = <const int32_t*>cnp.PyArray_DATA(has_bias)
    shape.dropout = <const double*>cnp.PyArray_DATA(dropout)
    return 0


cdef double multiply_adds(const NetworkShape& shape) noexcept:
    cdef double total = 0
    cdef Py_ssize_t l
    for l in range(shape.layers):
        total += <double>shape.widths[l] * <double>shape.widths[l + 1]
    return total


cdef int run_forward(NetworkForward[float]* g, object plan, cnp.ndarray params, object x, cnp.ndarray out,
                     Py_ssize_t n_threads) except -1:
    cdef int kind = kind_of(params)
    cdef Py_ssize_t claimed = 0
    cdef Py_ssize_t columns = 2 if g.pairs else g.shape.widths[g.shape.layers]
    g.params = <float*>input_1d(params, "params", kind, plan.n_params)
    g.x = NULL
    if isinstance(x, SparseRows):
        g.sparse = sparse_rows(x, kind, g.shape.widths[0]).view
        g.n = g.sparse.n
    else:
        g.x = <float*>input_2d(x, "x", kind, -1, g.shape.widths[0])
        g.n = cnp.PyArray_DIM(x, 0)
    g.out = <float*>output_2d(out, "out", kind, g.n, columns)
    g.claimed = &claimed
    for array in (params,) if g.x == NULL else (params, x):
        apart(out, array)
    cdef double work = 2.0 * g.n * multiply_adds(g.shape)
    if g.x == NULL:
        work -= 2.0 * (<double>g.n * g.shape.widths[0] - g.sparse.stored) * g.shape.widths[1]
    cdef int team = team_for(work, work, n_threads)
    cdef size_t item = 8 if kind else 4
    g.scratch = <float*>need_scratch(team * kernels.network_forward_scratch[kind](g) * item)
    try:
        return run(kernels.network_forward[kind], g, work, team)
    finally:
        release_large_scratch()


def network_forward(object plan, cnp.ndarray params not None, object x not None, cnp.ndarray out not None,
                    Py_ssize_t n_threads=0):
    """out = the last layer's activation"""
    cdef NetworkForward[float] g
    read_shape(&g.shape, plan)
    g.link, g.pairs = kNoLink, False
    g.infinite = NULL
    run_forward(&g, plan, params, x, out, n_threads)


def network_predict(object plan, cnp.ndarray params not None, object x not None, object loss,
                    cnp.ndarray out not None, Py_ssize_t n_threads=0):
    """out = the loss's link of the last layer's activation (itself where loss is None); whether a dense x is finite.

    Where out has two columns for a network of one output, they belong to its negative and to it: both probabilities of
    a sigmoid neuron. Where x is not finite, out is of no use.
    """
    cdef NetworkForward[float] g
    cdef int infinite = 0
    read_shape(&g.shape, plan)
    g.link = kNoLink if loss is None else loss_of(loss).code
    g.pairs = g.shape.widths[g.shape.layers] == 1 and cnp.PyArray_NDIM(out) == 2 and cnp.PyArray_DIM(out, 1) == 2
    g.infinite = &infinite
    run_forward(&g, plan, params, x, out, n_threads)
    return infinite == 0


cdef SparseRows sparse_rows(SparseRows x, int kind, Py_ssize_t columns):
    """x, if it has so many columns and this dtype."""
    if x.kind != kind or x.view.i != columns:
        raise ValueError(f"x has shape {x.shape} and another dtype than params, or not the {columns} columns that "
                         f"the plan has inputs")
    return x


# x as ndarray or SparseRows.
cdef int read_rows(Epoch[float]* g, object x, int kind) except -1:
    cdef Py_ssize_t columns = g.shape.widths[0]
    cdef SparseRows rows
    if not isinstance(x, SparseRows):
        g.x = <float*>input_2d(x, "x", kind, -1, columns)
        g.n = cnp.PyArray_DIM(x, 0)
        return 0
    rows = sparse_rows(x, kind, columns)
    g.x = NULL
    g.sparse, g.n, g.longest_row = rows.view, rows.view.n, rows.longest
    return 0


cdef int read_data(Epoch[float]* g, object plan, cnp.ndarray params, object x, cnp.ndarray y,
                   cnp.ndarray sample_weight, int kind) except -1:
    read_shape(&g.shape, plan)
    g.params = <float*>input_1d(params, "params", kind, plan.n_params)
    read_rows(g, x, kind)
    g.y = <float*>input_2d(y, "y", kind, g.n, g.shape.widths[g.shape.layers])
    g.sample_weight = NULL
    if sample_weight is not None:
        g.sample_weight = <float*>input_1d(sample_weight, "sample_weight", kind, g.n)
    loss = loss_of(plan.loss)
    g.loss = loss.code
    g.loss_parameter = loss.parameter
    g.order = NULL
    g.learning_rates = NULL
    g.d_params = NULL
    g.workspace = NULL
    g.resumes, g.ends = False, False
    g.slots[0] = g.slots[1] = g.slots[2] = NULL
    g.first_step, g.seed = 0, 0
    g.l1, g.ema, g.clip_value, g.clip_norm = 0, -1, INFINITY, INFINITY
    return 0


# The rows to visit, all of which there are.
cdef const int64_t* read_order(cnp.ndarray order, Py_ssize_t rows) except? NULL:
    cdef Py_ssize_t k
    if (cnp.PyArray_NDIM(order) != 1 or cnp.PyArray_TYPE(order) != cnp.NPY_INT64
            or not is_plain(order, cnp.NPY_ARRAY_CARRAY_RO)):
        raise ValueError(f"order has shape {(<object>order).shape} and dtype {order.dtype}; "
                         f"wanted one dimension of int64")
    cdef const int64_t* row = <const int64_t*>cnp.PyArray_DATA(order)
    for k in range(cnp.PyArray_DIM(order, 0)):
        if row[k] < 0 or row[k] >= rows:
            raise ValueError(f"order[{k}] = {row[k]} is not a row of x, which has {rows}")
    return row


cdef int read_optimizer(Epoch[float]* g, object optimizer, object state, int kind, Py_ssize_t count) except -1:
    cdef Py_ssize_t k
    g.optimizer = optimizer.code
    for k, value in enumerate(optimizer.hyper):
        g.hyper[k] = value
    slots = state.slots
    if len(slots) != len(optimizer.state_names):
        raise ValueError(f"state has {len(slots)} vectors, wanted {', '.join(optimizer.state_names)}")
    for k, slot in enumerate(slots):
        g.slots[k] = <float*>output_1d(slot, "state.slots", kind, count)
    g.first_step = state.step
    if optimizer.clip_value is not None:
        g.clip_value = optimizer.clip_value
    if optimizer.clip_norm is not None:
        g.clip_norm = optimizer.clip_norm
    if optimizer.ema is not None:
        g.ema = optimizer.ema
    return 0


# Runs all steps in pieces that end in time to look for Ctrl-C. True when all was finite: then it is written back, from
# a lent workspace, which comes prepared, only as far as others see it.
cdef bint run_epoch(Epoch[float]* g, int kind, Py_ssize_t steps, Py_ssize_t n_threads) except -1:
    cdef double work = 6.0 * g.batch_size * multiply_adds(g.shape)
    cdef int team = team_for(work, work * steps, n_threads)
    cdef bint lent = g.workspace != NULL
    cdef Trial* trial = NULL
    if team > 1 and work < WORK_TO_TRY:
        trial = trial_of(work, team)
        team = quicker_team(trial)
    if not lent:
        g.workspace = need_scratch(kernels.epoch_workspace[kind](g))
    g.next_step, g.rows_done, g.loss_sum, g.penalty_sum, g.stopped = 0, 0, 0.0, 0.0, 0
    try:
        if not lent:
            with nogil:
                kernels.epoch_prepare[kind](g)
        run_steps(g, kind, steps, team, trial)
        if g.stopped or g.loss_sum - g.loss_sum != 0:
            return False
        with nogil:
            kernels.epoch_finish[kind](g)
            if not lent and not g.stopped:
                kernels.epoch_slots[kind](g)
        return not g.stopped
    finally:
        release_large_scratch()


cdef int run_steps(Epoch[float]* g, int kind, Py_ssize_t steps, int team, Trial* trial) except -1:
    cdef EpochKernel kernel = kernels.epoch_run[kind]
    cdef double started = fastnn_seconds()
    cdef bint as_planned = True
    cdef int members
    while g.next_step < steps:
        g.last_step = steps
        g.deadline = fastnn_seconds() + CHECK_SIGNALS_EVERY
        with nogil:
            members = run_team(team, <TeamFunction>kernel, g)
        as_planned = as_planned and members == team
        if g.stopped:  # and no interrupt keeps what is not finite
            return 0
        PyErr_CheckSignals()
    if trial != NULL and as_planned:
        book_trial(trial, team, (fastnn_seconds() - started) / steps)
    return 0


def fit_epoch(object plan, cnp.ndarray params not None, object x not None, cnp.ndarray y not None,
              cnp.ndarray sample_weight, cnp.ndarray order, Py_ssize_t batch_size, object optimizer, object state,
              cnp.ndarray learning_rates not None, double alpha, double l1, uint64_t seed, Py_ssize_t n_threads=0):
    """One pass over the rows in mini-batches; updates params and state in place; the mean loss and penalty.

    Where a loss is not finite, or at the end a parameter or what state knows of their average, both are NaN, and params
    and state are left as they were.
    """
    return _fit_epoch(None, plan, params, x, y, sample_weight, order, batch_size, optimizer, state, learning_rates,
                      alpha, l1, seed, n_threads)


# In the workspace, or where that is None in scratch memory.
def _fit_epoch(Workspace workspace, object plan, cnp.ndarray params not None, object x not None,
               cnp.ndarray y not None, cnp.ndarray sample_weight, cnp.ndarray order, Py_ssize_t batch_size,
               object optimizer, object state, cnp.ndarray learning_rates not None, double alpha, double l1,
               uint64_t seed, Py_ssize_t n_threads=0):
    cdef Epoch[float] g
    cdef int kind = kind_of(params)
    cdef Py_ssize_t k
    read_data(&g, plan, params, x, y, sample_weight, kind)
    if order is not None:
        g.order = read_order(order, g.n)
        g.n = cnp.PyArray_DIM(order, 0)
    if batch_size < 1:
        raise ValueError(f"batch_size={batch_size}, wanted at least 1")
    if g.n == 0:
        return 0.0, 0.0
    g.batch_size = min(batch_size, g.n)
    output_1d(params, "params", kind, -1)
    read_optimizer(&g, optimizer, state, kind, cnp.PyArray_DIM(params, 0))
    g.alpha, g.l1, g.seed = alpha, l1, seed
    cdef Py_ssize_t steps = (g.n + g.batch_size - 1) // g.batch_size
    g.learning_rates = <double*>input_1d(learning_rates, "learning_rates", 1, steps)
    if workspace is not None:
        workspace.lend(&g, kind, plan, params, state.slots)
    cdef bint is_finite = run_epoch(&g, kind, steps, n_threads)
    if workspace is not None:
        workspace.take_back(is_finite)
    if not is_finite:
        return float("nan"), float("nan")
    state.step += steps
    return g.loss_sum / g.n, g.penalty_sum / g.n


def network_gradient(object plan, cnp.ndarray params not None, object x not None, cnp.ndarray y not None,
                     cnp.ndarray sample_weight, double alpha, cnp.ndarray d_params not None, Py_ssize_t n_threads=0):
    """The mean loss with its L2 penalty; d_params its gradient."""
    cdef Epoch[float] g
    cdef int kind = kind_of(params)
    read_data(&g, plan, params, x, y, sample_weight, kind)
    g.d_params = <float*>output_1d(d_params, "d_params", kind, cnp.PyArray_DIM(params, 0))
    for array in (params, y) if isinstance(x, SparseRows) else (params, x, y):
        apart(d_params, array)
    if g.n == 0:
        d_params.fill(0)
        return 0.0
    g.batch_size = g.n
    g.optimizer = kStoreGradient
    g.alpha = alpha
    if not run_epoch(&g, kind, 1, n_threads):
        d_params.fill(np.nan)
        return float("nan")
    return (g.loss_sum + g.penalty_sum) / g.n
