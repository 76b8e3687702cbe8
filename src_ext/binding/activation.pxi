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


cdef struct CompiledBackward:
    const char* z
    const char* a
    const char* d_a
    char* out
    Py_ssize_t count, itemsize
    BackwardTile tile


# A TeamKernel. A vector's worth of numbers is never cut, and every 100 us there is a look for Ctrl-C.
cdef void compiled_backward(const void* arguments, int member, int team) noexcept nogil:
    cdef const CompiledBackward* g = <const CompiledBackward*>arguments
    cdef Share share = share_of(g.count, 64, member, team)
    cdef Py_ssize_t piece = 1 << 17, at = share.begin, first
    while at < share.end:
        first = at * g.itemsize
        g.tile(NULL, g.z + first, g.a + first, g.d_a + first, g.out + first, min(piece, share.end - at))
        at += piece
        if at < share.end and fastnn_interrupted():
            return


cdef int run_compiled_backward(const ActivationBackward[float]& g, BackwardTile tile, int kind,
                               Py_ssize_t n_threads) except -1:
    cdef CompiledBackward arguments = CompiledBackward(
        <const char*>g.z, <const char*>g.a, <const char*>g.d_a, <char*>g.out, g.n * g.o, 8 if kind else 4, tile)
    return run(compiled_backward, &arguments, 16.0 * g.n * g.o, n_threads)


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
    if type(activation) is NativeActivation and (<NativeActivation>activation).backward != NULL:
        run_compiled_backward(g, (<NativeActivation>activation).backward, kind, n_threads)
        return
    run(kernels.activation_backward[kind], &g, 16.0 * g.n * g.o, n_threads)
