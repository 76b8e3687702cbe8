# One optimizer step on flat vectors, in place.

# The ranges of fastnn.optimizers, which says them in words.
cdef inline bint is_share(double value) noexcept:
    return 0 <= value < 1


cdef inline bint is_above_zero(double value) noexcept:
    return 0 < value < INFINITY


cdef int optimizer_step(int optimizer, cnp.ndarray params, cnp.ndarray d_params, tuple slots, int64_t step,
                        double learning_rate, tuple hyper, bint in_range, Py_ssize_t n_threads) except -1:
    cdef OptimizerStep[float] g
    cdef int kind = kind_of(params)
    cdef Py_ssize_t k
    cdef cnp.ndarray slot
    if step < 1:
        raise ValueError(f"step={step}, wanted at least 1")
    if not in_range or not 0 <= learning_rate < INFINITY:
        raise ValueError(f"learning_rate={learning_rate} and {hyper}: one of them is out of its range")
    g.optimizer, g.step, g.learning_rate = optimizer, step, learning_rate
    g.params = <float*>output_1d(params, "params", kind, -1)
    g.count = cnp.PyArray_DIM(params, 0)
    g.d_params = <float*>input_1d(d_params, "d_params", kind, g.count)
    apart(params, d_params)
    for k in range(len(slots)):
        slot = slots[k]
        g.slots[k] = <float*>output_1d(slot, "an optimizer's state", kind, g.count)
        apart(slot, params)
        apart(slot, d_params)
    if len(slots) == 2:
        apart(slots[0], slots[1])
    for k in range(len(hyper)):
        g.hyper[k] = hyper[k]
    run(kernels.optimizer_step[kind], &g, 32.0 * g.count, n_threads)
    return 0


def sgd_step(cnp.ndarray params not None, cnp.ndarray d_params not None, cnp.ndarray velocity not None,
             double learning_rate, double momentum, bint nesterov, Py_ssize_t n_threads=0):
    """Stochastic gradient descent with momentum."""
    optimizer_step(0, params, d_params, (velocity,), 1, learning_rate, (momentum, nesterov), 0 <= momentum <= 1,
                   n_threads)


def adam_step(cnp.ndarray params not None, cnp.ndarray d_params not None, cnp.ndarray m not None,
              cnp.ndarray v not None, int64_t step, double learning_rate, double beta_1, double beta_2,
              double epsilon, Py_ssize_t n_threads=0):
    """Adam; step counts from 1."""
    cdef bint in_range = is_share(beta_1) and is_share(beta_2) and is_above_zero(epsilon)
    optimizer_step(1, params, d_params, (m, v), step, learning_rate, (beta_1, beta_2, epsilon), in_range, n_threads)


def rmsprop_step(cnp.ndarray params not None, cnp.ndarray d_params not None, cnp.ndarray v not None,
                 double learning_rate, double rho, double epsilon, Py_ssize_t n_threads=0):
    """RMSprop: the gradient over the root of a running mean of its square."""
    cdef bint in_range = is_share(rho) and is_above_zero(epsilon)
    optimizer_step(2, params, d_params, (v,), 1, learning_rate, (rho, epsilon), in_range, n_threads)


def adagrad_step(cnp.ndarray params not None, cnp.ndarray d_params not None, cnp.ndarray v not None,
                 double learning_rate, double epsilon, Py_ssize_t n_threads=0):
    """Adagrad: the gradient over the root of the sum of its squares."""
    optimizer_step(3, params, d_params, (v,), 1, learning_rate, (epsilon,), is_above_zero(epsilon), n_threads)


def adamw_step(cnp.ndarray params not None, cnp.ndarray d_params not None, cnp.ndarray m not None,
               cnp.ndarray v not None, int64_t step, double learning_rate, double beta_1, double beta_2,
               double epsilon, double weight_decay, Py_ssize_t n_threads=0):
    """Adam with decoupled weight decay; step counts from 1."""
    cdef bint in_range = (is_share(beta_1) and is_share(beta_2) and is_above_zero(epsilon)
                          and 0 <= weight_decay < INFINITY)
    hyper = (beta_1, beta_2, epsilon, weight_decay)
    optimizer_step(4, params, d_params, (m, v), step, learning_rate, hyper, in_range, n_threads)


def nadam_step(cnp.ndarray params not None, cnp.ndarray d_params not None, cnp.ndarray m not None,
               cnp.ndarray v not None, int64_t step, double learning_rate, double beta_1, double beta_2,
               double epsilon, Py_ssize_t n_threads=0):
    """Adam with Nesterov's look-ahead; step counts from 1."""
    cdef bint in_range = is_share(beta_1) and is_share(beta_2) and is_above_zero(epsilon)
    optimizer_step(5, params, d_params, (m, v), step, learning_rate, (beta_1, beta_2, epsilon), in_range, n_threads)
