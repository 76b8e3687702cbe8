// The C interface of fastnn, for C99 and C++.
//
// Copyright The fastnn developers. SPDX-License-Identifier: BSD-3-Clause
//
// fastnn.get_include() is the folder of this file. An extension module, or a program that embeds Python, includes
// Python.h before it and calls fastnn_import() once, with the GIL:
//
//     #include <Python.h>
//     #include "fastnn.h"
//
//     if (fastnn_import() == NULL) return NULL;  // an ImportError is set
//     fastnn_activation relu;
//     fastnn_activation_of(FASTNN_ACTIVATION_RELU, &relu);
//     fastnn_dense_forward_float32(x, w, b, &relu, out, n, i, o);
//
// Where there is no Python.h, as behind ctypes or cffi, the number that fastnn._core.api_address() returns is handed to
// fastnn_attach() instead. Nothing is linked: all functions are entries of one table, which fastnn_api describes. Each
// file that includes this header has a pointer to it; a program of several files may define FASTNN_TABLE as a pointer
// of its own before.
//
// What all functions have in common:
//   - They run in the calling thread, need no GIL, and any number of threads may call them at a time.
//   - Nothing is checked. Arrays are C-contiguous (rows one after the other), aligned to their elements, and outputs are
//     apart from everything else, except where it says "in place". Sizes are at least 0.
//   - n rows, i inputs and o outputs: x (n, i), w (i, o), b (o), and z, a, y, d_z, d_a (n, o). p parameters.
//   - They return FASTNN_OK or another fastnn_status. Then outputs are of no use.
//   - Results have the same bits as those of fastnn.kernels, whatever its number of threads.
//
// Versions: the table only grows at its end, and what is in these structs does not change. FASTNN_ABI_VERSION counts its
// growth: a program runs with the version of fastnn that it was compiled with and with all later ones. A function that
// is taken away stays in the table and returns FASTNN_REMOVED.
#ifndef FASTNN_H
#define FASTNN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// tools/generate_abi.py writes this: codes
#define FASTNN_ABI_VERSION 2

// The activations of the library, and one of your own. New ones come at the end.
enum fastnn_activation_code {
  FASTNN_ACTIVATION_OWN = -1,
  FASTNN_ACTIVATION_IDENTITY = 0,
  FASTNN_ACTIVATION_SIGMOID = 1,
  FASTNN_ACTIVATION_TANH = 2,
  FASTNN_ACTIVATION_SIGN = 3,
  FASTNN_ACTIVATION_RELU = 4,
  FASTNN_ACTIVATION_LEAKY_RELU = 5,
  FASTNN_ACTIVATION_ELU = 6,
  FASTNN_ACTIVATION_SELU = 7,
  FASTNN_ACTIVATION_GELU = 8,
  FASTNN_ACTIVATION_GELU_TANH = 9,
  FASTNN_ACTIVATION_SILU = 10,
  FASTNN_ACTIVATION_MISH = 11,
  FASTNN_ACTIVATION_SOFTPLUS = 12,
  FASTNN_ACTIVATION_SOFTSIGN = 13,
  FASTNN_ACTIVATION_HARD_SIGMOID = 14,
  FASTNN_ACTIVATION_HARD_TANH = 15,
  FASTNN_ACTIVATION_HARD_SWISH = 16,
  FASTNN_ACTIVATION_SOFTMAX = 17,
  FASTNN_ACTIVATION_LOG_SOFTMAX = 18,
  FASTNN_ACTIVATION_CELU = 19,
  FASTNN_ACTIVATION_SOFTSHRINK = 20,
  FASTNN_ACTIVATION_HARD_SHRINK = 21,
  FASTNN_ACTIVATION_TANH_SHRINK = 22,
  FASTNN_ACTIVATION_LOG_SIGMOID = 23,
  FASTNN_ACTIVATION_RELU6 = 24,
  FASTNN_ACTIVATION_THRESHOLDED_RELU = 25
};

