# Whole networks: one call for all layers, one call for an epoch.

# Seconds between two looks for Ctrl-C.
cdef double CHECK_SIGNALS_EVERY = 0.02


cdef int run_forward(NetworkForward[float]* g, NativePlan plan, cnp.ndarray params, object x, cnp.ndarray out,
                     Py_ssize_t n_threads) except -1:
    cdef Scratch memory
    cdef int kind = plan.kind
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
    apart(out, params)
    if g.x != NULL:
        apart(out, x)
    cdef double work = 2.0 * g.n * multiply_adds(g.shape)
    if g.x == NULL:
        work -= 2.0 * (<double>g.n * g.shape.widths[0] - g.sparse.stored) * g.shape.widths[1]
    cdef int team = team_for(work, work, n_threads)
    cdef size_t item = 8 if kind else 4
    g.scratch = <float*>need_scratch(memory, team * kernels.network_forward_scratch[kind](g) * item)
    return run(kernels.network_forward[kind], g, work, team)


def network_forward(object plan, cnp.ndarray params not None, object x not None, cnp.ndarray out not None,
                    Py_ssize_t n_threads=0):
    """out = the last layer's activation"""
    cdef NetworkForward[float] g
    cdef NativePlan native = native_plan(plan, kind_of(params))
    g.shape = native.shape
    g.link, g.pairs = kNoLink, False
    g.infinite = NULL
    run_forward(&g, native, params, x, out, n_threads)


def network_predict(object plan, cnp.ndarray params not None, object x not None, object loss,
                    cnp.ndarray out not None, Py_ssize_t n_threads=0):
    """out = the loss's link of the last layer's activation (itself where loss is None)

    Where out has two columns for a network of one output, they belong to its negative and to it: both probabilities of
    a sigmoid neuron.
    """
    cdef NetworkForward[float] g
    cdef NativePlan native = native_plan(plan, kind_of(params))
    g.shape = native.shape
    g.link = kNoLink if loss is None else read_link(loss, native.kind)
    g.pairs = g.shape.widths[g.shape.layers] == 1 and cnp.PyArray_NDIM(out) == 2 and cnp.PyArray_DIM(out, 1) == 2
    g.infinite = NULL
    run_forward(&g, native, params, x, out, n_threads)


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


# As read_loss. A user's own is compiled when a gradient first needs it, once for a plan, which remembers it.
cdef object read_loss_of_plan(LossNumbers* into, NativePlan plan, object loss):
    own = read_loss(into, loss if plan.loss is not loss else plan.own_loss, plan.kind)
    if own is not None:
        plan.loss, plan.own_loss = loss, own
    return own


# Returns what has to live as long as `g` is used: a user's own loss, None for those of the library.
cdef object read_data(Epoch[float]* g, NativePlan plan, object loss, cnp.ndarray params, object x, cnp.ndarray y,
                      cnp.ndarray sample_weight):
    cdef int kind = plan.kind
    cdef Py_ssize_t k
    cdef LossNumbers numbers
    own = read_loss_of_plan(&numbers, plan, loss)
    g.shape = plan.shape
    g.params = <float*>input_1d(params, "params", kind, plan.n_params)
    read_rows(g, x, kind)
    g.y = <float*>input_2d(y, "y", kind, g.n, g.shape.widths[g.shape.layers])
    g.sample_weight = NULL
    if sample_weight is not None:
        g.sample_weight = <float*>input_1d(sample_weight, "sample_weight", kind, g.n)
    g.loss, g.users_loss, g.loss_parameter = numbers.code, numbers.users, numbers.parameter
    g.order = NULL
    g.learning_rates = NULL
    g.d_params = NULL
    g.workspace = NULL
    g.resumes, g.ends = False, False
    for k in range(kMaxSlots):
        g.slots[k] = NULL
    g.first_step, g.seed = 0, 0
    g.l1, g.ema, g.clip_value, g.clip_norm = 0, -1, INFINITY, INFINITY
    return own


cdef int read_optimizer(Epoch[float]* g, object optimizer, object state) except -1:
    cdef Py_ssize_t k
    cdef int code = optimizer.code
    cdef tuple hyper = tuple(optimizer.hyper)
    if not 0 <= code < kOptimizers or len(hyper) != kOptimizerTraits[code].hyper:
        raise ValueError(f"an optimizer of the type {type(optimizer).__name__} has the code {code} and {len(hyper)} "
                         f"numbers beside the learning rate; the native kernels know those of fastnn.optimizers, with "
                         f"their own fields alone")
    g.optimizer = code
    for k in range(len(hyper)):
        g.hyper[k] = hyper[k]
    g.first_step = state.step
    clip_value, clip_norm, ema = optimizer.clip_value, optimizer.clip_norm, optimizer.ema
    if clip_value is not None:
        g.clip_value = clip_value
    if clip_norm is not None:
        g.clip_norm = clip_norm
    if ema is not None:
        g.ema = ema
        if not 0 <= g.ema < 1:
            raise ValueError(f"ema={ema!r}, wanted a number in [0, 1)")
    return 0


# The optimizer's vectors, all written at the end; the caller holds on to the tuple.
cdef int read_slots(Epoch[float]* g, tuple slots, int kind, Py_ssize_t count) except -1:
    cdef Py_ssize_t k, wanted = slots_of(g.optimizer) + (g.ema >= 0)
    if len(slots) != wanted:
        raise ValueError(f"state has {len(slots)} vectors, wanted {wanted} of an optimizer of this kind")
    for k in range(wanted):
        g.slots[k] = <float*>output_1d(slots[k], "state.slots", kind, count)
    return 0


