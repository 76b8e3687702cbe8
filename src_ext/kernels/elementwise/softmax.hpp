// softmax and log_softmax: a whole row at a time. z and a, d_a and out may be the same memory.
#pragma once

#include "kernels/vector/loops.hpp"
#include "kernels/vector/math.hpp"

namespace {

// The largest number of a row (-infinity where it has none): NaNs are passed over, they come back through the sum.
template <class T> FASTNN_INLINE T row_maximum(const T* z, ptrdiff_t count) {
  const Vec<T> lowest = splat<T>(T(-__builtin_inff()));
  Vec<T> top = lowest;
  for_vectors<T>(count, FASTNN_BODY {
    const Vec<T> v = load_lanes<T>(z + c, lanes);
    top = maximum<T>(first_or<T>(v, lanes, lowest), top);
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
    const Vec<T> e = vexp<T>(load_lanes<T>(z + c, lanes) - top);
    sum += first_or<T>(e, lanes, Vec<T>{});
  });
  const Vec<T> log_sum = vlog<T>(splat<T>(sum_lanes<T>(sum)));
  for_vectors<T>(count, FASTNN_BODY { store_lanes<T>(a + c, (load_lanes<T>(z + c, lanes) - top) - log_sum, lanes); });
}

// softmax or log_softmax of rows whose columns are these vectors: a lane is a row.
template <class T, bool kLog> FASTNN_INLINE void softmax_columns(Vec<T>* columns, int o) {
  Vec<T> top = splat<T>(T(-__builtin_inff())), sum = {};
  for (int c = 0; c < o; ++c) top = maximum<T>(columns[c], top);
  if constexpr (kLog) {
    top = top - top == Vec<T>{} ? top : Vec<T>{};
    for (int c = 0; c < o; ++c) sum += vexp<T>(columns[c] - top);
    const Vec<T> log_sum = vlog<T>(sum);
    for (int c = 0; c < o; ++c) columns[c] = (columns[c] - top) - log_sum;
  } else {
    for (int c = 0; c < o; ++c) sum += columns[c] = exp_of_negative<T>(columns[c] - top);
    const Vec<T> inverse = T(1) / sum;
    for (int c = 0; c < o; ++c) columns[c] *= inverse;
  }
}

// kLanes rows of a few columns (at most kSquares * kLanes), turned so that a lane is a row: no sums across lanes, and
// one logarithm for all rows (10 columns in float32: 24 to 7 ns a row). Rows beyond `count` repeat the last one.
template <class T, bool kLog, int kSquares>
FASTNN_INLINE void softmax_narrow(const T* z, T* a, ptrdiff_t stride, int count, int o) {
  constexpr int lanes = kLanes<T>;
  Vec<T> column[kSquares][lanes];
#pragma GCC unroll 2
  for (int s = 0; s < kSquares; ++s) {
    const int left = o - s * lanes < lanes ? o - s * lanes : lanes;
#pragma GCC unroll 16
    for (int r = 0; r < lanes; ++r)
      column[s][r] = load_first<T>(z + (r < count ? r : count - 1) * stride + s * lanes, left);
    transpose_square<T>(column[s]);
  }
  softmax_columns<T, kLog>(column[0], o);
#pragma GCC unroll 2
  for (int s = 0; s < kSquares; ++s) {
    const int left = o - s * lanes < lanes ? o - s * lanes : lanes;
    transpose_square<T>(column[s]);
#pragma GCC unroll 16
    for (int r = 0; r < lanes; ++r)
      if (r < count) store_first<T>(a + r * stride + s * lanes, column[s][r], left);
  }
}

template <class T, bool kLog, int kSquares>
void softmax_narrow_rows(const T* z, T* a, ptrdiff_t stride, ptrdiff_t n, int o) {
  for (ptrdiff_t r = 0; r < n; r += kLanes<T>) {
    const int count = int(n - r < kLanes<T> ? n - r : kLanes<T>);
    softmax_narrow<T, kLog, kSquares>(z + r * stride, a + r * stride, stride, count, o);
  }
}

// Whether rows of so many columns are worked on with a lane for a row.
template <class T> FASTNN_INLINE bool softmax_is_narrow(ptrdiff_t o) {
  return o > 0 && o <= 2 * kLanes<T> && kLanes<T> >= 8;
}

// softmax or log_softmax of n rows; the way depends on o alone, so no row's result depends on the others.
template <class T, bool kLog> void softmax_rows(const T* z, T* a, ptrdiff_t stride, ptrdiff_t n, ptrdiff_t o) {
  if (softmax_is_narrow<T>(o)) {
    if (o <= kLanes<T>) softmax_narrow_rows<T, kLog, 1>(z, a, stride, n, int(o));
    else softmax_narrow_rows<T, kLog, 2>(z, a, stride, n, int(o));
    return;
  }
  for (ptrdiff_t r = 0; r < n; ++r) {
    if constexpr (kLog) log_softmax_row<T>(z + r * stride, a + r * stride, o);
    else softmax_row<T>(z + r * stride, a + r * stride, o);
  }
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

// --- both as structs, by which kernels tell them apart ---------------------------------------------------------------

struct Softmax {
  static constexpr bool kLog = false;
  template <class T> static FASTNN_INLINE void backward_row(const T* a, const T* d_a, T* out, ptrdiff_t count) {
    softmax_backward_row<T>(a, d_a, out, count);
  }
};

struct LogSoftmax {
  static constexpr bool kLog = true;
  template <class T> static FASTNN_INLINE void backward_row(const T* a, const T* d_a, T* out, ptrdiff_t count) {
    log_softmax_backward_row<T>(a, d_a, out, count);
  }
};

}  // namespace
