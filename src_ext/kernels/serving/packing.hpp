// The weights of a frozen predictor: of every layer its bias, then its panels (kernels/dense/gemm.hpp).
//
// Both are padded to whole vectors, weights with zeros and the bias with ones: so no output in the padding is ever zero,
// and a zero among the outputs is one of the layer's own (zeros.hpp).
#pragma once

#include "contract/kernels.hpp"
#include "contract/serving.hpp"
#include "kernels/dense/gemm.hpp"

namespace {

// A layer as tiles read it.
template <class T> struct PackedLayer {
  const T *b, *w;
  ptrdiff_t i, o, padded;  // padded: o rounded up to whole vectors
};

template <class T> FASTNN_INLINE ptrdiff_t packed_layer_size(ptrdiff_t i, ptrdiff_t o) {
  return (i + 1) * round_up<T>(o);
}

template <class T> ptrdiff_t predictor_size(const void* arguments) {
  const fastnn::NetworkShape& shape = static_cast<const fastnn::FrozenNetwork<T>*>(arguments)->shape;
  ptrdiff_t size = 0;
  for (ptrdiff_t l = 0; l < shape.layers; ++l) size += packed_layer_size<T>(shape.widths[l], shape.widths[l + 1]);
  return size;
}

// Layer l, which begins at `at`.
template <class T> FASTNN_INLINE PackedLayer<T> packed_layer(const fastnn::NetworkShape& shape, ptrdiff_t l,
                                                             const T* at) {
  const ptrdiff_t i = shape.widths[l], o = shape.widths[l + 1], padded = round_up<T>(o);
  return {at, at + padded, i, o, padded};
}

// Returns where the next layer goes.
template <class T> T* pack_layer(const T* w, const T* b, ptrdiff_t i, ptrdiff_t o, T* packed) {
  const ptrdiff_t padded = round_up<T>(o);
  for (ptrdiff_t c = 0; c < padded; ++c) *packed++ = c >= o ? T(1) : b ? b[c] : T(0);
  Meter meter;
  for (ptrdiff_t c0 = 0; c0 < padded; c0 += kPanel<T>) {
    const ptrdiff_t width = padded - c0 < kPanel<T> ? padded - c0 : kPanel<T>, left = o - c0;
    const ptrdiff_t columns = left < width ? left : width;
    for (ptrdiff_t k = 0; k < i; ++k, packed += width) {
      memcpy(packed, w + k * o + c0, size_t(columns) * sizeof(T));
      memset(packed + columns, 0, size_t(width - columns) * sizeof(T));
    }
    if (meter.stops(i * width * kCopyWork)) break;
  }
  return packed;
}

template <class T> void pack_predictor(const void* arguments) {
  const auto& p = *static_cast<const fastnn::FrozenNetwork<T>*>(arguments);
  const T* w = p.params;
  T* packed = p.packed;
  for (ptrdiff_t l = 0; l < p.shape.layers; ++l) {
    const ptrdiff_t i = p.shape.widths[l], o = p.shape.widths[l + 1];
    const T* b = p.shape.has_bias[l] ? w + i * o : nullptr;
    packed = pack_layer(w, b, i, o, packed);
    w += i * o + (b ? o : 0);
  }
}

}  // namespace
