// Argument blocks of a dense layer's kernels.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "contract/activations.hpp"

namespace fastnn {

template <class T> struct DenseForward {
  const T *x, *w, *b;  // b may be null
  T* out;
  ptrdiff_t n, i, o;
  Activation activation;
};

template <class T> struct DenseBackwardInput {
  const T *d_z, *w;
  T *out, *scratch;  // scratch: the packed transpose of w
  ptrdiff_t n, i, o;
};

template <class T> struct DenseBackwardParams {
  const T *x, *d_z;
  T *d_w, *d_b;
  ptrdiff_t n, i, o;
};

}  // namespace fastnn
