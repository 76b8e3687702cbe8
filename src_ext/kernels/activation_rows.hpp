// softmax and log_softmax: a whole row at a time. z and a, d_a and out may be the same memory.
#pragma once

#include "kernels/vector_math.hpp"

namespace {

// body(c, lanes) for each vector of a row; lanes < kLanes in the last one. A body is inlined twice, so that `lanes` is
// a constant and the masks are gone in all but the last vector.
#define FASTNN_BODY [&](ptrdiff_t c, int lanes) __attribute__((always_inline))

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

// The largest number of a row (-infinity where it has none): NaNs are passed over, they come back through the sum.
template <class T> FASTNN_INLINE T row_maximum(const T* z, ptrdiff_t count) {
  const Vec<T> lowest = splat<T>(T(-__builtin_inff()));
  Vec<T> top = lowest;
  for_vectors<T>(count, FASTNN_BODY {
    top = maximum<T>(first_or<T>(load_lanes<T>(z + c, lanes), lanes, lowest), top);
  });
  return max_lanes<T>(top);
}

template <class T> void softmax_row(const T* z, T* a, ptrdiff_t count) {
  const Vec<T> top = splat<T>(row_maximum<T>(z, count));
  Vec<T> sum = {};
  for_vectors<T>(count, FASTNN_BODY {
    const Vec<T> e = exp_of_negative<T>(load_lanes<T>(z + c, lanes) - top);
    store_lanes<T>(a + c, e, lanes);
    sum += first_or<T>(e, lanes, Vec<T>{});
  });
  const Vec<T> inverse = splat<T>(T(1) / sum_lanes<T>(sum));
  for_vectors<T>(count, FASTNN_BODY { store_lanes<T>(a + c, load_lanes<T>(a + c, lanes) * inverse, lanes); });
}

// An infinite maximum is not subtracted: +infinity in z gives NaN there and -infinity elsewhere, as in SciPy.
template <class T> void log_softmax_row(const T* z, T* a, ptrdiff_t count) {
  const T largest = row_maximum<T>(z, count);
  const Vec<T> top = splat<T>(largest - largest == T(0) ? largest : T(0));
  Vec<T> sum = {};
  for_vectors<T>(count, FASTNN_BODY {
    sum += first_or<T>(vexp<T>(load_lanes<T>(z + c, lanes) - top), lanes, Vec<T>{});
  });
  const Vec<T> log_sum = vlog<T>(splat<T>(sum_lanes<T>(sum)));
  for_vectors<T>(count, FASTNN_BODY {
    store_lanes<T>(a + c, (load_lanes<T>(z + c, lanes) - top) - log_sum, lanes);
  });
}

// d_z = a (d_a - sum a d_a).
template <class T> void softmax_backward_row(const T* a, const T* d_a, T* out, ptrdiff_t count) {
  Vec<T> sum = {};
  for_vectors<T>(count, FASTNN_BODY { sum += load_lanes<T>(a + c, lanes) * load_lanes<T>(d_a + c, lanes); });
  const Vec<T> mean = splat<T>(sum_lanes<T>(sum));
  for_vectors<T>(count, FASTNN_BODY {
    store_lanes<T>(out + c, load_lanes<T>(a + c, lanes) * (load_lanes<T>(d_a + c, lanes) - mean), lanes);
  });
}

// d_z = d_a - softmax sum d_a, softmax = exp(a); a <= 0.
template <class T> void log_softmax_backward_row(const T* a, const T* d_a, T* out, ptrdiff_t count) {
  Vec<T> sum = {};
  for_vectors<T>(count, FASTNN_BODY { sum += load_lanes<T>(d_a + c, lanes); });
  const Vec<T> total = splat<T>(sum_lanes<T>(sum));
  for_vectors<T>(count, FASTNN_BODY {
    const Vec<T> softmax = vexp<T>(load_lanes<T>(a + c, lanes));
    store_lanes<T>(out + c, load_lanes<T>(d_a + c, lanes) - softmax * total, lanes);
  });
}

#undef FASTNN_BODY

}  // namespace
