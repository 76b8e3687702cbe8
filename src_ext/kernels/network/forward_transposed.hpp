// Networks of narrow layers with a lane for a row: activations lie turned, (outputs, rows), a panel of rows at a time.
//
// A layer is then w.T @ x.T, the product of d_w's tiles: 10 outputs are 10 rows of a tile instead of 10 of 16 lanes,
// and softmax needs no sums across lanes. Each output is the same chain of multiply-adds as in the other layout, bias
// first, k ascending, so bits do not depend on the layout; a cost model picks it (forward.hpp).
#pragma once

#include "kernels/dense/dense.hpp"

namespace {

// Starts with the bias, ends with the store, ReLU on the way where asked; a row is an output, columns are never
// partial.
template <class T> struct TurnedTile {
  T* out;
  const T* b;  // may be null
  bool apply_relu;

  template <int MR, int NV> FASTNN_INLINE void start(Tile<T, MR, NV>& tile, ptrdiff_t r0, ptrdiff_t, int) {
#pragma GCC unroll 16
    for (int r = 0; r < MR; ++r) {
      const Vec<T> bias = b ? splat<T>(b[r0 + r]) : Vec<T>{};
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v) tile.acc[r][v] = bias;
    }
  }

  template <int MR, int NV> FASTNN_INLINE void finish(Tile<T, MR, NV>& tile, ptrdiff_t r0, ptrdiff_t c0, int) {
#pragma GCC unroll 16
    for (int r = 0; r < MR; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v) {
        const Vec<T> z = tile.acc[r][v];
        store<T>(out + (r0 + r) * kPanel<T> + c0 + v * kLanes<T>, apply_relu ? relu<T>(z) : z);
      }
  }
};

// The first `left` columns of kLanes rows of x as rows of `turned`. What is infinite or NaN makes `nothing` a NaN.
template <class T>
FASTNN_INLINE void turn_square(const T* x, ptrdiff_t stride, int left, T* turned, Vec<T> (&nothing)[2]) {
  Vec<T> square[kLanes<T>];
#pragma GCC unroll 16
  for (int r = 0; r < kLanes<T>; ++r) {
    square[r] = left == kLanes<T> ? load<T>(x + r * stride) : load_first<T>(x + r * stride, left);
    nothing[r % 2] += square[r] * T(0);
  }
  transpose_square<T>(square);
#pragma GCC unroll 16
  for (int k = 0; k < kLanes<T>; ++k)
    if (k < left) store<T>(turned + k * kPanel<T>, square[k]);
}

// kPanel rows of x (kPanel, i).
template <class T>
__attribute__((noinline)) void transpose_rows(const T* x, ptrdiff_t i, T* turned, Vec<T> (&nothing)[2]) {
  constexpr int lanes = kLanes<T>;
  for (ptrdiff_t v = 0; v < kTileVectors; ++v, x += lanes * i, turned += lanes) {
    ptrdiff_t c = 0;
    for (; c + lanes <= i; c += lanes) turn_square<T>(x + c, i, lanes, turned + c * kPanel<T>, nothing);
    if (c < i) turn_square<T>(x + c, i, int(i - c), turned + c * kPanel<T>, nothing);
  }
}

// The way back: o outputs of kPanel rows, to rows of out (kPanel, o).
template <class T> __attribute__((noinline)) void turn_back(const T* turned, ptrdiff_t o, T* out) {
  constexpr ptrdiff_t lanes = kLanes<T>;
  for (ptrdiff_t c = 0; c < o; c += lanes) {
    const int left = int(o - c < lanes ? o - c : lanes);
    for (ptrdiff_t v = 0; v < kTileVectors; ++v) {
      Vec<T> square[lanes];
#pragma GCC unroll 16
      for (int k = 0; k < lanes; ++k)
        square[k] = k < left ? load<T>(turned + (c + k) * kPanel<T> + v * lanes) : Vec<T>{};
      transpose_square<T>(square);
#pragma GCC unroll 16
      for (ptrdiff_t r = 0; r < lanes; ++r) store_first<T>(out + (v * lanes + r) * o + c, square[r], left);
    }
  }
}

template <class T, bool kLog> void turned_softmax(T* a, ptrdiff_t o) {
  for (ptrdiff_t v = 0; v < kTileVectors; ++v) {
    Vec<T> columns[2 * kLanes<T>];
    T* const first = a + v * kLanes<T>;
    for (ptrdiff_t c = 0; c < o; ++c) columns[c] = load<T>(first + c * kPanel<T>);
    softmax_columns<T, kLog>(columns, int(o));
    for (ptrdiff_t c = 0; c < o; ++c) store<T>(first + c * kPanel<T>, columns[c]);
  }
}

// In place on (o, kPanel).
template <class T> void turned_activation(const fastnn::Activation& activation, T* a, ptrdiff_t o) {
  if (is_row_function(activation.code))
    with_row_function(activation.code, [&](auto f) { turned_softmax<T, decltype(f)::kLog>(a, o); });
  else if (!is_fused(activation)) run_activation<T>(activation, a, a, nullptr, o * kPanel<T>);
}

// All layers for kPanel rows, turned; `buffers` have room for the widest layer, x included. Returns where the raw
// output is.
template <class T>
T* forward_turned(const fastnn::NetworkShape& shape, const T* params, const T* x, T* const (&buffers)[2],
                  Vec<T> (&nothing)[2]) {
  transpose_rows<T>(x, shape.widths[0], buffers[0], nothing);
  for (ptrdiff_t l = 0; l < shape.layers; ++l) {
    const ptrdiff_t i = shape.widths[l], o = shape.widths[l + 1];
    TurnedTile<T> policy{buffers[(l + 1) % 2], shape.has_bias[l] ? params + i * o : nullptr,
                         shape.activations[l].code == kRelu};
    const PackedColumns<T> columns{buffers[l % 2], i};
    multiply<T, true>(StridedRows<T>{params, o}, columns, i, policy, 0, o, 0, kPanel<T>);
    turned_activation<T>(shape.activations[l], policy.out, o);
    params += i * o + (shape.has_bias[l] ? o : 0);
  }
  return buffers[shape.layers % 2];
}

}  // namespace
