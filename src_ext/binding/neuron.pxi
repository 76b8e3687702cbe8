# One neuron: an epoch of gradient descent or of the perceptron rule.

# Elements of a block: so few that a slab of 16 blocks takes a few milliseconds however long its rows are.
cdef Py_ssize_t NEURON_BLOCK_SIZE = 1 << 20


cdef bint neuron_goes_on(const NeuronEpoch[float]& g) noexcept nogil:
    return g.next_row < g.n and g.loss_sum - g.loss_sum == 0 and fastnn_seconds() < g.deadline


# Slabs of batches until the deadline.
cdef void neuron_batches(NeuronEpoch[float]* g, int kind, int team) noexcept nogil:
    cdef Py_ssize_t end
    while True:
        end = min(g.n, (g.next_row // g.batch_size + 1) * g.batch_size)
        g.slab_rows = min(end - g.next_row, kNeuronBlocks * g.block_rows)
        run_shares(team, <TeamFunction>kernels.neuron_gradient[kind], g)
        kernels.neuron_add[kind](g)
        if not neuron_goes_on(g[0]):
            break


# Runs all steps in pieces that end in time to look for Ctrl-C. True when every loss was finite.
cdef bint run_neuron(NeuronEpoch[float]* g, int kind, Py_ssize_t n_threads) except -1:
    cdef Job job
    cdef double row_work = 4.0 * (g.i + 1)
    cdef Py_ssize_t slab_rows = min(min(g.batch_size, g.n), kNeuronBlocks * g.block_rows)
    cdef int team = 1
    if slab_rows > g.block_rows:
        team = team_for(row_work * slab_rows, row_work * g.n, n_threads)
    g.next_row, g.loss_sum, g.weight_sum, g.batch_weight = 0, 0.0, 0.0, 0.0
    while g.next_row < g.n and g.loss_sum - g.loss_sum == 0:
        g.deadline = fastnn_seconds() + CHECK_SIGNALS_EVERY
        with nogil:
            begin_job(&job)
            if g.batch_size == 1:
                kernels.neuron_online[kind](g)
            else:
                neuron_batches(g, kind, team)
            fastnn_interrupted()
            end_job(&job)
        raise_if_stopped(job)
    return g.loss_sum - g.loss_sum == 0


cdef int read_neuron(NeuronEpoch[float]* g, cnp.ndarray params, cnp.ndarray x, cnp.ndarray y,
                     cnp.ndarray sample_weight, cnp.ndarray order, Py_ssize_t batch_size,
                     cnp.ndarray learning_rates, int kind, Scratch& memory) except -1:
    cdef Py_ssize_t rows
    g.x = <float*>input_2d(x, "x", kind, -1, -1)
    g.n, g.i = cnp.PyArray_DIM(x, 0), cnp.PyArray_DIM(x, 1)
    g.y = <float*>input_1d(y, "y", kind, g.n)
    output_1d(params, "params", kind, g.i + 1)
    g.sample_weight = NULL
    if sample_weight is not None:
        g.sample_weight = <float*>input_1d(sample_weight, "sample_weight", kind, g.n)
    g.order = NULL
    if order is not None:
        rows, g.n = g.n, length_of_order(order)
        g.order = copy_order(order, <int64_t*>need_scratch(memory, g.n * sizeof(int64_t)), rows)
    if batch_size < 1:
        raise ValueError(f"batch_size={batch_size}, wanted at least 1")
    g.batch_size = batch_size
    cdef Py_ssize_t steps = g.n // batch_size + (g.n % batch_size > 0)
    g.learning_rates = <double*>input_1d(learning_rates, "learning_rates", 1, steps)
    g.stride = (g.i + kNeuronStride) // kNeuronStride * kNeuronStride
    g.block_rows = max(1, min(kNeuronBlockRows, NEURON_BLOCK_SIZE // (g.i + 1)))
    return 0


def neuron_epoch(object activation, cnp.ndarray params not None, cnp.ndarray x not None, cnp.ndarray y not None,
                 cnp.ndarray sample_weight, cnp.ndarray order, Py_ssize_t batch_size,
                 cnp.ndarray learning_rates not None, cnp.ndarray total, Py_ssize_t n_threads=0):
    """One pass over the rows; updates params and total in place and returns the mean loss.

    Where the loss or a parameter is not finite at the end it returns NaN and leaves both as they were.
    """
    cdef NeuronEpoch[float] g
    cdef Scratch memory
    cdef int kind = kind_of(params)
    read_neuron(&g, params, x, y, sample_weight, order, batch_size, learning_rates, kind, memory)
    own = read_activation(&g.activation, activation, kind)
    if is_row_function(g.activation.code):
        raise ValueError(f"activation={activation!r} works on whole rows, and a neuron has one output")
    cdef Py_ssize_t size = g.i + 1
    if total is not None:
        output_1d(total, "total", 1, size)
    if g.n == 0:
        return 0.0
    floating = np.float64 if kind else np.float32
    cdef cnp.ndarray new_params = np.zeros(g.stride, floating), new_total = np.zeros(0 if total is None else size)
    cdef cnp.ndarray partial = np.empty((1 if batch_size == 1 else kNeuronBlocks, g.stride), floating)
    cdef cnp.ndarray gradient = np.zeros(0 if batch_size == 1 else size)
    new_params[:size] = params
    if total is not None:
        new_total[:] = total
    g.params = <float*>cnp.PyArray_DATA(new_params)
    g.total = NULL
    if total is not None:
        g.total = <double*>cnp.PyArray_DATA(new_total)
    g.partial = <float*>cnp.PyArray_DATA(partial)
    g.gradient = <double*>cnp.PyArray_DATA(gradient)
    if not run_neuron(&g, kind, n_threads) or not np.isfinite(new_params[:size]).all():
        return float("nan")
    params[...] = new_params[:size]
    if total is not None:
        total[...] = new_total
    return g.loss_sum / g.weight_sum if g.weight_sum > 0 else 0.0
