# What fastnn/_core.pxd offers, by the table of functions. Do not edit: tools/generate_abi.py writes this file.

cdef extern from "fastnn.h" nogil:
    int fastnn_activation_of(int code, fastnn_activation* out) noexcept
    int fastnn_loss_of(int code, fastnn_loss* out) noexcept
    int fastnn_dense_forward_float32(const float* x, const float* w, const float* b,
                                     const fastnn_activation* activation, float* out, Py_ssize_t n, Py_ssize_t i,
                                     Py_ssize_t o) noexcept
    int fastnn_dense_forward_float64(const double* x, const double* w, const double* b,
                                     const fastnn_activation* activation, double* out, Py_ssize_t n, Py_ssize_t i,
                                     Py_ssize_t o) noexcept
    int fastnn_dense_backward_input_float32(const float* d_z, const float* w, float* out, Py_ssize_t n, Py_ssize_t i,
                                            Py_ssize_t o) noexcept
    int fastnn_dense_backward_input_float64(const double* d_z, const double* w, double* out, Py_ssize_t n,
                                            Py_ssize_t i, Py_ssize_t o) noexcept
    int fastnn_dense_backward_params_float32(const float* x, const float* d_z, float* d_w, float* d_b, Py_ssize_t n,
                                             Py_ssize_t i, Py_ssize_t o) noexcept
    int fastnn_dense_backward_params_float64(const double* x, const double* d_z, double* d_w, double* d_b,
                                             Py_ssize_t n, Py_ssize_t i, Py_ssize_t o) noexcept
    int fastnn_activation_forward_float32(const float* z, const fastnn_activation* activation, float* out,
                                          Py_ssize_t n, Py_ssize_t o) noexcept
    int fastnn_activation_forward_float64(const double* z, const fastnn_activation* activation, double* out,
                                          Py_ssize_t n, Py_ssize_t o) noexcept
    int fastnn_activation_backward_float32(const float* z, const float* a, const float* d_a,
                                           const fastnn_activation* activation, float* out, Py_ssize_t n,
                                           Py_ssize_t o) noexcept
    int fastnn_activation_backward_float64(const double* z, const double* a, const double* d_a,
                                           const fastnn_activation* activation, double* out, Py_ssize_t n,
                                           Py_ssize_t o) noexcept
    int fastnn_activation_tile_float32(const fastnn_activation* activation, const float* z, float* a, float* slope,
                                       Py_ssize_t count) noexcept
    int fastnn_activation_tile_float64(const fastnn_activation* activation, const double* z, double* a, double* slope,
                                       Py_ssize_t count) noexcept
    int fastnn_link_float32(const float* z, const fastnn_loss* loss, float* out, Py_ssize_t n, Py_ssize_t o) noexcept
    int fastnn_link_float64(const double* z, const fastnn_loss* loss, double* out, Py_ssize_t n,
                            Py_ssize_t o) noexcept
    int fastnn_loss_and_gradient_float32(const float* z, const float* y, const float* sample_weight,
                                         const fastnn_loss* loss, float* d_z, double* mean_loss, Py_ssize_t n,
                                         Py_ssize_t o) noexcept
    int fastnn_loss_and_gradient_float64(const double* z, const double* y, const double* sample_weight,
                                         const fastnn_loss* loss, double* d_z, double* mean_loss, Py_ssize_t n,
                                         Py_ssize_t o) noexcept
    int fastnn_sgd_step_float32(float* params, const float* d_params, float* velocity, double learning_rate,
                                double momentum, int nesterov, Py_ssize_t p) noexcept
    int fastnn_sgd_step_float64(double* params, const double* d_params, double* velocity, double learning_rate,
                                double momentum, int nesterov, Py_ssize_t p) noexcept
    int fastnn_adam_step_float32(float* params, const float* d_params, float* m, float* v, int64_t step,
                                 double learning_rate, double beta_1, double beta_2, double epsilon,
                                 Py_ssize_t p) noexcept
    int fastnn_adam_step_float64(double* params, const double* d_params, double* m, double* v, int64_t step,
                                 double learning_rate, double beta_1, double beta_2, double epsilon,
                                 Py_ssize_t p) noexcept
    int fastnn_rmsprop_step_float32(float* params, const float* d_params, float* v, double learning_rate, double rho,
                                    double epsilon, Py_ssize_t p) noexcept
    int fastnn_rmsprop_step_float64(double* params, const double* d_params, double* v, double learning_rate,
                                    double rho, double epsilon, Py_ssize_t p) noexcept
    int fastnn_adagrad_step_float32(float* params, const float* d_params, float* v, double learning_rate,
                                    double epsilon, Py_ssize_t p) noexcept
    int fastnn_adagrad_step_float64(double* params, const double* d_params, double* v, double learning_rate,
                                    double epsilon, Py_ssize_t p) noexcept
    int fastnn_adamw_step_float32(float* params, const float* d_params, float* m, float* v, int64_t step,
                                  double learning_rate, double beta_1, double beta_2, double epsilon,
                                  double weight_decay, Py_ssize_t p) noexcept
    int fastnn_adamw_step_float64(double* params, const double* d_params, double* m, double* v, int64_t step,
                                  double learning_rate, double beta_1, double beta_2, double epsilon,
                                  double weight_decay, Py_ssize_t p) noexcept
    int fastnn_nadam_step_float32(float* params, const float* d_params, float* m, float* v, int64_t step,
                                  double learning_rate, double beta_1, double beta_2, double epsilon,
                                  Py_ssize_t p) noexcept
    int fastnn_nadam_step_float64(double* params, const double* d_params, double* m, double* v, int64_t step,
                                  double learning_rate, double beta_1, double beta_2, double epsilon,
                                  Py_ssize_t p) noexcept
    int fastnn_adamax_step_float32(float* params, const float* d_params, float* m, float* u, int64_t step,
                                   double learning_rate, double beta_1, double beta_2, double epsilon,
                                   Py_ssize_t p) noexcept
    int fastnn_adamax_step_float64(double* params, const double* d_params, double* m, double* u, int64_t step,
                                   double learning_rate, double beta_1, double beta_2, double epsilon,
                                   Py_ssize_t p) noexcept
    int fastnn_adadelta_step_float32(float* params, const float* d_params, float* v, float* u, double learning_rate,
                                     double rho, double epsilon, Py_ssize_t p) noexcept
    int fastnn_adadelta_step_float64(double* params, const double* d_params, double* v, double* u,
                                     double learning_rate, double rho, double epsilon, Py_ssize_t p) noexcept
    int fastnn_lion_step_float32(float* params, const float* d_params, float* m, double learning_rate, double beta_1,
                                 double beta_2, double weight_decay, Py_ssize_t p) noexcept
    int fastnn_lion_step_float64(double* params, const double* d_params, double* m, double learning_rate,
                                 double beta_1, double beta_2, double weight_decay, Py_ssize_t p) noexcept
    int fastnn_clip_by_value_float32(float* d_params, double limit, Py_ssize_t p) noexcept
    int fastnn_clip_by_value_float64(double* d_params, double limit, Py_ssize_t p) noexcept
    int fastnn_clip_by_norm_float32(float* d_params, double limit, double* norm, Py_ssize_t p) noexcept
    int fastnn_clip_by_norm_float64(double* d_params, double limit, double* norm, Py_ssize_t p) noexcept
    int fastnn_ema_step_float32(float* average, const float* params, double decay, Py_ssize_t p) noexcept
    int fastnn_ema_step_float64(double* average, const double* params, double decay, Py_ssize_t p) noexcept
    int fastnn_dropout_float32(const float* x, double rate, uint64_t seed, int64_t step, int64_t layer,
                               int64_t first_row, float* out, Py_ssize_t n, Py_ssize_t o) noexcept
    int fastnn_dropout_float64(const double* x, double rate, uint64_t seed, int64_t step, int64_t layer,
                               int64_t first_row, double* out, Py_ssize_t n, Py_ssize_t o) noexcept
    int fastnn_network_forward_float32(const fastnn_network* network, const float* params, const float* x,
                                       const fastnn_loss* loss, int pairs, float* out, Py_ssize_t n) noexcept
    int fastnn_network_forward_float64(const fastnn_network* network, const double* params, const double* x,
                                       const fastnn_loss* loss, int pairs, double* out, Py_ssize_t n) noexcept
    int fastnn_predict_float32(const void* predictor, const float* x, float* out, Py_ssize_t n) noexcept
    int fastnn_predict_float64(const void* predictor, const double* x, double* out, Py_ssize_t n) noexcept


