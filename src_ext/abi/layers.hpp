// Dense layers, activations and losses in the C interface. Kernels would go through the rows of what has no columns, so
// a call without outputs ends before.
#pragma once

#include "abi/calls.hpp"
#include "abi/loss_parameters.hpp"
#include "runtime/sums.hpp"

namespace fastnn {

static int activation_of(int code, fastnn_activation* out) {
  if (code < 0 || code >= kActivationCount) return FASTNN_UNKNOWN;
  const Activation listed = listed_activation(code);
  memcpy(out, &listed, sizeof *out);
  return FASTNN_OK;
}

static int loss_of(int code, fastnn_loss* out) {
  if (code < 0 || code >= kLossCount) return FASTNN_UNKNOWN;
  *out = {code, kListedLosses[code].link, kLossParameters[code], nullptr};
  return FASTNN_OK;
}

template <class T>
int dense_forward(const T* x, const T* w, const T* b, const fastnn_activation* activation, T* out, ptrdiff_t n,
                  ptrdiff_t i, ptrdiff_t o) {
  if (n == 0 || o == 0) return FASTNN_OK;
  return run(in_use->dense_forward[kKind<T>], DenseForward<T>{x, w, b, out, n, i, o, *contracts(activation)});
}

template <class T>
int dense_backward_input(const T* d_z, const T* w, T* out, ptrdiff_t n, ptrdiff_t i, ptrdiff_t o) {
  if (n == 0 || i == 0) return FASTNN_OK;
  Scratch memory;
  T* const scratch = take<T>(memory, in_use->dense_backward_input_scratch[kKind<T>](i, o));
  if (!scratch) return FASTNN_NO_MEMORY;
  const DenseBackwardInput<T> block{d_z, w, out, scratch, n, i, o};
  in_use->pack_transposed[kKind<T>](&block);
  return run(in_use->dense_backward_input[kKind<T>], block);
}

template <class T>
int dense_backward_params(const T* x, const T* d_z, T* d_w, T* d_b, ptrdiff_t n, ptrdiff_t i, ptrdiff_t o) {
  if (o == 0) return FASTNN_OK;
  return run(in_use->dense_backward_params[kKind<T>], DenseBackwardParams<T>{x, d_z, d_w, d_b, n, i, o});
}

template <class T>
int activation_forward(const T* z, const fastnn_activation* activation, T* out, ptrdiff_t n, ptrdiff_t o) {
  if (n == 0 || o == 0) return FASTNN_OK;
  return run(in_use->activation_forward[kKind<T>], ActivationForward<T>{z, out, n, o, *contracts(activation)});
}

template <class T>
int activation_backward(const T* z, const T* a, const T* d_a, const fastnn_activation* activation, T* out, ptrdiff_t n,
                        ptrdiff_t o) {
  if (n == 0 || o == 0) return FASTNN_OK;
  const ActivationBackward<T> block{z, a, d_a, out, n, o, *contracts(activation)};
  return run(in_use->activation_backward[kKind<T>], block);
}

template <class T>
int activation_tile(const fastnn_activation* activation, const T* z, T* a, T* slope, ptrdiff_t count) {
  in_use->activate[kKind<T>](contracts(activation), z, a, slope, count);
  return FASTNN_OK;
}

template <class T> int link(const T* z, const fastnn_loss* loss, T* out, ptrdiff_t n, ptrdiff_t o) {
  if (n == 0 || o == 0) return FASTNN_OK;
  return run(in_use->link[kKind<T>], Link<T>{z, out, n, o, loss->link});
}

template <class T>
int loss_and_gradient(const T* z, const T* y, const T* sample_weight, const fastnn_loss* loss, T* d_z,
                      double* mean_loss, ptrdiff_t n, ptrdiff_t o) {
  *mean_loss = 0;
  if (n == 0 || o == 0) return FASTNN_OK;
  Scratch memory;
  double* const partial = take<double>(memory, blocks_of(n, kLossRows));
  if (!partial) return FASTNN_NO_MEMORY;
  const double total = weight_total(sample_weight, n);
  const OwnLoss own(*loss);
  const LossAndGradient<T> block{z,          y,         sample_weight,   d_z,  partial, n, o,
                                 loss->code, own.users, loss->parameter, total};
  run(in_use->loss_and_gradient[kKind<T>], block);
  *mean_loss = sum_in_order(partial, blocks_of(n, kLossRows)) / total;
  return FASTNN_OK;
}

}  // namespace fastnn
