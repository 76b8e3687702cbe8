# Dense layers.

def dense_forward(cnp.ndarray x not None, cnp.ndarray w not None, cnp.ndarray b, object activation,
                  cnp.ndarray out not None, Py_ssize_t n_threads=0):
    """out = activation(x @ w + b); b may be None."""
    cdef DenseForward[float] g
    cdef int kind = kind_of(x)
    g.x = <float*>input_2d(x, "x", kind, -1, -1)
    g.n, g.i = cnp.PyArray_DIM(x, 0), cnp.PyArray_DIM(x, 1)
    g.w = <float*>input_2d(w, "w", kind, g.i, -1)
    g.o = cnp.PyArray_DIM(w, 1)
    g.b = NULL
    if b is not None:
        g.b = <float*>input_1d(b, "b", kind, g.o)
        apart(out, b)
    g.out = <float*>output_2d(out, "out", kind, g.n, g.o)
    apart(out, x)
    apart(out, w)
    own = read_activation(&g.activation, activation, kind)
    if is_nothing(out):
        return
    run(kernels.dense_forward[kind], &g, 2.0 * g.n * g.i * g.o + 16.0 * g.n * g.o, n_threads)


cdef int run_pack(DenseBackwardInput[float]* g, int kind) except -1:
    cdef Job job
    if 16.0 * g.i * g.o < WORK_WITH_GIL:
        kernels.pack_transposed[kind](g)
        return 0
    with nogil:
        begin_job(&job)
        kernels.pack_transposed[kind](g)
        end_job(&job)
    return raise_if_stopped(job)


def dense_backward_input(cnp.ndarray d_z not None, cnp.ndarray w not None, cnp.ndarray out not None,
                         Py_ssize_t n_threads=0):
    """out = d_z @ w.T"""
    cdef DenseBackwardInput[float] g
    cdef Scratch memory
    cdef int kind = kind_of(d_z)
    g.d_z = <float*>input_2d(d_z, "d_z", kind, -1, -1)
    g.n, g.o = cnp.PyArray_DIM(d_z, 0), cnp.PyArray_DIM(d_z, 1)
    g.w = <float*>input_2d(w, "w", kind, -1, g.o)
    g.i = cnp.PyArray_DIM(w, 0)
    g.out = <float*>output_2d(out, "out", kind, g.n, g.i)
    apart(out, d_z)
    apart(out, w)
    if is_nothing(out):
        return
    cdef size_t item = 8 if kind else 4
    g.scratch = <float*>need_scratch(memory, kernels.dense_backward_input_scratch[kind](g.i, g.o) * item)
    run_pack(&g, kind)
    run(kernels.dense_backward_input[kind], &g, 2.0 * g.n * g.i * g.o, n_threads)


def dense_backward_params(cnp.ndarray x not None, cnp.ndarray d_z not None, cnp.ndarray d_w not None,
                          cnp.ndarray d_b not None, Py_ssize_t n_threads=0):
    """d_w = x.T @ d_z, d_b = d_z.sum(axis=0)"""
    cdef DenseBackwardParams[float] g
    cdef int kind = kind_of(x)
    g.x = <float*>input_2d(x, "x", kind, -1, -1)
    g.n, g.i = cnp.PyArray_DIM(x, 0), cnp.PyArray_DIM(x, 1)
    g.d_z = <float*>input_2d(d_z, "d_z", kind, g.n, -1)
    g.o = cnp.PyArray_DIM(d_z, 1)
    g.d_w = <float*>output_2d(d_w, "d_w", kind, g.i, g.o)
    g.d_b = <float*>output_1d(d_b, "d_b", kind, g.o)
    for out in (d_w, d_b):
        apart(out, x)
        apart(out, d_z)
    apart(d_w, d_b)
    if is_nothing(d_b):
        return
    run(kernels.dense_backward_params[kind], &g, 2.0 * g.n * g.i * g.o, n_threads)
