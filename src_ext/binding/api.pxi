# The functions that fastnn/_core.pxd offers to other Cython modules.

cdef void dense_forward_float32(const float* x, const float* w, const float* b, float* out, Py_ssize_t n,
                                Py_ssize_t i, Py_ssize_t o, int activation) noexcept nogil:
    cdef DenseForward[float] g
    g.x, g.w, g.b, g.out, g.n, g.i, g.o = x, w, b, out, n, i, o
    g.activation = listed_activation(activation)
    kernels.dense_forward[0](&g, 0, 1)


cdef void dense_forward_float64(const double* x, const double* w, const double* b, double* out, Py_ssize_t n,
                                Py_ssize_t i, Py_ssize_t o, int activation) noexcept nogil:
    cdef DenseForward[double] g
    g.x, g.w, g.b, g.out, g.n, g.i, g.o = x, w, b, out, n, i, o
    g.activation = listed_activation(activation)
    kernels.dense_forward[1](&g, 0, 1)


cdef void activation_forward_float32(const float* z, float* out, Py_ssize_t n, Py_ssize_t o,
                                     int activation) noexcept nogil:
    cdef ActivationForward[float] g
    g.z, g.out, g.n, g.o = z, out, n, o
    g.activation = listed_activation(activation)
    kernels.activation_forward[0](&g, 0, 1)


cdef void activation_forward_float64(const double* z, double* out, Py_ssize_t n, Py_ssize_t o,
                                     int activation) noexcept nogil:
    cdef ActivationForward[double] g
    g.z, g.out, g.n, g.o = z, out, n, o
    g.activation = listed_activation(activation)
    kernels.activation_forward[1](&g, 0, 1)
