// A block of compressed sparse rows as the passes of logistic regression use it. Sums are float64 from the first, since
// here an addition costs the same in both types. Stored elements may come in any order and more than once.
#pragma once

#include "kernels/logistic/sums.hpp"
#include "contract/kernels.hpp"

namespace {

template <class T, class Index> struct SparseRows {
  using Real = double;
  const T* values;
  const Index *columns, *starts;
  ptrdiff_t i, wide;
  const double *w, *b;  // (i, wide) and (wide)

  static SparseRows of(const fastnn::Features& x, ptrdiff_t wide, const double* w, const double* b, double*) {
    return {static_cast<const T*>(x.values),
            static_cast<const Index*>(x.indices),
            static_cast<const Index*>(x.starts),
            x.i,
            wide,
            w,
            b};
  }

  static constexpr ptrdiff_t scratch(const fastnn::Features&) { return 0; }

  void scores(ptrdiff_t r0, ptrdiff_t rows, double* z) const {
    Meter meter;
    for (ptrdiff_t r = 0; r < rows; ++r) {
      const Index begin = starts[r0 + r], end = starts[r0 + r + 1];
      if (wide == 1) z[r] = row_score(begin, end) + b[0];
      else score_row(begin, end, z + r * wide);
      if (meter.stops(kCopyWork * wide * (end - begin))) return;
    }
  }

  void add(ptrdiff_t r0, ptrdiff_t rows, const double* factor, double* d_w) const {
    Meter meter;
    for (ptrdiff_t r = 0; r < rows; ++r) {
      const Index begin = starts[r0 + r], end = starts[r0 + r + 1];
      if (wide == 1) {
        const double by = factor[r];
        for (Index k = begin; k < end; ++k) d_w[columns[k]] += by * double(values[k]);
      } else {
        for (Index k = begin; k < end; ++k) add_row(double(values[k]), factor + r * wide, d_w, columns[k]);
      }
      if (meter.stops(kCopyWork * wide * (end - begin))) return;
    }
  }

  void add_with_squares(ptrdiff_t r0, ptrdiff_t rows, const double* factor, const double* weight, double* d_w,
                        double* squares) const {
    add(r0, rows, factor, d_w);
    Meter meter;
    for (ptrdiff_t r = 0; r < rows; ++r) {
      const Index begin = starts[r0 + r], end = starts[r0 + r + 1];
      for (Index k = begin; k < end; ++k) {
        const double square = double(values[k]) * double(values[k]);
        if (wide == 1) squares[columns[k]] += square * weight[r];
        else add_row(square, weight + r * wide, squares, columns[k]);
      }
      if (meter.stops(kCopyWork * wide * (end - begin))) return;
    }
  }

  // gram + gram.T += x.T @ diag(weight) @ x: every two elements of a row once, one with itself by half.
  void add_gram(ptrdiff_t r0, ptrdiff_t rows, const double* weight, double* gram) const {
    for (ptrdiff_t r = 0; r < rows; ++r) {
      const Index begin = starts[r0 + r], end = starts[r0 + r + 1];
      for (Index k = begin; k < end; ++k) {
        const double by = weight[r] * double(values[k]);
        double* row = gram + ptrdiff_t(columns[k]) * i;
        for (Index l = begin; l < k; ++l) row[columns[l]] += by * double(values[l]);
        row[columns[k]] += 0.5 * by * double(values[k]);
      }
    }
  }

 private:
  // Four chains, so that additions do not wait for each other.
  FASTNN_INLINE double row_score(Index begin, Index end) const {
    double sum[4] = {};
    Index k = begin;
    for (; k + 4 <= end; k += 4) {
#pragma GCC unroll 4
      for (int q = 0; q < 4; ++q) sum[q] += double(values[k + q]) * w[columns[k + q]];
    }
    for (; k < end; ++k) sum[0] += double(values[k]) * w[columns[k]];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
  }

  FASTNN_INLINE void score_row(Index begin, Index end, double* z) const {
    for (ptrdiff_t c = 0; c < wide; c += 2 * kLanes<double>) {
      if (wide - c > kLanes<double>) score_vectors<2>(begin, end, c, z);
      else score_vectors<1>(begin, end, c, z);
    }
  }

  template <int NV> FASTNN_INLINE void score_vectors(Index begin, Index end, ptrdiff_t c, double* z) const {
    VecF64 sum[NV];
#pragma GCC unroll 2
    for (int v = 0; v < NV; ++v) sum[v] = load<double>(b + c + v * kLanes<double>);
    for (Index k = begin; k < end; ++k) {
      const VecF64 by = splat<double>(double(values[k]));
      const double* row = w + ptrdiff_t(columns[k]) * wide + c;
#pragma GCC unroll 2
      for (int v = 0; v < NV; ++v) sum[v] += by * load<double>(row + v * kLanes<double>);
    }
#pragma GCC unroll 2
    for (int v = 0; v < NV; ++v) store<double>(z + c + v * kLanes<double>, sum[v]);
  }

  FASTNN_INLINE void add_row(double by, const double* factor, double* out, ptrdiff_t column) const {
    const VecF64 value = splat<double>(by);
    for (ptrdiff_t c = 0; c < wide; c += kLanes<double>)
      add_to(out + column * wide + c, value * load<double>(factor + c), kLanes<double>);
  }
};

}  // namespace