cdef int activation_of(int code, fastnn_activation* out) noexcept nogil:
    return fastnn_activation_of(code, out)


cdef int loss_of(int code, fastnn_loss* out) noexcept nogil:
    return fastnn_loss_of(code, out)


cdef int dense_forward_float32(const float* x, const float* w, const float* b, const fastnn_activation* activation,
                               float* out, Py_ssize_t n, Py_ssize_t i, Py_ssize_t o) noexcept nogil:
    return fastnn_dense_forward_float32(x, w, b, activation, out, n, i, o)


cdef int dense_forward_float64(const double* x, const double* w, const double* b, const fastnn_activation* activation,
                               double* out, Py_ssize_t n, Py_ssize_t i, Py_ssize_t o) noexcept nogil:
    return fastnn_dense_forward_float64(x, w, b, activation, out, n, i, o)


cdef int dense_backward_input_float32(const float* d_z, const float* w, float* out, Py_ssize_t n, Py_ssize_t i,
                                      Py_ssize_t o) noexcept nogil:
    return fastnn_dense_backward_input_float32(d_z, w, out, n, i, o)


cdef int dense_backward_input_float64(const double* d_z, const double* w, double* out, Py_ssize_t n, Py_ssize_t i,
                                      Py_ssize_t o) noexcept nogil:
    return fastnn_dense_backward_input_float64(d_z, w, out, n, i, o)


