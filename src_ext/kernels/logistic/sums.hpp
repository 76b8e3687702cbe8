// What the passes of logistic regression add up: sums over a block of rows in the type of X, over blocks in float64.
#pragma once

#include "kernels/elementwise/softmax.hpp"
#include "kernels/dense/gemm.hpp"

namespace {

// Rows of a block: few enough for float32 sums, and for X's block to stay in L2 between its uses.
constexpr ptrdiff_t kPassRows = 256;

constexpr int kHalf = FASTNN_VECTOR_BYTES / 8;
typedef float HalfF32 __attribute__((vector_size(FASTNN_VECTOR_BYTES / 2)));
typedef int32_t HalfI32 __attribute__((vector_size(FASTNN_VECTOR_BYTES / 2)));

// out[0 .. count) += v.
FASTNN_INLINE void add_to(double* out, VecF64 v, int count) {
  if (count >= kLanes<double>) store<double>(out, load<double>(out) + v);
  else store_first<double>(out, load_first<double>(out, count) + v, count);
}

FASTNN_INLINE void add_to(double* out, VecF32 v, int count) {
  HalfF32 half[2];
  memcpy(half, &v, sizeof v);
  add_to(out, __builtin_convertvector(half[0], VecF64), count);
  if (count > kHalf) add_to(out + kHalf, __builtin_convertvector(half[1], VecF64), count - kHalf);
}

// Lane r of the result is the sum over the lanes of v[r].
template <class T> FASTNN_INLINE Vec<T> sum_each(Vec<T> (&v)[kLanes<T>]) {
#pragma GCC unroll 4
  for (int width = 1; width < kLanes<T>; width *= 2) {
    // By vector arithmetic, which the compiler folds to constants.
    const IVec<T> lane = lane_index<T>(), is_second = (lane & Int<T>(width)) != 0;
    const IVec<T> low = lane + (is_second & Int<T>(kLanes<T> - width)), high = low + Int<T>(width);
#pragma GCC unroll 8
    for (int k = 0; k < kLanes<T> / (2 * width); ++k)
      v[k] = shuffle<T>(v[2 * k], v[2 * k + 1], low) + shuffle<T>(v[2 * k], v[2 * k + 1], high);
  }
  return v[0];
}

// Register tiles that end by adding to float64. `out` is where row 0 and column c_first go.
template <class T> struct DoubleTile {
  double* out;
  ptrdiff_t stride;
  ptrdiff_t c_first = 0;

  template <int MR, int NV> FASTNN_INLINE void start(Tile<T, MR, NV>& tile, ptrdiff_t, ptrdiff_t, int) {
#pragma GCC unroll 16
    for (int r = 0; r < MR; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v) tile.acc[r][v] = Vec<T>{};
  }

  template <int MR, int NV> FASTNN_INLINE void finish(Tile<T, MR, NV>& tile, ptrdiff_t r0, ptrdiff_t c0, int tail) {
#pragma GCC unroll 16
    for (int r = 0; r < MR; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v)
        add_to(out + (r0 + r) * stride + (c0 - c_first) + v * kLanes<T>, tile.acc[r][v],
               v == NV - 1 ? tail : kLanes<T>);
  }
};

// NV vectors of columns: first += sum of factor[r] x[r], and with SQUARES second += sum of weight[r] x[r]^2. Few
// vectors take several rows at a time, so that there are enough chains for the latency of an FMA.
template <class T, int NV, bool SQUARES>
FASTNN_INLINE void add_vectors(const T* x, ptrdiff_t stride, ptrdiff_t rows, int tail, const T* factor, const T* weight,
                               double* first, double* second) {
  constexpr int kRows = SQUARES ? 1 : NV == 1 ? 8 : NV == 2 ? 4 : NV <= 4 ? 2 : 1;
  Vec<T> sum[kRows][NV] = {}, squares[NV] = {};
  ptrdiff_t r = 0;
  const auto add_row = [&](Vec<T>(&into)[NV], ptrdiff_t row) __attribute__((always_inline)) {
    const Vec<T> by = splat<T>(factor[row]);
    Vec<T> square_by = {};
    if constexpr (SQUARES) square_by = splat<T>(weight[row]);
#pragma GCC unroll 8
    for (int v = 0; v < NV; ++v) {
      const T* p = x + row * stride + v * kLanes<T>;
      // Two blocks ahead, to L2: into L1 fewer lines can be under way (100,000 x 200 floats, one thread: 12 GB/s there,
      // 18 GB/s so).
      __builtin_prefetch(p + 2 * rows * stride, 0, 2);
      const Vec<T> value = v == NV - 1 ? load_first<T>(p, tail) : load<T>(p);
      into[v] += by * value;
      if constexpr (SQUARES) squares[v] += square_by * value * value;
    }
  };
  for (; r + kRows <= rows; r += kRows) {
#pragma GCC unroll 8
    for (int q = 0; q < kRows; ++q) add_row(sum[q], r + q);
  }
  for (; r < rows; ++r) add_row(sum[0], r);
#pragma GCC unroll 8
  for (int v = 0; v < NV; ++v) {
#pragma GCC unroll 8
    for (int q = 1; q < kRows; ++q) sum[0][v] += sum[q][v];
    const int count = v == NV - 1 ? tail : kLanes<T>;
    add_to(first + v * kLanes<T>, sum[0][v], count);
    if constexpr (SQUARES) add_to(second + v * kLanes<T>, squares[v], count);
  }
}

// The same for any number of columns, by panels of at most eight vectors.
template <class T, bool SQUARES>
__attribute__((noinline)) void add_columns(const T* x, ptrdiff_t stride, ptrdiff_t rows, ptrdiff_t columns,
                                           const T* factor, const T* weight, double* first, double* second) {
  for (ptrdiff_t c = 0; c < columns; c += 8 * kLanes<T>) {
    const ptrdiff_t left = columns - c < 8 * kLanes<T> ? columns - c : 8 * kLanes<T>;
    const int tail = int((left - 1) % kLanes<T>) + 1;
    const T* p = x + c;
    double *to = first + c, *to_squares = SQUARES ? second + c : nullptr;
#define FASTNN_PANEL(NV) \
  case NV: add_vectors<T, NV, SQUARES>(p, stride, rows, tail, factor, weight, to, to_squares); break;
    switch ((left - 1) / kLanes<T> + 1) {
      FASTNN_PANEL(1)
      FASTNN_PANEL(2)
      FASTNN_PANEL(3)
      FASTNN_PANEL(4)
      FASTNN_PANEL(5)
      FASTNN_PANEL(6)
      FASTNN_PANEL(7)
      FASTNN_PANEL(8)
    }
#undef FASTNN_PANEL
  }
}

template <class T> FASTNN_INLINE double sum_of(const T* values, ptrdiff_t count) {
  Vec<T> total = {};
  for_vectors<T>(count, [&](ptrdiff_t c, int lanes) __attribute__((always_inline)) {
    total += load_lanes<T>(values + c, lanes);
  });
  return double(sum_lanes<T>(total));
}

}  // namespace
