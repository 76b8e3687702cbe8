// softmax and log_softmax: a whole row at a time. z and a, d_a and out may be the same memory.
#pragma once

#include "kernels/vector_math.hpp"

namespace {

// body(c, lanes) for each vector of a row; lanes < kLanes in the last one.
template <class T, class Body> FASTNN_INLINE void for_vectors(ptrdiff_t count, Body body) {
  for (ptrdiff_t c = 0; c < count; c += kLanes<T>) body(c, int(count - c < kLanes<T> ? count - c : kLanes<T>));
}

// The first `lanes` lanes of v, `other` in the rest.
template <class T> FASTNN_INLINE Vec<T> first_or(Vec<T> v, int lanes, Vec<T> other) {
  return lane_index<T>() < Int<T>(lanes) ? v : other;
}

// The largest number of a row (-infinity where it has none): NaNs are passed over, they come back through the sum.
template <class T> FASTNN_INLINE T row_maximum(const T* z, ptrdiff_t count) {
  const Vec<T> lowest = splat<T>(T(-__builtin_inff()));
  Vec<T> top = lowest;
  for_vectors<T>(count, [&](ptrdiff_t c, int lanes) {
    top = maximum<T>(first_or<T>(load_first<T>(z + c, lanes), lanes, lowest), top);
  });
  return max_lanes<T>(top);
}

template <class T> void softmax_row(const T* z, T* a, ptrdiff_t count) {
  const Vec<T> top = splat<T>(row_maximum<T>(z, count));
  Vec<T> sum = {};
  for_vectors<T>(count, [&](ptrdiff_t c, int lanes) {
    const Vec<T> e = exp_of_negative<T>(load_first<T>(z + c, lanes) - top);
    store_first<T>(a + c, e, lanes);
    sum += first_or<T>(e, lanes, Vec<T>{});
  });
  const Vec<T> inverse = splat<T>(T(1) / sum_lanes<T>(sum));
  for_vectors<T>(count, [&](ptrdiff_t c, int lanes) {
    store_first<T>(a + c, load_first<T>(a + c, lanes) * inverse, lanes);
  });
}

// An infinite maximum is not subtracted: +infinity in z gives NaN there and -infinity elsewhere, as in SciPy.
template <class T> void log_softmax_row(const T* z, T* a, ptrdiff_t count) {
  const T largest = row_maximum<T>(z, count);
  const Vec<T> top = splat<T>(largest - largest == T(0) ? largest : T(0));
  Vec<T> sum = {};
  for_vectors<T>(count, [&](ptrdiff_t c, int lanes) {
    sum += first_or<T>(vexp<T>(load_first<T>(z + c, lanes) - top), lanes, Vec<T>{});
  });
  const Vec<T> log_sum = vlog<T>(splat<T>(sum_lanes<T>(sum)));
  for_vectors<T>(count, [&](ptrdiff_t c, int lanes) {
    store_first<T>(a + c, (load_first<T>(z + c, lanes) - top) - log_sum, lanes);
  });
}

// d_z = a (d_a - sum a d_a).
template <class T> void softmax_backward_row(const T* a, const T* d_a, T* out, ptrdiff_t count) {
  Vec<T> sum = {};
  for_vectors<T>(count, [&](ptrdiff_t c, int lanes) {
    sum += load_first<T>(a + c, lanes) * load_first<T>(d_a + c, lanes);
  });
  const Vec<T> mean = splat<T>(sum_lanes<T>(sum));
  for_vectors<T>(count, [&](ptrdiff_t c, int lanes) {
    store_first<T>(out + c, load_first<T>(a + c, lanes) * (load_first<T>(d_a + c, lanes) - mean), lanes);
  });
}

// d_z = d_a - softmax sum d_a, softmax = exp(a).
template <class T> void log_softmax_backward_row(const T* a, const T* d_a, T* out, ptrdiff_t count) {
  Vec<T> sum = {};
  for_vectors<T>(count, [&](ptrdiff_t c, int lanes) { sum += load_first<T>(d_a + c, lanes); });
  const Vec<T> total = splat<T>(sum_lanes<T>(sum));
  for_vectors<T>(count, [&](ptrdiff_t c, int lanes) {
    const Vec<T> softmax = vexp<T>(load_first<T>(a + c, lanes));
    store_first<T>(out + c, load_first<T>(d_a + c, lanes) - softmax * total, lanes);
  });
}

}  // namespace