cdef int dense_backward_params_float32(const float* x, const float* d_z, float* d_w, float* d_b, Py_ssize_t n,
                                       Py_ssize_t i, Py_ssize_t o) noexcept nogil:
    return fastnn_dense_backward_params_float32(x, d_z, d_w, d_b, n, i, o)


cdef int dense_backward_params_float64(const double* x, const double* d_z, double* d_w, double* d_b, Py_ssize_t n,
                                       Py_ssize_t i, Py_ssize_t o) noexcept nogil:
    return fastnn_dense_backward_params_float64(x, d_z, d_w, d_b, n, i, o)


cdef int activation_forward_float32(const float* z, const fastnn_activation* activation, float* out, Py_ssize_t n,
                                    Py_ssize_t o) noexcept nogil:
    return fastnn_activation_forward_float32(z, activation, out, n, o)


cdef int activation_forward_float64(const double* z, const fastnn_activation* activation, double* out, Py_ssize_t n,
                                    Py_ssize_t o) noexcept nogil:
    return fastnn_activation_forward_float64(z, activation, out, n, o)


cdef int activation_backward_float32(const float* z, const float* a, const float* d_a,
                                     const fastnn_activation* activation, float* out, Py_ssize_t n,
                                     Py_ssize_t o) noexcept nogil:
    return fastnn_activation_backward_float32(z, a, d_a, activation, out, n, o)


cdef int activation_backward_float64(const double* z, const double* a, const double* d_a,
                                     const fastnn_activation* activation, double* out, Py_ssize_t n,
                                     Py_ssize_t o) noexcept nogil:
    return fastnn_activation_backward_float64(z, a, d_a, activation, out, n, o)


cdef int activation_tile_float32(const fastnn_activation* activation, const float* z, float* a, float* slope,
                                 Py_ssize_t count) noexcept nogil:
    return fastnn_activation_tile_float32(activation, z, a, slope, count)


cdef int activation_tile_float64(const fastnn_activation* activation, const double* z, double* a, double* slope,
                                 Py_ssize_t count) noexcept nogil:
    return fastnn_activation_tile_float64(activation, z, a, slope, count)


cdef int link_float32(const float* z, const fastnn_loss* loss, float* out, Py_ssize_t n, Py_ssize_t o) noexcept nogil:
    return fastnn_link_float32(z, loss, out, n, o)


cdef int link_float64(const double* z, const fastnn_loss* loss, double* out, Py_ssize_t n,
                      Py_ssize_t o) noexcept nogil:
    return fastnn_link_float64(z, loss, out, n, o)


cdef int loss_and_gradient_float32(const float* z, const float* y, const float* sample_weight,
                                   const fastnn_loss* loss, float* d_z, double* mean_loss, Py_ssize_t n,
                                   Py_ssize_t o) noexcept nogil:
    return fastnn_loss_and_gradient_float32(z, y, sample_weight, loss, d_z, mean_loss, n, o)


