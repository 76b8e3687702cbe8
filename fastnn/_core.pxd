# Kernels for other Cython modules: plain pointers, C-contiguous memory, no GIL, one thread, nothing checked.
# `activation` is a code of fastnn._core.activation_codes(), which stands for the defaults of its parameters; b may be
# NULL. x (n, i), w (i, o), b (o,), out (n, o).

cdef void dense_forward_float32(const float* x, const float* w, const float* b, float* out, Py_ssize_t n,
                                Py_ssize_t i, Py_ssize_t o, int activation) noexcept nogil
cdef void dense_forward_float64(const double* x, const double* w, const double* b, double* out, Py_ssize_t n,
                                Py_ssize_t i, Py_ssize_t o, int activation) noexcept nogil
cdef void activation_forward_float32(const float* z, float* out, Py_ssize_t n, Py_ssize_t o,
                                     int activation) noexcept nogil
cdef void activation_forward_float64(const double* z, double* out, Py_ssize_t n, Py_ssize_t o,
                                     int activation) noexcept nogil
