# The C interface for other Cython modules, as fastnn/include/fastnn.h describes it.
# Do not edit: tools/generate_abi.py writes this file.
#
# `from fastnn cimport _core` imports what is used when the other module is imported, and refuses a function that has
# gone or has other arguments. The structs come from the header, whose folder is fastnn.get_include().
from libc.stdint cimport int32_t, int64_t, uint64_t


cdef extern from "fastnn.h" nogil:
    ctypedef struct fastnn_own_activation:
        void (*function)(const void* parameters, const void* z, void* a, void* slope, Py_ssize_t count) noexcept
        const void* parameters

    ctypedef struct fastnn_activation:
        int code
        double parameters[2]
        const fastnn_own_activation* own

    ctypedef struct fastnn_own_loss:
        void (*function)(const void* parameters, const void* z, const void* y, void* losses, void* d_z,
                         Py_ssize_t count) noexcept
        const void* parameters

    ctypedef struct fastnn_loss:
        int code
        int link
        double parameter
        const fastnn_own_loss* own

    ctypedef struct fastnn_network:
        const int64_t* widths
        const fastnn_activation* activations
        const int32_t* has_bias
        Py_ssize_t layers

    enum fastnn_status:
        FASTNN_OK
        FASTNN_NO_MEMORY
        FASTNN_UNKNOWN
        FASTNN_REMOVED

    enum fastnn_activation_code:
        FASTNN_ACTIVATION_OWN
        FASTNN_ACTIVATION_IDENTITY
        FASTNN_ACTIVATION_SIGMOID
        FASTNN_ACTIVATION_TANH
        FASTNN_ACTIVATION_SIGN
        FASTNN_ACTIVATION_RELU
        FASTNN_ACTIVATION_LEAKY_RELU
        FASTNN_ACTIVATION_ELU
        FASTNN_ACTIVATION_SELU
        FASTNN_ACTIVATION_GELU
        FASTNN_ACTIVATION_GELU_TANH
        FASTNN_ACTIVATION_SILU
        FASTNN_ACTIVATION_MISH
        FASTNN_ACTIVATION_SOFTPLUS
        FASTNN_ACTIVATION_SOFTSIGN
        FASTNN_ACTIVATION_HARD_SIGMOID
        FASTNN_ACTIVATION_HARD_TANH
        FASTNN_ACTIVATION_HARD_SWISH
        FASTNN_ACTIVATION_SOFTMAX
        FASTNN_ACTIVATION_LOG_SOFTMAX
        FASTNN_ACTIVATION_CELU
        FASTNN_ACTIVATION_SOFTSHRINK
        FASTNN_ACTIVATION_HARD_SHRINK
        FASTNN_ACTIVATION_TANH_SHRINK
        FASTNN_ACTIVATION_LOG_SIGMOID
        FASTNN_ACTIVATION_RELU6
        FASTNN_ACTIVATION_THRESHOLDED_RELU

    enum fastnn_loss_code:
        FASTNN_LOSS_OWN
        FASTNN_LOSS_SQUARED_ERROR
        FASTNN_LOSS_BINARY_CROSS_ENTROPY
        FASTNN_LOSS_CROSS_ENTROPY
        FASTNN_LOSS_ABSOLUTE
        FASTNN_LOSS_HUBER
        FASTNN_LOSS_LOG_COSH
        FASTNN_LOSS_POISSON
        FASTNN_LOSS_PINBALL
        FASTNN_LOSS_HINGE
        FASTNN_LOSS_TWEEDIE
        FASTNN_LOSS_FOCAL

    enum fastnn_link_code:
        FASTNN_LINK_IDENTITY
        FASTNN_LINK_SIGMOID
        FASTNN_LINK_SOFTMAX
        FASTNN_LINK_EXP


cdef int activation_of(int code, fastnn_activation* out) noexcept nogil
cdef int loss_of(int code, fastnn_loss* out) noexcept nogil
cdef int dense_forward_float32(const float* x, const float* w, const float* b, const fastnn_activation* activation,
                               float* out, Py_ssize_t n, Py_ssize_t i, Py_ssize_t o) noexcept nogil