cdef int loss_and_gradient_float64(const double* z, const double* y, const double* sample_weight,
                                   const fastnn_loss* loss, double* d_z, double* mean_loss, Py_ssize_t n,
                                   Py_ssize_t o) noexcept nogil:
    return fastnn_loss_and_gradient_float64(z, y, sample_weight, loss, d_z, mean_loss, n, o)


cdef int sgd_step_float32(float* params, const float* d_params, float* velocity, double learning_rate,
                          double momentum, int nesterov, Py_ssize_t p) noexcept nogil:
    return fastnn_sgd_step_float32(params, d_params, velocity, learning_rate, momentum, nesterov, p)


cdef int sgd_step_float64(double* params, const double* d_params, double* velocity, double learning_rate,
                          double momentum, int nesterov, Py_ssize_t p) noexcept nogil:
    return fastnn_sgd_step_float64(params, d_params, velocity, learning_rate, momentum, nesterov, p)


cdef int adam_step_float32(float* params, const float* d_params, float* m, float* v, int64_t step,
                           double learning_rate, double beta_1, double beta_2, double epsilon,
                           Py_ssize_t p) noexcept nogil:
    return fastnn_adam_step_float32(params, d_params, m, v, step, learning_rate, beta_1, beta_2, epsilon, p)


cdef int adam_step_float64(double* params, const double* d_params, double* m, double* v, int64_t step,
                           double learning_rate, double beta_1, double beta_2, double epsilon,
                           Py_ssize_t p) noexcept nogil:
    return fastnn_adam_step_float64(params, d_params, m, v, step, learning_rate, beta_1, beta_2, epsilon, p)


cdef int rmsprop_step_float32(float* params, const float* d_params, float* v, double learning_rate, double rho,
                              double epsilon, Py_ssize_t p) noexcept nogil:
    return fastnn_rmsprop_step_float32(params, d_params, v, learning_rate, rho, epsilon, p)


cdef int rmsprop_step_float64(double* params, const double* d_params, double* v, double learning_rate, double rho,
                              double epsilon, Py_ssize_t p) noexcept nogil:
    return fastnn_rmsprop_step_float64(params, d_params, v, learning_rate, rho, epsilon, p)


cdef int adagrad_step_float32(float* params, const float* d_params, float* v, double learning_rate, double epsilon,
                              Py_ssize_t p) noexcept nogil:
    return fastnn_adagrad_step_float32(params, d_params, v, learning_rate, epsilon, p)


cdef int adagrad_step_float64(double* params, const double* d_params, double* v, double learning_rate, double epsilon,
                              Py_ssize_t p) noexcept nogil:
    return fastnn_adagrad_step_float64(params, d_params, v, learning_rate, epsilon, p)


cdef int adamw_step_float32(float* params, const float* d_params, float* m, float* v, int64_t step,
                            double learning_rate, double beta_1, double beta_2, double epsilon, double weight_decay,
                            Py_ssize_t p) noexcept nogil:
    return fastnn_adamw_step_float32(params, d_params, m, v, step, learning_rate, beta_1, beta_2, epsilon,
                                     weight_decay, p)


cdef int adamw_step_float64(double* params, const double* d_params, double* m, double* v, int64_t step,
                            double learning_rate, double beta_1, double beta_2, double epsilon, double weight_decay,
                            Py_ssize_t p) noexcept nogil:
    return fastnn_adamw_step_float64(params, d_params, m, v, step, learning_rate, beta_1, beta_2, epsilon,
                                     weight_decay, p)


cdef int nadam_step_float32(float* params, const float* d_params, float* m, float* v, int64_t step,
                            double learning_rate, double beta_1, double beta_2, double epsilon,
                            Py_ssize_t p) noexcept nogil:
    return fastnn_nadam_step_float32(params, d_params, m, v, step, learning_rate, beta_1, beta_2, epsilon, p)


cdef int nadam_step_float64(double* params, const double* d_params, double* m, double* v, int64_t step,
                            double learning_rate, double beta_1, double beta_2, double epsilon,
                            Py_ssize_t p) noexcept nogil:
    return fastnn_nadam_step_float64(params, d_params, m, v, step, learning_rate, beta_1, beta_2, epsilon, p)


cdef int adamax_step_float32(float* params, const float* d_params, float* m, float* u, int64_t step,
                             double learning_rate, double beta_1, double beta_2, double epsilon,
                             Py_ssize_t p) noexcept nogil:
    return fastnn_adamax_step_float32(params, d_params, m, u, step, learning_rate, beta_1, beta_2, epsilon, p)


