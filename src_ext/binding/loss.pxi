# Losses and links.

def link(cnp.ndarray z not None, object loss, cnp.ndarray out not None, Py_ssize_t n_threads=0):
    """out = the loss's prediction for the raw output z"""
    cdef Link[float] g
    cdef int kind = kind_of(z)
    g.z = <float*>input_2d(z, "z", kind, -1, -1)
    g.n, g.o = cnp.PyArray_DIM(z, 0), cnp.PyArray_DIM(z, 1)
    g.out = <float*>output_2d(out, "out", kind, g.n, g.o)
    apart(out, z)
    g.loss = read_loss(loss).code
    if is_nothing(out):
        return
    run(kernels.link[kind], &g, 16.0 * g.n * g.o, n_threads)


cdef double total_weight(cnp.ndarray sample_weight, Py_ssize_t n) except? -1:
    if sample_weight is None:
        return n
    cdef double total = np.sum(sample_weight, dtype=np.float64)
    return total if total > 0 else 1.0  # all weights zero: loss and gradient are zero


def loss_and_gradient(cnp.ndarray z not None, cnp.ndarray y not None, cnp.ndarray sample_weight, object loss,
                      cnp.ndarray d_z not None, Py_ssize_t n_threads=0):
    """The mean loss as a float; d_z its gradient."""
    cdef LossAndGradient[float] g
    cdef int kind = kind_of(z)
    g.z = <float*>input_2d(z, "z", kind, -1, -1)
    g.n, g.o = cnp.PyArray_DIM(z, 0), cnp.PyArray_DIM(z, 1)
    g.y = <float*>input_2d(y, "y", kind, g.n, g.o)
    g.sample_weight = NULL
    if sample_weight is not None:
        g.sample_weight = <float*>input_1d(sample_weight, "sample_weight", kind, g.n)
        apart(d_z, sample_weight)
    g.d_z = <float*>output_2d(d_z, "d_z", kind, g.n, g.o)
    apart(d_z, z)
    apart(d_z, y)
    cdef LossNumbers numbers = read_loss(loss)
    g.loss, g.parameter = numbers.code, numbers.parameter
    if is_nothing(d_z):
        return 0.0
    g.weight_total = total_weight(sample_weight, g.n)
    cdef Py_ssize_t blocks = (g.n + kLossRows - 1) // kLossRows
    cdef cnp.ndarray partial = np.zeros(blocks)
    g.partial = <double*>cnp.PyArray_DATA(partial)
    run(kernels.loss_and_gradient[kind], &g, 32.0 * g.n * g.o, n_threads)
    return sum(partial.tolist()) / g.weight_total