# Scratch for the order's copy and, where it is not lent, the workspace behind it.
cdef int share_scratch(Epoch[float]* g, Scratch& memory, cnp.ndarray order, Py_ssize_t rows, int kind,
                       bint lent) except -1:
    cdef size_t of_order = 0 if order is None else <size_t>(g.n + 7) // 8 * 8 * sizeof(int64_t)
    cdef char* base
    if lent and order is None:
        return 0
    base = <char*>need_scratch(memory, of_order + (0 if lent else kernels.epoch_workspace[kind](g)))
    if order is not None:
        g.order = copy_order(order, <int64_t*>base, rows)
    if not lent:
        g.workspace = base + of_order
    return 0


cdef int prepare_epoch(Epoch[float]* g, int kind) except -1:
    cdef Job job
    with nogil:
        begin_job(&job)
        kernels.epoch_prepare[kind](g)
        end_job(&job)
    return raise_if_stopped(job)


# Runs all steps in pieces that end in time to look for Ctrl-C. True when all was finite: then it is written back, from
# a lent workspace, which comes prepared, only as far as others see it.
cdef bint run_epoch(Epoch[float]* g, int kind, Py_ssize_t steps, bint lent, Py_ssize_t n_threads) except -1:
    cdef double work = 6.0 * g.batch_size * multiply_adds(g.shape)
    cdef int team = team_for(work, work * steps, n_threads)
    cdef TeamTiming* timing = NULL
    if team > 1 and work < WORK_TO_TRY:
        timing = timing_of(work, team)
        team = quicker_team(timing, team)
    g.next_step, g.rows_done, g.loss_sum, g.penalty_sum, g.stopped = 0, 0, 0.0, 0.0, 0
    if not lent:
        prepare_epoch(g, kind)
    run_steps(g, kind, steps, work, team, timing)
    if g.stopped or g.loss_sum - g.loss_sum != 0:
        return False
    with nogil:
        kernels.epoch_finish[kind](g)
        if not lent and not g.stopped:
            kernels.epoch_slots[kind](g)
    return not g.stopped


cdef int run_steps(Epoch[float]* g, int kind, Py_ssize_t steps, double work, int team,
                   TeamTiming* timing) except -1:
    cdef Job job
    cdef EpochKernel kernel = kernels.epoch_run[kind]
    cdef double started = fastnn_seconds()
    cdef bint as_planned = True
    cdef int members
    g.interrupted = &job.stopped
    while g.next_step < steps:
        g.last_step = steps
        g.deadline = fastnn_seconds() + CHECK_SIGNALS_EVERY
        with nogil:
            begin_job(&job)
            members = run_team(team, <TeamFunction>kernel, g)
            fastnn_interrupted()  # steps may be shorter than what a kernel looks after
            end_job(&job)
        raise_if_stopped(job)
        if g.stopped:  # and no interrupt keeps what is not finite
            return 0
        as_planned = as_planned and members == team
    if timing != NULL and as_planned:
        note_time(timing, work, team, (fastnn_seconds() - started) / steps)
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
    cdef Scratch memory
    cdef int kind = kind_of(params)
    cdef NativePlan native = native_plan(plan, kind)
    cdef Py_ssize_t rows
    cdef tuple slots = tuple(state.slots)
    own = read_data(&g, native, plan.loss, params, x, y, sample_weight)
    read_optimizer(&g, optimizer, state)
    rows = g.n
    if order is not None:
        g.n = length_of_order(order)
    if batch_size < 1:
        raise ValueError(f"batch_size={batch_size}, wanted at least 1")
    if g.n == 0:
        return 0.0, 0.0
    g.batch_size = min(batch_size, g.n)
    output_1d(params, "params", kind, native.n_params)
    read_slots(&g, slots, kind, native.n_params)
    g.alpha, g.l1, g.seed = alpha, l1, seed
    cdef Py_ssize_t steps = g.n // g.batch_size + (g.n % g.batch_size > 0)
    g.learning_rates = <double*>input_1d(learning_rates, "learning_rates", 1, steps)
    share_scratch(&g, memory, order, rows, kind, workspace is not None)
    if workspace is not None:
        workspace.lend(&g, kind, native, params, slots)
    cdef bint is_finite = False
    try:
        is_finite = run_epoch(&g, kind, steps, workspace is not None, n_threads)
    except BaseException:
        if workspace is not None and (g.stopped or g.loss_sum - g.loss_sum != 0):
            workspace.take_back(False)  # what Ctrl-C has come too late for
        raise
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
    cdef Scratch memory
    cdef int kind = kind_of(params)
    cdef NativePlan native = native_plan(plan, kind)
    own = read_data(&g, native, plan.loss, params, x, y, sample_weight)
    g.d_params = <float*>output_1d(d_params, "d_params", kind, native.n_params)
    for array in (params, y) if isinstance(x, SparseRows) else (params, x, y):
        apart(d_params, array)
    if g.n == 0:
        d_params.fill(0)
        return 0.0
    g.batch_size = g.n
    g.optimizer = kStoreGradient
    g.alpha = alpha
    share_scratch(&g, memory, None, g.n, kind, False)
    if not run_epoch(&g, kind, 1, False, n_threads):
        d_params.fill(np.nan)
        return float("nan")
    return (g.loss_sum + g.penalty_sum) / g.n