cdef int adamax_step_float64(double* params, const double* d_params, double* m, double* u, int64_t step,
                             double learning_rate, double beta_1, double beta_2, double epsilon,
                             Py_ssize_t p) noexcept nogil:
    return fastnn_adamax_step_float64(params, d_params, m, u, step, learning_rate, beta_1, beta_2, epsilon, p)


cdef int adadelta_step_float32(float* params, const float* d_params, float* v, float* u, double learning_rate,
                               double rho, double epsilon, Py_ssize_t p) noexcept nogil:
    return fastnn_adadelta_step_float32(params, d_params, v, u, learning_rate, rho, epsilon, p)


cdef int adadelta_step_float64(double* params, const double* d_params, double* v, double* u, double learning_rate,
                               double rho, double epsilon, Py_ssize_t p) noexcept nogil:
    return fastnn_adadelta_step_float64(params, d_params, v, u, learning_rate, rho, epsilon, p)


cdef int lion_step_float32(float* params, const float* d_params, float* m, double learning_rate, double beta_1,
                           double beta_2, double weight_decay, Py_ssize_t p) noexcept nogil:
    return fastnn_lion_step_float32(params, d_params, m, learning_rate, beta_1, beta_2, weight_decay, p)


cdef int lion_step_float64(double* params, const double* d_params, double* m, double learning_rate, double beta_1,
                           double beta_2, double weight_decay, Py_ssize_t p) noexcept nogil:
    return fastnn_lion_step_float64(params, d_params, m, learning_rate, beta_1, beta_2, weight_decay, p)


cdef int clip_by_value_float32(float* d_params, double limit, Py_ssize_t p) noexcept nogil:
    return fastnn_clip_by_value_float32(d_params, limit, p)


cdef int clip_by_value_float64(double* d_params, double limit, Py_ssize_t p) noexcept nogil:
    return fastnn_clip_by_value_float64(d_params, limit, p)


cdef int clip_by_norm_float32(float* d_params, double limit, double* norm, Py_ssize_t p) noexcept nogil:
    return fastnn_clip_by_norm_float32(d_params, limit, norm, p)


cdef int clip_by_norm_float64(double* d_params, double limit, double* norm, Py_ssize_t p) noexcept nogil:
    return fastnn_clip_by_norm_float64(d_params, limit, norm, p)


cdef int ema_step_float32(float* average, const float* params, double decay, Py_ssize_t p) noexcept nogil:
    return fastnn_ema_step_float32(average, params, decay, p)


cdef int ema_step_float64(double* average, const double* params, double decay, Py_ssize_t p) noexcept nogil:
    return fastnn_ema_step_float64(average, params, decay, p)


cdef int dropout_float32(const float* x, double rate, uint64_t seed, int64_t step, int64_t layer, int64_t first_row,
                         float* out, Py_ssize_t n, Py_ssize_t o) noexcept nogil:
    return fastnn_dropout_float32(x, rate, seed, step, layer, first_row, out, n, o)


cdef int dropout_float64(const double* x, double rate, uint64_t seed, int64_t step, int64_t layer, int64_t first_row,
                         double* out, Py_ssize_t n, Py_ssize_t o) noexcept nogil:
    return fastnn_dropout_float64(x, rate, seed, step, layer, first_row, out, n, o)


cdef int network_forward_float32(const fastnn_network* network, const float* params, const float* x,
                                 const fastnn_loss* loss, int pairs, float* out, Py_ssize_t n) noexcept nogil:
    return fastnn_network_forward_float32(network, params, x, loss, pairs, out, n)


cdef int network_forward_float64(const fastnn_network* network, const double* params, const double* x,
                                 const fastnn_loss* loss, int pairs, double* out, Py_ssize_t n) noexcept nogil:
    return fastnn_network_forward_float64(network, params, x, loss, pairs, out, n)


cdef int predict_float32(const void* predictor, const float* x, float* out, Py_ssize_t n) noexcept nogil:
    return fastnn_predict_float32(predictor, x, out, n)


cdef int predict_float64(const void* predictor, const double* x, double* out, Py_ssize_t n) noexcept nogil:
    return fastnn_predict_float64(predictor, x, out, n)
