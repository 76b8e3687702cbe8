// Argument blocks of kernels that go element by element: activations, losses, optimizers, flat vectors, dropout.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace fastnn {

// An activation is a code of kernels/elementwise/activation.hpp, or the address of a user's own functions. `both`
// writes a and slope; z and a may be the same memory.
struct UserActivation {
  void (*value)(const void* z, void* a, ptrdiff_t count);
  void (*both)(const void* z, void* a, void* slope, ptrdiff_t count);
};

template <class T> struct ActivationForward {
  const T* z;
  T* out;
  ptrdiff_t n, o;
  int64_t activation;
};

template <class T> struct ActivationBackward {
  const T *z, *a, *d_a;
  T* out;
  ptrdiff_t n, o;
  int64_t activation;
};

template <class T> struct Link {
  const T* z;
  T* out;
  ptrdiff_t n, o;
  int loss;
};

template <class T> struct LossAndGradient {
  const T *z, *y, *sample_weight;  // sample_weight may be null
  T* d_z;
  double* partial;  // one sum for every kLossRows rows
  ptrdiff_t n, o;
  int loss;
  double parameter;     // of the loss: Huber's delta, the quantile
  double weight_total;  // of all rows
};

constexpr ptrdiff_t kLossRows = 256;

constexpr int kMaxSlots = 3;  // state vectors per parameter: two of an optimizer, and the parameters' average
constexpr int kMaxHyper = 4;

enum Optimizer : int { kSgd = 0, kAdam = 1, kRmsprop = 2, kAdagrad = 3, kAdamW = 4, kNadam = 5, kStoreGradient = -1 };

static inline int slots_of(int optimizer) {
  return optimizer == kStoreGradient ? 0 : optimizer == kAdam || optimizer == kAdamW || optimizer == kNadam ? 2 : 1;
}

// One step on flat vectors. `hyper` has the optimizer's own numbers, in the order of optimizers.py.
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
  double number;    // the limit, the factor, the decay
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