// The losses of the library, and one of your own. New ones come at the end.
enum fastnn_loss_code {
  FASTNN_LOSS_OWN = -1,
  FASTNN_LOSS_SQUARED_ERROR = 0,
  FASTNN_LOSS_BINARY_CROSS_ENTROPY = 1,
  FASTNN_LOSS_CROSS_ENTROPY = 2,
  FASTNN_LOSS_ABSOLUTE = 3,
  FASTNN_LOSS_HUBER = 4,
  FASTNN_LOSS_LOG_COSH = 5,
  FASTNN_LOSS_POISSON = 6,
  FASTNN_LOSS_PINBALL = 7,
  FASTNN_LOSS_HINGE = 8,
  FASTNN_LOSS_TWEEDIE = 9,
  FASTNN_LOSS_FOCAL = 10
};

// What makes predictions of raw outputs.
enum fastnn_link_code {
  FASTNN_LINK_IDENTITY = 0,
  FASTNN_LINK_SIGMOID = 1,
  FASTNN_LINK_SOFTMAX = 2,
  FASTNN_LINK_EXP = 3
};
// until here

// What functions return.
enum fastnn_status {
  FASTNN_OK = 0,
  FASTNN_NO_MEMORY = 1,  // for what a function needs beside its arguments
  FASTNN_UNKNOWN = 2,    // a code that the library's lists do not have
  FASTNN_REMOVED = 3     // this version of the library does no longer have the function
};

// a = activation(z), and where slope is not NULL slope = da/dz, of `count` elements of one type: float or double as the
// function that is called. z and a may be the same memory. `parameters` is handed on from fastnn_own_activation.
typedef void (*fastnn_activation_function)(const void* parameters, const void* z, void* a, void* slope,
                                           ptrdiff_t count);

// An activation of your own, of single numbers.
typedef struct fastnn_own_activation {
  fastnn_activation_function function;
  const void* parameters;
} fastnn_own_activation;

// An activation: one of the library's with its parameters, which fastnn_activation_of() fills in, or your own.
typedef struct fastnn_activation {
  int code;                          // a fastnn_activation_code
  double parameters[2];              // of the library's; unused ones may be anything
  const fastnn_own_activation* own;  // read where the code is FASTNN_ACTIVATION_OWN
} fastnn_activation;

// For `count` numbers each, z and y are read; losses and d_z, the derivative of each loss by its z, are written. Weights
// and sums are the library's affair.
typedef void (*fastnn_loss_function)(const void* parameters, const void* z, const void* y, void* losses, void* d_z,
                                     ptrdiff_t count);

// A loss of your own, of single outputs.
typedef struct fastnn_own_loss {
  fastnn_loss_function function;
  const void* parameters;
} fastnn_own_loss;

// A loss and the link that makes a prediction of the raw output; fastnn_loss_of() fills in one of the library's.
typedef struct fastnn_loss {
  int code;                    // a fastnn_loss_code
  int link;                    // a fastnn_link_code
  double parameter;            // such as Huber's delta
  const fastnn_own_loss* own;  // read where the code is FASTNN_LOSS_OWN
} fastnn_loss;

// A network of dense layers.
typedef struct fastnn_network {
  const int64_t* widths;                 // layers + 1: the inputs, then each layer's outputs
  const fastnn_activation* activations;  // of each layer
  const int32_t* has_bias;               // of each layer
  ptrdiff_t layers;
} fastnn_network;