cdef int dense_forward_float64(const double* x, const double* w, const double* b, const fastnn_activation* activation,
                               double* out, Py_ssize_t n, Py_ssize_t i, Py_ssize_t o) noexcept nogil
cdef int dense_backward_input_float32(const float* d_z, const float* w, float* out, Py_ssize_t n, Py_ssize_t i,
                                      Py_ssize_t o) noexcept nogil
cdef int dense_backward_input_float64(const double* d_z, const double* w, double* out, Py_ssize_t n, Py_ssize_t i,
                                      Py_ssize_t o) noexcept nogil
cdef int dense_backward_params_float32(const float* x, const float* d_z, float* d_w, float* d_b, Py_ssize_t n,
                                       Py_ssize_t i, Py_ssize_t o) noexcept nogil
cdef int dense_backward_params_float64(const double* x, const double* d_z, double* d_w, double* d_b, Py_ssize_t n,
                                       Py_ssize_t i, Py_ssize_t o) noexcept nogil
cdef int activation_forward_float32(const float* z, const fastnn_activation* activation, float* out, Py_ssize_t n,
                                    Py_ssize_t o) noexcept nogil
cdef int activation_forward_float64(const double* z, const fastnn_activation* activation, double* out, Py_ssize_t n,
                                    Py_ssize_t o) noexcept nogil
cdef int activation_backward_float32(const float* z, const float* a, const float* d_a,
                                     const fastnn_activation* activation, float* out, Py_ssize_t n,
                                     Py_ssize_t o) noexcept nogil
cdef int activation_backward_float64(const double* z, const double* a, const double* d_a,
                                     const fastnn_activation* activation, double* out, Py_ssize_t n,
                                     Py_ssize_t o) noexcept nogil
cdef int activation_tile_float32(const fastnn_activation* activation, const float* z, float* a, float* slope,
                                 Py_ssize_t count) noexcept nogil
cdef int activation_tile_float64(const fastnn_activation* activation, const double* z, double* a, double* slope,
                                 Py_ssize_t count) noexcept nogil
cdef int link_float32(const float* z, const fastnn_loss* loss, float* out, Py_ssize_t n, Py_ssize_t o) noexcept nogil
cdef int link_float64(const double* z, const fastnn_loss* loss, double* out, Py_ssize_t n,
                      Py_ssize_t o) noexcept nogil
cdef int loss_and_gradient_float32(const float* z, const float* y, const float* sample_weight,
                                   const fastnn_loss* loss, float* d_z, double* mean_loss, Py_ssize_t n,
                                   Py_ssize_t o) noexcept nogil
cdef int loss_and_gradient_float64(const double* z, const double* y, const double* sample_weight,
                                   const fastnn_loss* loss, double* d_z, double* mean_loss, Py_ssize_t n,
                                   Py_ssize_t o) noexcept nogil
cdef int sgd_step_float32(float* params, const float* d_params, float* velocity, double learning_rate,
                          double momentum, int nesterov, Py_ssize_t p) noexcept nogil
cdef int sgd_step_float64(double* params, const double* d_params, double* velocity, double learning_rate,
                          double momentum, int nesterov, Py_ssize_t p) noexcept nogil
cdef int adam_step_float32(float* params, const float* d_params, float* m, float* v, int64_t step,
                           double learning_rate, double beta_1, double beta_2, double epsilon,
                           Py_ssize_t p) noexcept nogil
cdef int adam_step_float64(double* params, const double* d_params, double* m, double* v, int64_t step,
                           double learning_rate, double beta_1, double beta_2, double epsilon,
                           Py_ssize_t p) noexcept nogil
cdef int rmsprop_step_float32(float* params, const float* d_params, float* v, double learning_rate, double rho,
                              double epsilon, Py_ssize_t p) noexcept nogil
cdef int rmsprop_step_float64(double* params, const double* d_params, double* v, double learning_rate, double rho,
                              double epsilon, Py_ssize_t p) noexcept nogil
