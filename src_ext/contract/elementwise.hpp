// Argument blocks of kernels that go element by element: activations, losses, optimizers, flat vectors, dropout.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "contract/activations.hpp"
#include "contract/losses.hpp"
#include "contract/optimizers.hpp"

namespace fastnn {

template <class T> struct ActivationForward {
  const T* z;
  T* out;
  ptrdiff_t n, o;
  Activation activation;
};

template <class T> struct ActivationBackward {
  const T *z, *a, *d_a;
  T* out;
  ptrdiff_t n, o;
  Activation activation;
};

template <class T> struct Link {
  const T* z;
  T* out;
  ptrdiff_t n, o;
  int link;
};

template <class T> struct LossAndGradient {
  const T *z, *y, *sample_weight;  // sample_weight may be null
  T* d_z;
  double* partial;  // one sum for every kLossRows rows
  ptrdiff_t n, o;
  int loss;  // a LossCode, which counts where users_loss is null
  const UserLoss* users_loss;
  double parameter;     // of the loss: Huber's delta, the quantile
  double weight_total;  // of all rows
};

constexpr ptrdiff_t kLossRows = 256;

// One step on flat vectors. `hyper` has the optimizer's own numbers, in the order of contract/optimizers.hpp.
template <class T> struct OptimizerStep {
  int optimizer;
  T* params;
  const T* d_params;
  T* slots[kMaxSlots];
  ptrdiff_t count;
  int64_t step;  // from 1
  double learning_rate;
  double hyper[kMaxHyper];
};

// What is done to a flat vector, element by element or as a whole.
template <class T> struct FlatVector {
  T* values;
  const T* other;   // ema_step: the parameters
  double* partial;  // of sums: one for every kFlatGrain elements
  ptrdiff_t count;
  double number;  // the limit, the factor, the decay
};

constexpr ptrdiff_t kFlatGrain = 1024;

// out = x / (1 - rate) where a row's element is kept, else 0; the mask is a function of the numbers below.
template <class T> struct Dropout {
  const T* x;
  T* out;
  ptrdiff_t n, o;
  double rate;
  uint64_t seed;
  int64_t step;
  int64_t layer, first_row;
};

}  // namespace fastnn
