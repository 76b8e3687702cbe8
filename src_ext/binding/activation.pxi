# Activations by themselves.

def activation_forward(cnp.ndarray z not None, object activation, cnp.ndarray out not None, Py_ssize_t n_threads=0):
    """out = activation(z)"""
    cdef ActivationForward[float] g
    cdef int kind = kind_of(z)
    g.z = <float*>input_2d(z, "z", kind, -1, -1)
    g.n, g.o = cnp.PyArray_DIM(z, 0), cnp.PyArray_DIM(z, 1)
    g.out = <float*>output_2d(out, "out", kind, g.n, g.o)
    apart(out, z)
    own = read_activation(&g.activation, activation, kind)
    if is_nothing(out):
        return
    run(kernels.activation_forward[kind], &g, 16.0 * g.n * g.o, n_threads)


def activation_backward(cnp.ndarray z not None, cnp.ndarray a not None, cnp.ndarray d_a not None, object activation,
                        cnp.ndarray out not None, Py_ssize_t n_threads=0):
    """out = d_a * slope, or the Jacobian product of a row function"""
    cdef ActivationBackward[float] g
    cdef int kind = kind_of(z)
    g.z = <float*>input_2d(z, "z", kind, -1, -1)
    g.n, g.o = cnp.PyArray_DIM(z, 0), cnp.PyArray_DIM(z, 1)
    g.a = <float*>input_2d(a, "a", kind, g.n, g.o)
    g.d_a = <float*>input_2d(d_a, "d_a", kind, g.n, g.o)
    g.out = <float*>output_2d(out, "out", kind, g.n, g.o)
    for array in (z, a, d_a):
        apart(out, array)
    own = read_activation(&g.activation, activation, kind)
    if is_nothing(out):
        return
    run(kernels.activation_backward[kind], &g, 16.0 * g.n * g.o, n_threads)
