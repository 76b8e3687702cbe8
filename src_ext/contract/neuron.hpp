// The argument block of one neuron's epoch.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "contract/activations.hpp"

namespace fastnn {

// One neuron's epoch. Online (kernels/neuron/online.hpp), `neuron_online` takes rows until the deadline; batches of
// several rows (kernels/neuron/batches.hpp) take `neuron_gradient` and `neuron_add` for every slab of rows.
constexpr ptrdiff_t kNeuronBlocks = 16;      // of a slab
constexpr ptrdiff_t kNeuronBlockRows = 256;  // at most
constexpr ptrdiff_t kNeuronStride = 128;     // the parameters and what runs parallel to them are padded to a multiple

template <class T> struct NeuronEpoch {
  const T *x, *y, *sample_weight;  // sample_weight may be null
  const int64_t* order;            // rows to visit; null: 0 .. n-1
  ptrdiff_t n, i, batch_size;      // n: rows to visit
  Activation activation;
  const double* learning_rates;  // one per step
  ptrdiff_t stride;              // i + 1, padded
  T* params;                     // (stride,): w, then b
  double* total;                 // (i + 1): the sum of the parameters after every step; or null
  ptrdiff_t block_rows;          // rows to take at a time
  T* partial;                    // (kNeuronBlocks, stride): the gradient of each block; online, (stride,)
  double* gradient;              // (i + 1): of the batch so far, zero between batches; not online
  // progress
  ptrdiff_t next_row, slab_rows;
  double deadline;              // on the clock of `seconds()`
  double loss_sum, weight_sum;  // of all rows so far
  double batch_weight;          // of the batch so far
  double partial_loss[kNeuronBlocks], partial_weight[kNeuronBlocks];
};

}  // namespace fastnn
