# One optimizer step on flat vectors, in place.

def sgd_step(cnp.ndarray params not None, cnp.ndarray d_params not None, cnp.ndarray velocity not None,
             double learning_rate, double momentum, bint nesterov, int n_threads=0):
    """Stochastic gradient descent with momentum."""
    cdef SgdStep[float] g
    cdef int kind = kind_of(params)
    g.params = <float*>output_1d(params, "params", kind, -1)
    g.count = cnp.PyArray_DIM(params, 0)
    g.d_params = <float*>input_1d(d_params, "d_params", kind, g.count)
    g.velocity = <float*>output_1d(velocity, "velocity", kind, g.count)
    apart(params, d_params)
    apart(params, velocity)
    apart(velocity, d_params)
    g.learning_rate, g.momentum, g.nesterov = learning_rate, momentum, nesterov
    run(kernels.sgd_step[kind], &g, 16.0 * g.count, n_threads)


def adam_step(cnp.ndarray params not None, cnp.ndarray d_params not None, cnp.ndarray m not None,
              cnp.ndarray v not None, int64_t step, double learning_rate, double beta_1, double beta_2,
              double epsilon, int n_threads=0):
    """Adam; step counts from 1."""
    cdef AdamStep[float] g
    cdef int kind = kind_of(params)
    if step < 1:
        raise ValueError(f"step={step}, wanted at least 1")
    g.params = <float*>output_1d(params, "params", kind, -1)
    g.count = cnp.PyArray_DIM(params, 0)
    g.d_params = <float*>input_1d(d_params, "d_params", kind, g.count)
    g.m = <float*>output_1d(m, "m", kind, g.count)
    g.v = <float*>output_1d(v, "v", kind, g.count)
    for first, second in ((params, d_params), (params, m), (params, v), (m, d_params), (v, d_params), (m, v)):
        apart(first, second)
    g.step, g.learning_rate = step, learning_rate
    g.beta_1, g.beta_2, g.epsilon = beta_1, beta_2, epsilon
    run(kernels.adam_step[kind], &g, 32.0 * g.count, n_threads)
