# One step of each optimizer. tools/generate_optimizers.py writes this file.

cdef extern from "contract/optimizers.hpp" namespace "fastnn" nogil:
    int kSGD, kAdam, kRMSprop, kAdagrad, kAdamW, kNAdam, kAdamax, kAdadelta, kLion


def sgd_step(cnp.ndarray params not None, cnp.ndarray d_params not None, cnp.ndarray velocity not None,
             double learning_rate, double momentum, bint nesterov, Py_ssize_t n_threads=0):
    """One step of SGD, in place."""
    cdef bint in_range = (is_share(momentum))
    optimizer_step(kSGD, params, d_params, (velocity,), 1, learning_rate, (momentum, nesterov), in_range, n_threads)


def adam_step(cnp.ndarray params not None, cnp.ndarray d_params not None, cnp.ndarray m not None,
              cnp.ndarray v not None, int64_t step, double learning_rate, double beta_1, double beta_2, double epsilon,
              Py_ssize_t n_threads=0):
    """One step of Adam, in place; step counts from 1."""
    cdef bint in_range = (is_below_one(beta_1) and is_below_one(beta_2) and is_above_zero(epsilon))
    optimizer_step(kAdam, params, d_params, (m, v), step, learning_rate, (beta_1, beta_2, epsilon), in_range, n_threads)


def rmsprop_step(cnp.ndarray params not None, cnp.ndarray d_params not None, cnp.ndarray v not None,
                 double learning_rate, double rho, double epsilon, Py_ssize_t n_threads=0):
    """One step of RMSprop, in place."""
    cdef bint in_range = (is_below_one(rho) and is_above_zero(epsilon))
    optimizer_step(kRMSprop, params, d_params, (v,), 1, learning_rate, (rho, epsilon), in_range, n_threads)


def adagrad_step(cnp.ndarray params not None, cnp.ndarray d_params not None, cnp.ndarray v not None,
                 double learning_rate, double epsilon, Py_ssize_t n_threads=0):
    """One step of Adagrad, in place."""
    cdef bint in_range = (is_above_zero(epsilon))
    optimizer_step(kAdagrad, params, d_params, (v,), 1, learning_rate, (epsilon,), in_range, n_threads)


def adamw_step(cnp.ndarray params not None, cnp.ndarray d_params not None, cnp.ndarray m not None,
               cnp.ndarray v not None, int64_t step, double learning_rate, double beta_1, double beta_2, double epsilon,
               double weight_decay, Py_ssize_t n_threads=0):
    """One step of AdamW, in place; step counts from 1."""
    cdef bint in_range = (is_below_one(beta_1) and is_below_one(beta_2) and is_above_zero(epsilon) and
                          is_not_negative(weight_decay))
    optimizer_step(kAdamW, params, d_params, (m, v), step, learning_rate, (beta_1, beta_2, epsilon, weight_decay),
                   in_range, n_threads)


def nadam_step(cnp.ndarray params not None, cnp.ndarray d_params not None, cnp.ndarray m not None,
               cnp.ndarray v not None, int64_t step, double learning_rate, double beta_1, double beta_2, double epsilon,
               Py_ssize_t n_threads=0):
    """One step of NAdam, in place; step counts from 1."""
    cdef bint in_range = (is_below_one(beta_1) and is_below_one(beta_2) and is_above_zero(epsilon))
    optimizer_step(kNAdam, params, d_params, (m, v), step, learning_rate, (beta_1, beta_2, epsilon), in_range,
                   n_threads)


def adamax_step(cnp.ndarray params not None, cnp.ndarray d_params not None, cnp.ndarray m not None,
                cnp.ndarray u not None, int64_t step, double learning_rate, double beta_1, double beta_2,
                double epsilon, Py_ssize_t n_threads=0):
    """One step of Adamax, in place; step counts from 1."""
    cdef bint in_range = (is_below_one(beta_1) and is_below_one(beta_2) and is_above_zero(epsilon))
    optimizer_step(kAdamax, params, d_params, (m, u), step, learning_rate, (beta_1, beta_2, epsilon), in_range,
                   n_threads)


def adadelta_step(cnp.ndarray params not None, cnp.ndarray d_params not None, cnp.ndarray v not None,
                  cnp.ndarray u not None, double learning_rate, double rho, double epsilon, Py_ssize_t n_threads=0):
    """One step of Adadelta, in place."""
    cdef bint in_range = (is_below_one(rho) and is_above_zero(epsilon))
    optimizer_step(kAdadelta, params, d_params, (v, u), 1, learning_rate, (rho, epsilon), in_range, n_threads)


def lion_step(cnp.ndarray params not None, cnp.ndarray d_params not None, cnp.ndarray m not None, double learning_rate,
              double beta_1, double beta_2, double weight_decay, Py_ssize_t n_threads=0):
    """One step of Lion, in place."""
    cdef bint in_range = (is_below_one(beta_1) and is_below_one(beta_2) and is_not_negative(weight_decay))
    optimizer_step(kLion, params, d_params, (m,), 1, learning_rate, (beta_1, beta_2, weight_decay), in_range, n_threads)
