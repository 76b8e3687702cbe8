// From the last layer's activation to what a predictor answers.
#pragma once

#include "contract/kernels.hpp"
#include "contract/serving.hpp"
#include "kernels/elementwise/softmax.hpp"

namespace {

template <class T> constexpr int kKindOf = sizeof(T) / 8;  // a place in the table of kernels

template <class T> FASTNN_INLINE const fastnn::Kernels& table_of(const fastnn::FrozenNetwork<T>& p) {
  return *static_cast<const fastnn::Kernels*>(p.table);
}

// softmax of one row that softmax_rows would turn: its sum is of one column after the other there, and so it is here.
template <class T> void softmax_of_narrow_row(T* z, ptrdiff_t o) {
  const Vec<T> top = splat<T>(row_maximum<T>(z, o));
  for_vectors<T>(o, FASTNN_BODY {
    store_lanes<T>(z + c, exp_of_negative<T>(load_lanes<T>(z + c, lanes) - top), lanes);
  });
  T sum = 0;
  for (ptrdiff_t c = 0; c < o; ++c) sum += z[c];
  const Vec<T> inverse = T(1) / splat<T>(sum);
  for_vectors<T>(o, FASTNN_BODY { store_lanes<T>(z + c, load_lanes<T>(z + c, lanes) * inverse, lanes); });
}

// The link of n rows, in place.
template <class T> void apply_link(const fastnn::FrozenNetwork<T>& p, T* out, ptrdiff_t n, ptrdiff_t o) {
  if (p.link == fastnn::kNoLink || p.link == fastnn::kIdentityLink) return;
  if (p.link == fastnn::kSoftmaxLink && n == 1 && softmax_is_narrow<T>(o)) {
    softmax_of_narrow_row<T>(out, o);
    return;
  }
  if (p.link == fastnn::kSigmoidLink) {
    const fastnn::Activation sigmoid = fastnn::listed_activation(fastnn::kSigmoid);
    table_of(p).activate[kKindOf<T>](&sigmoid, out, out, nullptr, n * o);
    return;
  }
  const fastnn::Link<T> block{out, out, n, o, p.link};
  table_of(p).link[kKindOf<T>](&block, 0, 1);
}

// The first of the largest, as NumPy has it: a NaN is larger than all else.
template <class T> FASTNN_INLINE ptrdiff_t place_of_largest(const T* z, ptrdiff_t o) {
  ptrdiff_t best = 0;
  for (ptrdiff_t c = 1; c < o && z[best] == z[best]; ++c)
    if (!(z[c] <= z[best])) best = c;
  return best;
}

template <class T> FASTNN_INLINE T class_of_row(const T* z, ptrdiff_t o, ptrdiff_t last_class) {
  const ptrdiff_t found = o == 1 ? ptrdiff_t(z[0] > T(0)) : place_of_largest(z, o);
  return T(found < last_class ? found : last_class);
}

// out of n rows from z (n, o), which may be out where the answer is values.
template <class T> void answer_rows(const fastnn::FrozenNetwork<T>& p, const T* z, T* out, ptrdiff_t n) {
  const ptrdiff_t o = p.shape.widths[p.shape.layers];
  switch (p.answer) {
    case fastnn::kPairsAnswer:
      for (ptrdiff_t r = 0; r < n; ++r) {
        out[2 * r] = -z[r];
        out[2 * r + 1] = z[r];
      }
      apply_link(p, out, n, 2);
      return;
    case fastnn::kClassAnswer:
      for (ptrdiff_t r = 0; r < n; ++r) out[r] = class_of_row(z + r * o, o, p.last_class);
      return;
    case fastnn::kLabelsAnswer:
      for (ptrdiff_t k = 0; k < n * o; ++k) out[k] = T(z[k] > T(0));
      return;
    case fastnn::kOnesAnswer:
      for (ptrdiff_t k = 0; k < n * p.columns; ++k) out[k] = T(1);
      return;
    default: apply_link(p, out, n, o);
  }
}

}  // namespace