// The table of all functions.
typedef struct fastnn_api {
  int64_t version;      // FASTNN_ABI_VERSION of the library that runs
  int64_t size;         // of the table in bytes
  const char* library;  // fastnn.__version__

  // tools/generate_abi.py writes this: functions
  // One of the library's activations with the defaults of its parameters; FASTNN_UNKNOWN for another code.
  int (*activation_of)(int code, fastnn_activation* out);
  // One of the library's losses with its link and the default of its parameter; FASTNN_UNKNOWN for another code.
  int (*loss_of)(int code, fastnn_loss* out);
  // out = activation(x @ w + b); b may be NULL.
  int (*dense_forward_float32)(const float* x, const float* w, const float* b, const fastnn_activation* activation,
                               float* out, ptrdiff_t n, ptrdiff_t i, ptrdiff_t o);
  int (*dense_forward_float64)(const double* x, const double* w, const double* b, const fastnn_activation* activation,
                               double* out, ptrdiff_t n, ptrdiff_t i, ptrdiff_t o);
  // out = d_z @ w.T: the gradient of a layer's inputs.
  int (*dense_backward_input_float32)(const float* d_z, const float* w, float* out, ptrdiff_t n, ptrdiff_t i,
                                      ptrdiff_t o);
  int (*dense_backward_input_float64)(const double* d_z, const double* w, double* out, ptrdiff_t n, ptrdiff_t i,
                                      ptrdiff_t o);
  // d_w = x.T @ d_z, and d_b the sums of d_z's columns.
  int (*dense_backward_params_float32)(const float* x, const float* d_z, float* d_w, float* d_b, ptrdiff_t n,
                                       ptrdiff_t i, ptrdiff_t o);
  int (*dense_backward_params_float64)(const double* x, const double* d_z, double* d_w, double* d_b, ptrdiff_t n,
                                       ptrdiff_t i, ptrdiff_t o);
  // out = activation(z).
  int (*activation_forward_float32)(const float* z, const fastnn_activation* activation, float* out, ptrdiff_t n,
                                    ptrdiff_t o);
  int (*activation_forward_float64)(const double* z, const fastnn_activation* activation, double* out, ptrdiff_t n,
                                    ptrdiff_t o);
  // out = d_a * slope, where a = activation(z); of softmax d_a times the Jacobian.
  int (*activation_backward_float32)(const float* z, const float* a, const float* d_a,
                                     const fastnn_activation* activation, float* out, ptrdiff_t n, ptrdiff_t o);
  int (*activation_backward_float64)(const double* z, const double* a, const double* d_a,
                                     const fastnn_activation* activation, double* out, ptrdiff_t n, ptrdiff_t o);
  // a = activation(z) of a few numbers, and their slopes unless slope is NULL; of softmax and log_softmax one row of
  // count numbers, which has no slope. z and a may be the same memory. A call takes a few nanoseconds.
  int (*activation_tile_float32)(const fastnn_activation* activation, const float* z, float* a, float* slope,
                                 ptrdiff_t count);
  int (*activation_tile_float64)(const fastnn_activation* activation, const double* z, double* a, double* slope,
                                 ptrdiff_t count);
  // out = what z predicts under the loss, of which only the link is read.
  int (*link_float32)(const float* z, const fastnn_loss* loss, float* out, ptrdiff_t n, ptrdiff_t o);
  int (*link_float64)(const double* z, const fastnn_loss* loss, double* out, ptrdiff_t n, ptrdiff_t o);
  // The mean loss of z, and d_z its gradient. sample_weight (n) may be NULL; where all are zero, both are zero.
  int (*loss_and_gradient_float32)(const float* z, const float* y, const float* sample_weight, const fastnn_loss* loss,
                                   float* d_z, double* mean_loss, ptrdiff_t n, ptrdiff_t o);
  int (*loss_and_gradient_float64)(const double* z, const double* y, const double* sample_weight,
                                   const fastnn_loss* loss, double* d_z, double* mean_loss, ptrdiff_t n, ptrdiff_t o);
  // One step of SGD with momentum, in place.
  int (*sgd_step_float32)(float* params, const float* d_params, float* velocity, double learning_rate, double momentum,
                          int nesterov, ptrdiff_t p);
  int (*sgd_step_float64)(double* params, const double* d_params, double* velocity, double learning_rate,
                          double momentum, int nesterov, ptrdiff_t p);
  // One step of Adam, in place.
  int (*adam_step_float32)(float* params, const float* d_params, float* m, float* v, int64_t step, double learning_rate,
                           double beta_1, double beta_2, double epsilon, ptrdiff_t p);
  int (*adam_step_float64)(double* params, const double* d_params, double* m, double* v, int64_t step,
                           double learning_rate, double beta_1, double beta_2, double epsilon, ptrdiff_t p);
  // One step of RMSprop, in place.
  int (*rmsprop_step_float32)(float* params, const float* d_params, float* v, double learning_rate, double rho,
                              double epsilon, ptrdiff_t p);
  int (*rmsprop_step_float64)(double* params, const double* d_params, double* v, double learning_rate, double rho,
                              double epsilon, ptrdiff_t p);
  // One step of Adagrad, in place.
  int (*adagrad_step_float32)(float* params, const float* d_params, float* v, double learning_rate, double epsilon,
                              ptrdiff_t p);
  int (*adagrad_step_float64)(double* params, const double* d_params, double* v, double learning_rate, double epsilon,
                              ptrdiff_t p);
  // One step of AdamW, in place.
  int (*adamw_step_float32)(float* params, const float* d_params, float* m, float* v, int64_t step,
                            double learning_rate, double beta_1, double beta_2, double epsilon, double weight_decay,
                            ptrdiff_t p);
  int (*adamw_step_float64)(double* params, const double* d_params, double* m, double* v, int64_t step,
                            double learning_rate, double beta_1, double beta_2, double epsilon, double weight_decay,
                            ptrdiff_t p);
  // One step of NAdam, in place.
  int (*nadam_step_float32)(float* params, const float* d_params, float* m, float* v, int64_t step,
                            double learning_rate, double beta_1, double beta_2, double epsilon, ptrdiff_t p);
  int (*nadam_step_float64)(double* params, const double* d_params, double* m, double* v, int64_t step,
                            double learning_rate, double beta_1, double beta_2, double epsilon, ptrdiff_t p);
  // One step of Adamax, in place.
  int (*adamax_step_float32)(float* params, const float* d_params, float* m, float* u, int64_t step,
                             double learning_rate, double beta_1, double beta_2, double epsilon, ptrdiff_t p);
  int (*adamax_step_float64)(double* params, const double* d_params, double* m, double* u, int64_t step,
                             double learning_rate, double beta_1, double beta_2, double epsilon, ptrdiff_t p);
  // One step of Adadelta, in place.
  int (*adadelta_step_float32)(float* params, const float* d_params, float* v, float* u, double learning_rate,
                               double rho, double epsilon, ptrdiff_t p);
  int (*adadelta_step_float64)(double* params, const double* d_params, double* v, double* u, double learning_rate,
                               double rho, double epsilon, ptrdiff_t p);
  // One step of Lion, in place.
  int (*lion_step_float32)(float* params, const float* d_params, float* m, double learning_rate, double beta_1,
                           double beta_2, double weight_decay, ptrdiff_t p);
  int (*lion_step_float64)(double* params, const double* d_params, double* m, double learning_rate, double beta_1,
                           double beta_2, double weight_decay, ptrdiff_t p);
  // Every number of d_params within [-limit, limit], in place.
  int (*clip_by_value_float32)(float* d_params, double limit, ptrdiff_t p);
  int (*clip_by_value_float64)(double* d_params, double limit, ptrdiff_t p);
  // d_params scaled down to a Euclidean norm of at most limit, in place; norm: that before.
  int (*clip_by_norm_float32)(float* d_params, double limit, double* norm, ptrdiff_t p);
  int (*clip_by_norm_float64)(double* d_params, double limit, double* norm, ptrdiff_t p);
  // average = decay * average + (1 - decay) * params.
  int (*ema_step_float32)(float* average, const float* params, double decay, ptrdiff_t p);
  int (*ema_step_float64)(double* average, const double* params, double decay, ptrdiff_t p);
  // out = x / (1 - rate) where the mask of (seed, step, layer, row, column) keeps it, else 0.
  int (*dropout_float32)(const float* x, double rate, uint64_t seed, int64_t step, int64_t layer, int64_t first_row,
                         float* out, ptrdiff_t n, ptrdiff_t o);
  int (*dropout_float64)(const double* x, double rate, uint64_t seed, int64_t step, int64_t layer, int64_t first_row,
                         double* out, ptrdiff_t n, ptrdiff_t o);
  // out = the last layer's activation of n rows, or what that predicts under a loss that is not NULL. Where pairs is
  // not 0, a network of one output writes two columns before the link: its negative and itself, the classes of a
  // sigmoid neuron. params is one vector: of every layer w, row by row, and then b if it has one.
  int (*network_forward_float32)(const fastnn_network* network, const float* params, const float* x,
                                 const fastnn_loss* loss, int pairs, float* out, ptrdiff_t n);
  int (*network_forward_float64)(const fastnn_network* network, const double* params, const double* x,
                                 const fastnn_loss* loss, int pairs, double* out, ptrdiff_t n);
  // out = what a frozen predictor answers for n rows: (n, its n_outputs); a class comes as its number. In Python
  // fastnn.compile_predict makes it, and its `address` has this function and the handle, which lives as long as the
  // Python object does.
  int (*predict_float32)(const void* predictor, const float* x, float* out, ptrdiff_t n);
  int (*predict_float64)(const void* predictor, const double* x, double* out, ptrdiff_t n);
  // until here
} fastnn_api;