cdef int adagrad_step_float32(float* params, const float* d_params, float* v, double learning_rate, double epsilon,
                              Py_ssize_t p) noexcept nogil
cdef int adagrad_step_float64(double* params, const double* d_params, double* v, double learning_rate, double epsilon,
                              Py_ssize_t p) noexcept nogil
cdef int adamw_step_float32(float* params, const float* d_params, float* m, float* v, int64_t step,
                            double learning_rate, double beta_1, double beta_2, double epsilon, double weight_decay,
                            Py_ssize_t p) noexcept nogil
cdef int adamw_step_float64(double* params, const double* d_params, double* m, double* v, int64_t step,
                            double learning_rate, double beta_1, double beta_2, double epsilon, double weight_decay,
                            Py_ssize_t p) noexcept nogil
cdef int nadam_step_float32(float* params, const float* d_params, float* m, float* v, int64_t step,
                            double learning_rate, double beta_1, double beta_2, double epsilon,
                            Py_ssize_t p) noexcept nogil
cdef int nadam_step_float64(double* params, const double* d_params, double* m, double* v, int64_t step,
                            double learning_rate, double beta_1, double beta_2, double epsilon,
                            Py_ssize_t p) noexcept nogil
cdef int adamax_step_float32(float* params, const float* d_params, float* m, float* u, int64_t step,
                             double learning_rate, double beta_1, double beta_2, double epsilon,
                             Py_ssize_t p) noexcept nogil
cdef int adamax_step_float64(double* params, const double* d_params, double* m, double* u, int64_t step,
                             double learning_rate, double beta_1, double beta_2, double epsilon,
                             Py_ssize_t p) noexcept nogil
cdef int adadelta_step_float32(float* params, const float* d_params, float* v, float* u, double learning_rate,
                               double rho, double epsilon, Py_ssize_t p) noexcept nogil
cdef int adadelta_step_float64(double* params, const double* d_params, double* v, double* u, double learning_rate,
                               double rho, double epsilon, Py_ssize_t p) noexcept nogil
cdef int lion_step_float32(float* params, const float* d_params, float* m, double learning_rate, double beta_1,
                           double beta_2, double weight_decay, Py_ssize_t p) noexcept nogil
cdef int lion_step_float64(double* params, const double* d_params, double* m, double learning_rate, double beta_1,
                           double beta_2, double weight_decay, Py_ssize_t p) noexcept nogil
cdef int clip_by_value_float32(float* d_params, double limit, Py_ssize_t p) noexcept nogil
cdef int clip_by_value_float64(double* d_params, double limit, Py_ssize_t p) noexcept nogil
cdef int clip_by_norm_float32(float* d_params, double limit, double* norm, Py_ssize_t p) noexcept nogil
cdef int clip_by_norm_float64(double* d_params, double limit, double* norm, Py_ssize_t p) noexcept nogil
cdef int ema_step_float32(float* average, const float* params, double decay, Py_ssize_t p) noexcept nogil
cdef int ema_step_float64(double* average, const double* params, double decay, Py_ssize_t p) noexcept nogil
cdef int dropout_float32(const float* x, double rate, uint64_t seed, int64_t step, int64_t layer, int64_t first_row,
                         float* out, Py_ssize_t n, Py_ssize_t o) noexcept nogil
cdef int dropout_float64(const double* x, double rate, uint64_t seed, int64_t step, int64_t layer, int64_t first_row,
                         double* out, Py_ssize_t n, Py_ssize_t o) noexcept nogil
cdef int network_forward_float32(const fastnn_network* network, const float* params, const float* x,
                                 const fastnn_loss* loss, int pairs, float* out, Py_ssize_t n) noexcept nogil
cdef int network_forward_float64(const fastnn_network* network, const double* params, const double* x,
                                 const fastnn_loss* loss, int pairs, double* out, Py_ssize_t n) noexcept nogil
cdef int predict_float32(const void* predictor, const float* x, float* out, Py_ssize_t n) noexcept nogil
cdef int predict_float64(const void* predictor, const double* x, double* out, Py_ssize_t n) noexcept nogil
