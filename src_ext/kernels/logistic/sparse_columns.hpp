// A block of rows of a compressed sparse column matrix as the passes of logistic regression use it: scores are added up
// column by column, gradients are sums over a column. Where a block begins in each column is known beforehand
// (`cells`). For products of features with each other the block is turned into rows.
#pragma once

#include "kernels/logistic/sparse_rows.hpp"

namespace {

template <int NV> struct Vectors {
  static constexpr int count = NV;
};

template <class T, class Index> struct SparseColumns {
  using Real = double;
  const fastnn::Features& x;
  ptrdiff_t i, wide;
  const double *w, *b;  // (i, wide) and (wide)
  double* packed;       // of a block turned into rows

  static SparseColumns of(const fastnn::Features& x, ptrdiff_t wide, const double* w, const double* b, double* packed) {
    return {x, x.i, wide, w, b, packed};
  }

  void scores(ptrdiff_t r0, ptrdiff_t rows, double* z) const {
    for (ptrdiff_t r = 0; r < rows; ++r)
      for (ptrdiff_t c = 0; c < wide; ++c) z[r * wide + c] = b[c];
    for_columns(r0, [&](ptrdiff_t j, Index begin, Index end) __attribute__((always_inline)) {
      if (wide > 1) {
        add_column(begin, end, r0, w + j * wide, z);
        return;
      }
      const double by = w[j];
      for (Index k = begin; k < end; ++k) z[row(k) - r0] += by * double(value(k));
    });
  }

  void add(ptrdiff_t r0, ptrdiff_t, const double* factor, double* d_w) const {
    for_columns(r0, [&](ptrdiff_t j, Index begin, Index end) __attribute__((always_inline)) {
      if (wide == 1) d_w[j] += column_sum<false>(begin, end, r0, factor);
      else sum_column<false>(begin, end, r0, factor, d_w + j * wide);
    });
  }

  void add_with_squares(ptrdiff_t r0, ptrdiff_t rows, const double* factor, const double* weight, double* d_w,
                        double* squares) const {
    add(r0, rows, factor, d_w);
    for_columns(r0, [&](ptrdiff_t j, Index begin, Index end) __attribute__((always_inline)) {
      if (wide == 1) squares[j] += column_sum<true>(begin, end, r0, weight);
      else sum_column<true>(begin, end, r0, weight, squares + j * wide);
    });
  }

  // The block's entries sorted by row, within a row by column, in `packed`.
  SparseRows<T, Index> turned(ptrdiff_t r0, ptrdiff_t rows) const {
    Index *starts = reinterpret_cast<Index*>(packed), *columns = starts + (x.cut + 2);
    T* values = reinterpret_cast<T*>(packed + turned_indices(x));
    memset(starts, 0, size_t(rows + 2) * sizeof *starts);
    for_columns<false>(r0, [&](ptrdiff_t, Index begin, Index end) __attribute__((always_inline)) {
      for (Index k = begin; k < end; ++k) ++starts[row(k) - r0 + 2];
    });
    for (ptrdiff_t r = 1; r < rows; ++r) starts[r + 1] += starts[r];  // where row r begins
    for_columns<false>(r0, [&](ptrdiff_t j, Index begin, Index end) __attribute__((always_inline)) {
      for (Index k = begin; k < end; ++k) {
        const Index at = starts[row(k) - r0 + 1]++;
        columns[at] = Index(j);
        values[at] = value(k);
      }
    });
    return {values, columns, starts, i, wide, w, b};
  }

  // In float64, of what `turned` needs: its indices, and all.
  static ptrdiff_t turned_indices(const fastnn::Features& x) {
    return ((x.cut + 2 + x.fullest_block) * ptrdiff_t(sizeof(Index)) + 7) / 8;
  }
  static ptrdiff_t scratch(const fastnn::Features& x) {
    return turned_indices(x) + (x.fullest_block * ptrdiff_t(sizeof(T)) + 7) / 8;
  }

 private:
  ptrdiff_t row(Index k) const { return ptrdiff_t(static_cast<const Index*>(x.indices)[k]); }
  T value(Index k) const { return static_cast<const T*>(x.values)[k]; }

  // Calls use(column, begin, end) with the elements of each column that lie in the block of row r0. What others follow
  // as indices must be complete, whatever Ctrl-C wants.
  template <bool MAY_STOP = true, class Use> FASTNN_INLINE void for_columns(ptrdiff_t r0, const Use& use) const {
    const Index *begin = static_cast<const Index*>(x.cells) + r0 / x.cut * i, *end = begin + i;
    Meter meter;
    for (ptrdiff_t j = 0; j < i; ++j) {
      use(j, begin[j], end[j]);
      if (MAY_STOP && meter.stops(kCopyWork * wide * ptrdiff_t(end[j] - begin[j] + 1))) return;
    }
  }

  template <bool SQUARED> FASTNN_INLINE double element(Index k) const {
    return SQUARED ? double(value(k)) * double(value(k)) : double(value(k));
  }

  // Four chains, so that additions do not wait for each other.
  template <bool SQUARED>
  FASTNN_INLINE double column_sum(Index begin, Index end, ptrdiff_t r0, const double* factor) const {
    double sum[4] = {};
    Index k = begin;
    for (; k + 4 <= end; k += 4) {
#pragma GCC unroll 4
      for (int q = 0; q < 4; ++q) sum[q] += element<SQUARED>(k + q) * factor[row(k + q) - r0];
    }
    for (; k < end; ++k) sum[0] += element<SQUARED>(k) * factor[row(k) - r0];
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
  }

  // body(Vectors<NV>, c) for every panel of `wide`: two vectors, or one.
  template <class Body> FASTNN_INLINE void for_panels(const Body& body) const {
    for (ptrdiff_t c = 0; c < wide; c += 2 * kLanes<double>) {
      if (wide - c > kLanes<double>) body(Vectors<2>{}, c);
      else body(Vectors<1>{}, c);
    }
  }

  // z (rows, wide) += x_j times one row of w.
  FASTNN_INLINE void add_column(Index begin, Index end, ptrdiff_t r0, const double* by, double* z) const {
    for_panels([&](auto vectors, ptrdiff_t c) __attribute__((always_inline)) {
      constexpr int NV = decltype(vectors)::count;
      VecF64 factor[NV];
      for (int v = 0; v < NV; ++v) factor[v] = load<double>(by + c + v * kLanes<double>);
      for (Index k = begin; k < end; ++k) {
        double* to = z + (row(k) - r0) * wide + c;
        const VecF64 element = splat<double>(double(value(k)));
#pragma GCC unroll 2
        for (int v = 0; v < NV; ++v, to += kLanes<double>) store<double>(to, load<double>(to) + element * factor[v]);
      }
    });
  }

  // out (wide) += the sum over the column of x_j, or its square, times rows of factor (rows, wide).
  template <bool SQUARED>
  FASTNN_INLINE void sum_column(Index begin, Index end, ptrdiff_t r0, const double* factor, double* out) const {
    for_panels([&](auto vectors, ptrdiff_t c) __attribute__((always_inline)) {
      constexpr int NV = decltype(vectors)::count;
      VecF64 sum[2][NV] = {};  // of every second element: chains of their own
      const auto take = [&](VecF64(&into)[NV], Index k) __attribute__((always_inline)) {
        const double* from = factor + (row(k) - r0) * wide + c;
        const VecF64 by = splat<double>(element<SQUARED>(k));
#pragma GCC unroll 2
        for (int v = 0; v < NV; ++v) into[v] += by * load<double>(from + v * kLanes<double>);
      };
      Index k = begin;
      for (; k + 2 <= end; k += 2) take(sum[0], k), take(sum[1], k + 1);
      if (k < end) take(sum[0], k);
      for (int v = 0; v < NV; ++v) add_to(out + c + v * kLanes<double>, sum[0][v] + sum[1][v], kLanes<double>);
    });
  }
};

}  // namespace
