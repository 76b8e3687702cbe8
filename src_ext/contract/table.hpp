// All kernels of the instruction set that this translation unit is compiled for, as one table.
#pragma once

#include "kernels/solvers/coordinate_descent.hpp"
#include "kernels/network/epoch.hpp"
#include "kernels/elementwise/clip.hpp"
#include "kernels/logistic/gram.hpp"
#include "kernels/solvers/lbfgs.hpp"
#include "kernels/logistic/passes.hpp"
#include "kernels/network/forward.hpp"
#include "kernels/neuron/batches.hpp"
#include "kernels/machine/peak.hpp"
#include "kernels/solvers/saga.hpp"

// Both element types of a kernel.
#define FASTNN_PAIR(kernel) {kernel<float>, kernel<double>}

#define FASTNN_DEFINE_TABLE(level)                                             \
  extern "C" const fastnn::Kernels fastnn_kernels_##level = {                  \
      #level,                                                                  \
      FASTNN_VECTOR_BYTES,                                                     \
      FASTNN_PAIR(dense_forward),                                              \
      FASTNN_PAIR(dense_backward_input),                                       \
      FASTNN_PAIR(dense_backward_input_scratch),                               \
      FASTNN_PAIR(pack_transposed),                                            \
      FASTNN_PAIR(dense_backward_params),                                      \
      FASTNN_PAIR(activation_forward),                                         \
      FASTNN_PAIR(activation_backward),                                        \
      FASTNN_PAIR(link),                                                       \
      FASTNN_PAIR(loss_and_gradient),                                          \
      FASTNN_PAIR(optimizer_step),                                             \
      FASTNN_PAIR(clip_by_value),                                              \
      FASTNN_PAIR(sum_of_squares),                                             \
      FASTNN_PAIR(sum_of_nothing),                                             \
      FASTNN_PAIR(scale),                                                      \
      FASTNN_PAIR(ema_step),                                                   \
      FASTNN_PAIR(dropout),                                                    \
      FASTNN_PAIR(network_forward_scratch),                                    \
      FASTNN_PAIR(network_forward),                                            \
      FASTNN_PAIR(epoch_workspace),                                            \
      FASTNN_PAIR(epoch_prepare),                                              \
      FASTNN_PAIR(epoch_run),                                                  \
      FASTNN_PAIR(epoch_finish),                                               \
      FASTNN_PAIR(epoch_slots),                                                \
      FASTNN_PAIR(neuron_online),                                              \
      FASTNN_PAIR(neuron_gradient),                                            \
      FASTNN_PAIR(neuron_add),                                                 \
      column_sums,                                                             \
      quadratic_descent,                                                       \
      column_descent,                                                          \
      memory_backward,                                                         \
      memory_forward,                                                          \
      dot,                                                                     \
      FASTNN_PAIR(saga_workspace),                                             \
      FASTNN_PAIR(saga_epoch),                                                 \
      FASTNN_PAIR(logistic_workspace),                                         \
      FASTNN_PAIR(logistic_prepare),                                           \
      FASTNN_PAIR(logistic_rows),                                              \
      FASTNN_PAIR(logistic_sums),                                              \
      FASTNN_PAIR(logistic_finish),                                            \
      FASTNN_PAIR(gram_scratch),                                               \
      FASTNN_PAIR(gram_columns),                                               \
      FASTNN_PAIR(gram_mirror),                                                \
      FASTNN_PAIR(fma_peak),                                                   \
      FASTNN_PAIR(read_seconds),                                               \
  }
