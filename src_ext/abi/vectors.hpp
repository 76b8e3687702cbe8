// What goes over flat vectors, and dropout, in the C interface.
#pragma once

#include "abi/calls.hpp"
#include "runtime/sums.hpp"

namespace fastnn {

// One step of the optimizer whose numbers beside the learning rate are `hyper`.
template <class T, int kSlots, class... Hyper>
int optimizer_step(int optimizer, T* params, const T* d_params, T* const (&slots)[kSlots], int64_t step,
                   double learning_rate, ptrdiff_t p, Hyper... hyper) {
  OptimizerStep<T> block = {optimizer, params, d_params, {}, p, step, learning_rate, {double(hyper)...}};
  for (int k = 0; k < kSlots; ++k) block.slots[k] = slots[k];
  return run(in_use->optimizer_step[kKind<T>], block);
}

template <class T>
int sgd_step(T* params, const T* d_params, T* velocity, double learning_rate, double momentum, int nesterov,
             ptrdiff_t p) {
  return optimizer_step(kSGD, params, d_params, {velocity}, 1, learning_rate, p, momentum, nesterov != 0);
}

template <class T>
int adam_step(T* params, const T* d_params, T* m, T* v, int64_t step, double learning_rate, double beta_1,
              double beta_2, double epsilon, ptrdiff_t p) {
  return optimizer_step(kAdam, params, d_params, {m, v}, step, learning_rate, p, beta_1, beta_2, epsilon);
}

template <class T>
int rmsprop_step(T* params, const T* d_params, T* v, double learning_rate, double rho, double epsilon, ptrdiff_t p) {
  return optimizer_step(kRMSprop, params, d_params, {v}, 1, learning_rate, p, rho, epsilon);
}

template <class T>
int adagrad_step(T* params, const T* d_params, T* v, double learning_rate, double epsilon, ptrdiff_t p) {
  return optimizer_step(kAdagrad, params, d_params, {v}, 1, learning_rate, p, epsilon);
}

template <class T>
int adamw_step(T* params, const T* d_params, T* m, T* v, int64_t step, double learning_rate, double beta_1,
               double beta_2, double epsilon, double weight_decay, ptrdiff_t p) {
  return optimizer_step(kAdamW, params, d_params, {m, v}, step, learning_rate, p, beta_1, beta_2, epsilon,
                        weight_decay);
}

template <class T>
int nadam_step(T* params, const T* d_params, T* m, T* v, int64_t step, double learning_rate, double beta_1,
               double beta_2, double epsilon, ptrdiff_t p) {
  return optimizer_step(kNAdam, params, d_params, {m, v}, step, learning_rate, p, beta_1, beta_2, epsilon);
}

template <class T>
int adamax_step(T* params, const T* d_params, T* m, T* u, int64_t step, double learning_rate, double beta_1,
                double beta_2, double epsilon, ptrdiff_t p) {
  return optimizer_step(kAdamax, params, d_params, {m, u}, step, learning_rate, p, beta_1, beta_2, epsilon);
}

template <class T>
int adadelta_step(T* params, const T* d_params, T* v, T* u, double learning_rate, double rho, double epsilon,
                  ptrdiff_t p) {
  return optimizer_step(kAdadelta, params, d_params, {v, u}, 1, learning_rate, p, rho, epsilon);
}

template <class T>
int lion_step(T* params, const T* d_params, T* m, double learning_rate, double beta_1, double beta_2,
              double weight_decay, ptrdiff_t p) {
  return optimizer_step(kLion, params, d_params, {m}, 1, learning_rate, p, beta_1, beta_2, weight_decay);
}

template <class T> int clip_by_value(T* d_params, double limit, ptrdiff_t p) {
  return run(in_use->clip_by_value[kKind<T>], FlatVector<T>{d_params, nullptr, nullptr, p, limit});
}

template <class T> int clip_by_norm(T* d_params, double limit, double* norm, ptrdiff_t p) {
  Scratch memory;
  double* const partial = take<double>(memory, blocks_of(p, kFlatGrain));
  if (!partial) return FASTNN_NO_MEMORY;
  run(in_use->sum_of_squares[kKind<T>], FlatVector<T>{d_params, nullptr, partial, p, limit});
  *norm = norm_of(partial, p);
  if (*norm > limit) run(in_use->scale[kKind<T>], FlatVector<T>{d_params, nullptr, nullptr, p, limit / *norm});
  return FASTNN_OK;
}

template <class T> int ema_step(T* average, const T* params, double decay, ptrdiff_t p) {
  return run(in_use->ema_step[kKind<T>], FlatVector<T>{average, params, nullptr, p, decay});
}

template <class T>
int dropout(const T* x, double rate, uint64_t seed, int64_t step, int64_t layer, int64_t first_row, T* out, ptrdiff_t n,
            ptrdiff_t o) {
  if (n == 0 || o == 0) return FASTNN_OK;
  return run(in_use->dropout[kKind<T>], Dropout<T>{x, out, n, o, rate, seed, step, layer, first_row});
}

}  // namespace fastnn
