// Frozen predictors in the C interface. A handle is what the binding's Predictor has of itself.
#pragma once

#include "abi/calls.hpp"
#include "contract/serving.hpp"

namespace fastnn {

template <class T> int predict(const void* predictor, const T* x, T* out, ptrdiff_t n) {
  if (n == 0) return FASTNN_OK;
  ptrdiff_t claimed = 0;
  Prediction<T> block = {predictor, x, out, nullptr, n, nullptr, &claimed};
  Scratch memory;
  block.scratch = take<T>(memory, in_use->predict_scratch[kKind<T>](&block));
  return block.scratch ? run(in_use->predict[kKind<T>], block) : FASTNN_NO_MEMORY;
}

}  // namespace fastnn
