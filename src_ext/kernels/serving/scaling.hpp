// What scalers before a model do to rows, one operation after the other over memory: none may be contracted with the
// next, since each of them is rounded in NumPy.
#pragma once

#include "contract/serving.hpp"
#include "kernels/vector/simd.hpp"

namespace {

template <class T, class V, class Operation>
FASTNN_INLINE void for_features(const T* x, T* out, const V* values, ptrdiff_t i, Operation operation) {
  for (ptrdiff_t k = 0; k < i; ++k) out[k] = T(operation(V(x[k]), values[k]));
}

// NaN stays, and of equal numbers the bound comes, as in NumPy.
template <class T> FASTNN_INLINE void clip_features(const T* x, T* out, const T* bounds, ptrdiff_t i) {
  for (ptrdiff_t k = 0; k < i; ++k) {
    const T above = x[k] <= bounds[0] ? bounds[0] : x[k];
    out[k] = above >= bounds[1] ? bounds[1] : above;
  }
}

template <class T, class V>
void scale_features(int operation, const V* values, const T* x, T* out, ptrdiff_t i) {
  switch (operation) {
    case fastnn::kSubtractStep: return for_features(x, out, values, i, [](V a, V b) { return a - b; });
    case fastnn::kDivideStep: return for_features(x, out, values, i, [](V a, V b) { return a / b; });
    case fastnn::kMultiplyStep: return for_features(x, out, values, i, [](V a, V b) { return a * b; });
    case fastnn::kAddStep: return for_features(x, out, values, i, [](V a, V b) { return a + b; });
    default: return;
  }
}

// n rows of x (n, i) to out (n, i).
template <class T> void scale_rows(const fastnn::FrozenNetwork<T>& p, const T* x, T* out, ptrdiff_t n) {
  const ptrdiff_t i = p.shape.widths[0];
  for (ptrdiff_t r = 0; r < n; ++r) {
    T* const row = out + r * i;
    const T* from = x + r * i;
    for (ptrdiff_t s = 0; s < p.step_count; ++s, from = row) {
      const fastnn::ScalingStep& step = p.steps[s];
      if (step.operation == fastnn::kClipStep) clip_features(from, row, static_cast<const T*>(step.values), i);
      else if (step.in_double) scale_features(step.operation, static_cast<const double*>(step.values), from, row, i);
      else scale_features(step.operation, static_cast<const T*>(step.values), from, row, i);
    }
  }
}

}  // namespace