#ifndef FASTNN_TABLE
#define FASTNN_TABLE fastnn_table
static const fastnn_api* fastnn_table = NULL;
#endif

// tools/generate_abi.py writes this: names
#define fastnn_activation_of FASTNN_TABLE->activation_of
#define fastnn_loss_of FASTNN_TABLE->loss_of
#define fastnn_dense_forward_float32 FASTNN_TABLE->dense_forward_float32
#define fastnn_dense_forward_float64 FASTNN_TABLE->dense_forward_float64
#define fastnn_dense_backward_input_float32 FASTNN_TABLE->dense_backward_input_float32
#define fastnn_dense_backward_input_float64 FASTNN_TABLE->dense_backward_input_float64
#define fastnn_dense_backward_params_float32 FASTNN_TABLE->dense_backward_params_float32
#define fastnn_dense_backward_params_float64 FASTNN_TABLE->dense_backward_params_float64
#define fastnn_activation_forward_float32 FASTNN_TABLE->activation_forward_float32
#define fastnn_activation_forward_float64 FASTNN_TABLE->activation_forward_float64
#define fastnn_activation_backward_float32 FASTNN_TABLE->activation_backward_float32
#define fastnn_activation_backward_float64 FASTNN_TABLE->activation_backward_float64
#define fastnn_activation_tile_float32 FASTNN_TABLE->activation_tile_float32
#define fastnn_activation_tile_float64 FASTNN_TABLE->activation_tile_float64
#define fastnn_link_float32 FASTNN_TABLE->link_float32
#define fastnn_link_float64 FASTNN_TABLE->link_float64
#define fastnn_loss_and_gradient_float32 FASTNN_TABLE->loss_and_gradient_float32
#define fastnn_loss_and_gradient_float64 FASTNN_TABLE->loss_and_gradient_float64
#define fastnn_sgd_step_float32 FASTNN_TABLE->sgd_step_float32
#define fastnn_sgd_step_float64 FASTNN_TABLE->sgd_step_float64
#define fastnn_adam_step_float32 FASTNN_TABLE->adam_step_float32
#define fastnn_adam_step_float64 FASTNN_TABLE->adam_step_float64
#define fastnn_rmsprop_step_float32 FASTNN_TABLE->rmsprop_step_float32
#define fastnn_rmsprop_step_float64 FASTNN_TABLE->rmsprop_step_float64
#define fastnn_adagrad_step_float32 FASTNN_TABLE->adagrad_step_float32
#define fastnn_adagrad_step_float64 FASTNN_TABLE->adagrad_step_float64
#define fastnn_adamw_step_float32 FASTNN_TABLE->adamw_step_float32
#define fastnn_adamw_step_float64 FASTNN_TABLE->adamw_step_float64
#define fastnn_nadam_step_float32 FASTNN_TABLE->nadam_step_float32
#define fastnn_nadam_step_float64 FASTNN_TABLE->nadam_step_float64
#define fastnn_adamax_step_float32 FASTNN_TABLE->adamax_step_float32
#define fastnn_adamax_step_float64 FASTNN_TABLE->adamax_step_float64
#define fastnn_adadelta_step_float32 FASTNN_TABLE->adadelta_step_float32
#define fastnn_adadelta_step_float64 FASTNN_TABLE->adadelta_step_float64
#define fastnn_lion_step_float32 FASTNN_TABLE->lion_step_float32
#define fastnn_lion_step_float64 FASTNN_TABLE->lion_step_float64
#define fastnn_clip_by_value_float32 FASTNN_TABLE->clip_by_value_float32
#define fastnn_clip_by_value_float64 FASTNN_TABLE->clip_by_value_float64
#define fastnn_clip_by_norm_float32 FASTNN_TABLE->clip_by_norm_float32
#define fastnn_clip_by_norm_float64 FASTNN_TABLE->clip_by_norm_float64
#define fastnn_ema_step_float32 FASTNN_TABLE->ema_step_float32
#define fastnn_ema_step_float64 FASTNN_TABLE->ema_step_float64
#define fastnn_dropout_float32 FASTNN_TABLE->dropout_float32
#define fastnn_dropout_float64 FASTNN_TABLE->dropout_float64
#define fastnn_network_forward_float32 FASTNN_TABLE->network_forward_float32
#define fastnn_network_forward_float64 FASTNN_TABLE->network_forward_float64
#define fastnn_predict_float32 FASTNN_TABLE->predict_float32
#define fastnn_predict_float64 FASTNN_TABLE->predict_float64
// until here

