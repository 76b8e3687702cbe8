// Loops over the vectors of a row of any length: the tail runs the same body as the rest, with masks.
#pragma once

#include "kernels/vector/simd.hpp"

namespace {

// How a body for for_vectors begins.
#define FASTNN_BODY [&](ptrdiff_t c, int lanes) __attribute__((always_inline))

// body(c, lanes) for each vector of a row; lanes < kLanes in the last one. A body is inlined twice, so that `lanes` is
// a constant and the masks are gone in all but the last vector.
template <class T, class Body> FASTNN_INLINE void for_vectors(ptrdiff_t count, Body body) {
  ptrdiff_t c = 0;
  for (; c + kLanes<T> <= count; c += kLanes<T>) body(c, kLanes<T>);
  if (c < count) body(c, int(count - c));
}

template <class T> FASTNN_INLINE Vec<T> load_lanes(const T* p, int lanes) {
  return lanes == kLanes<T> ? load<T>(p) : load_first<T>(p, lanes);
}

template <class T> FASTNN_INLINE void store_lanes(T* p, Vec<T> v, int lanes) {
  if (lanes == kLanes<T>) store<T>(p, v);
  else store_first<T>(p, v, lanes);
}

// The first `lanes` lanes of v, `other` in the rest.
template <class T> FASTNN_INLINE Vec<T> first_or(Vec<T> v, int lanes, Vec<T> other) {
  return lanes == kLanes<T> ? v : (lane_index<T>() < Int<T>(lanes) ? v : other);
}

}  // namespace
