// A block of dense rows as the passes of logistic regression use it: scores, and sums weighted by row.
#pragma once

#include "kernels/dense/dense.hpp"
#include "kernels/logistic/sums.hpp"
#include "contract/kernels.hpp"

namespace {

// x.T @ diag(weight) @ x over a block of rows, columns [c0, c1) of it down to the diagonal, added to out, where column
// c0 goes first. A panel of x is copied with its weights, so the product is that of d_w.
template <class T>
FASTNN_INLINE void add_gram_columns(const T* x, ptrdiff_t stride, ptrdiff_t rows, const T* weight, ptrdiff_t c0,
                                    ptrdiff_t c1, T* packed, double* out, ptrdiff_t out_stride) {
  const ptrdiff_t width = round_up<T>(c1 - c0);
  for (ptrdiff_t r = 0; r < rows; ++r) {
    const Vec<T> by = splat<T>(weight[r]);
    for_vectors<T>(c1 - c0, [&](ptrdiff_t c, int lanes) __attribute__((always_inline)) {
      store<T>(packed + r * width + c, by * load_lanes<T>(x + r * stride + c0 + c, lanes));
    });
  }
  DoubleTile<T> policy{out, out_stride, c0};
  multiply<T, true>(StridedRows<T>{x, stride}, PackedColumns<T>{packed, rows, c0}, rows, policy, 0, c1, c0, c1);
}

template <class T> struct DenseRows {
  using Real = T;
  const T* x;
  ptrdiff_t stride, i, wide;  // wide: outputs, padded to whole vectors if there are several
  const T *w, *b;             // (i, wide) and (wide); zeros where there is no b
  T* packed;                  // kPassRows * kPanel

  static DenseRows of(const fastnn::Features& x, ptrdiff_t wide, const T* w, const T* b, T* packed) {
    return {static_cast<const T*>(x.values), x.stride, x.i, wide, w, b, packed};
  }

  static constexpr ptrdiff_t scratch(const fastnn::Features&) { return kPassRows * kPanel<T>; }

  void scores(ptrdiff_t r0, ptrdiff_t rows, T* z) const {
    if (wide > 1) {
      ForwardTile<T> policy{z, wide, b, false};
      const StridedRows<T> left{x + r0 * stride, stride};
      multiply_in_pieces<T, false>(left, PlainColumns<T>{w, wide}, i, policy, 0, rows, 0, wide);
      return;
    }
    ptrdiff_t r = 0;
    for (; r + kLanes<T> <= rows; r += kLanes<T>) store<T>(z + r, dot_each<true>(r0 + r, kLanes<T>) + b[0]);
    if (r < rows) store_first<T>(z + r, dot_each<false>(r0 + r, int(rows - r)) + b[0], int(rows - r));
  }

  // d_w (i, wide) += x.T @ factor
  void add(ptrdiff_t r0, ptrdiff_t rows, const T* factor, double* d_w) const {
    if (wide > 1) {
      DoubleTile<T> policy{d_w, wide};
      const StridedRows<T> left{x + r0 * stride, stride};
      multiply_in_pieces<T, true>(left, PlainColumns<T>{factor, wide}, rows, policy, 0, i, 0, wide);
    } else {
      add_columns<T, false>(x + r0 * stride, stride, rows, i, factor, nullptr, d_w, nullptr);
    }
  }

  // ... and squares (i, wide) += (x * x).T @ weight
  void add_with_squares(ptrdiff_t r0, ptrdiff_t rows, const T* factor, const T* weight, double* d_w,
                        double* squares) const {
    if (wide == 1) {
      add_columns<T, true>(x + r0 * stride, stride, rows, i, factor, weight, d_w, squares);
      return;
    }
    add(r0, rows, factor, d_w);
    Meter meter;
    for (ptrdiff_t r = 0; r < rows; ++r) {
      for (ptrdiff_t j = 0; j < i; ++j) {
        const T value = x[(r0 + r) * stride + j];
        const Vec<T> square = splat<T>(value * value);
        for (ptrdiff_t c = 0; c < wide; c += kLanes<T>)
          add_to(squares + j * wide + c, square * load<T>(weight + r * wide + c), kLanes<T>);
      }
      if (meter.stops(kCopyWork * i * wide)) return;
    }
  }

  // gram (i, i), its upper triangle, += x.T @ diag(weight) @ x
  void add_gram(ptrdiff_t r0, ptrdiff_t rows, const T* weight, double* gram) const {
    for (ptrdiff_t c0 = 0; c0 < i; c0 += kPanel<T>) {
      const ptrdiff_t c1 = c0 + kPanel<T> < i ? c0 + kPanel<T> : i;
      add_gram_columns<T>(x + r0 * stride, stride, rows, weight, c0, c1, packed, gram + c0, i);
    }
  }

 private:
  // x . w of so many rows, a lane each; where they do not fill the lanes, the last one again.
  template <bool IS_FULL> FASTNN_INLINE Vec<T> dot_each(ptrdiff_t r0, int rows) const {
    constexpr int lanes = kLanes<T>;
    const T* row[lanes];
    Vec<T> sum[lanes] = {};
    row[0] = x + r0 * stride;
#pragma GCC unroll 16
    for (int r = 1; r < lanes; ++r) row[r] = row[r - 1] + (IS_FULL || r < rows ? stride : 0);
    for_vectors<T>(i, [&](ptrdiff_t c, int count) __attribute__((always_inline)) {
      const Vec<T> by = load_lanes<T>(w + c, count);
#pragma GCC unroll 16
      for (int r = 0; r < lanes; ++r) sum[r] += by * load_lanes<T>(row[r] + c, count);
    });
    return sum_each<T>(sum);
  }
};

}  // namespace