// Takes the table at an address; NULL where it is older than this header.
static inline const fastnn_api* fastnn_attach(const void* address) {
  const fastnn_api* const table = (const fastnn_api*)address;
  if (table->version < FASTNN_ABI_VERSION || table->size < (int64_t)sizeof(fastnn_api)) return NULL;
  return FASTNN_TABLE = table;
}

#ifdef Py_PYTHON_H
// Imports fastnn and takes its table; NULL with an ImportError where there is none, or an older one than this header.
static inline const fastnn_api* fastnn_import(void) {
  PyObject* const module = PyImport_ImportModule("fastnn._core");
  PyObject* const capsule = module ? PyObject_GetAttrString(module, "_C_API") : NULL;
  const void* const address = capsule ? PyCapsule_GetPointer(capsule, "fastnn._core._C_API") : NULL;
  const fastnn_api* table = NULL;
  if (module && !capsule)
    PyErr_SetString(PyExc_ImportError, "fastnn, which is installed, has no C interface yet; install a newer fastnn");
  Py_XDECREF(module);  // sys.modules keeps it, and it keeps the table
  Py_XDECREF(capsule);
  if (!address) return NULL;
  table = fastnn_attach(address);
  if (!table)
    PyErr_Format(PyExc_ImportError,
                 "this module was compiled with version %d of fastnn's C interface, and fastnn %s, which is installed, "
                 "has version %d; install a newer fastnn",
                 FASTNN_ABI_VERSION, ((const fastnn_api*)address)->library, (int)((const fastnn_api*)address)->version);
  return table;
}
#endif

#ifdef __cplusplus
}
#endif

#endif  // FASTNN_H
