// What the kernels and the binding agree on: one argument block per kernel, one table of kernels per instruction set.
//
// Every kernel is written for a team: `kernel(arguments, member, team)` does its share of the work, cut by shapes
// alone, and the pool (pool.hpp) calls it once per member. Sizes are ptrdiff_t, arrays C-contiguous. The blocks are
// templates over the element type; the table erases it (index 0: float, 1: double). Plain types only: this header is
// compiled for every instruction set.
#pragma once

#include <stddef.h>

#include "contract/dense.hpp"
#include "contract/elementwise.hpp"
#include "contract/features.hpp"
#include "contract/logistic.hpp"
#include "contract/network.hpp"
#include "contract/neuron.hpp"
#include "contract/share.hpp"
#include "contract/solvers.hpp"

namespace fastnn {

struct Kernels {
  const char* name;
  int vector_bytes;
  void (*dense_forward[2])(const void*, int, int);
  void (*dense_backward_input[2])(const void*, int, int);
  ptrdiff_t (*dense_backward_input_scratch[2])(ptrdiff_t i, ptrdiff_t o);  // elements
  void (*pack_transposed[2])(const void*);                                // fills scratch of dense_backward_input
  void (*dense_backward_params[2])(const void*, int, int);
  void (*activation_forward[2])(const void*, int, int);
  void (*activation_backward[2])(const void*, int, int);
  void (*link[2])(const void*, int, int);
  void (*loss_and_gradient[2])(const void*, int, int);
  void (*optimizer_step[2])(const void*, int, int);
  void (*clip_by_value[2])(const void*, int, int);
  void (*sum_of_squares[2])(const void*, int, int);
  void (*sum_of_nothing[2])(const void*, int, int);
  void (*scale[2])(const void*, int, int);
  void (*ema_step[2])(const void*, int, int);
  void (*dropout[2])(const void*, int, int);
  ptrdiff_t (*network_forward_scratch[2])(const void*);  // elements for one member
  void (*network_forward[2])(const void*, int, int);
  size_t (*epoch_workspace[2])(const void*);  // bytes
  void (*epoch_prepare[2])(void*);
  void (*epoch_run[2])(void*, int, int);
  void (*epoch_finish[2])(void*);
  void (*epoch_slots[2])(void*);
  void (*neuron_online[2])(void*);
  void (*neuron_gradient[2])(void*, int, int);
  void (*neuron_add[2])(void*);
  void (*column_sums)(const void*, int, int);  // of float64 alone, as the next five
  void (*quadratic_descent)(const void*, int, int);
  void (*column_descent)(const void*, int, int);
  void (*memory_backward)(const void*, int, int);
  void (*memory_forward)(const void*, int, int);
  double (*dot)(const double*, const double*, ptrdiff_t);
  size_t (*saga_workspace[2])(const void*);  // bytes
  void (*saga_epoch[2])(void*);
  size_t (*logistic_workspace[2])(const void*, int team);  // bytes
  void (*logistic_prepare[2])(void*);
  void (*logistic_rows[2])(const void*, int, int);  // every slot's sums,
  void (*logistic_sums[2])(const void*, int, int);  // their total,
  void (*logistic_finish[2])(void*);                // and what the caller wants of it
  ptrdiff_t (*gram_scratch[2])(const void*);        // elements for one member
  void (*gram_columns[2])(const void*, int, int);
  void (*gram_mirror[2])(const void*, int, int);
  double (*fma_peak[2])();  // FLOP/s of one core, measured by independent chains in registers
  double (*read_seconds[2])(const void*, ptrdiff_t, int);  // to read so many elements once, the best of so many runs
};

}  // namespace fastnn
