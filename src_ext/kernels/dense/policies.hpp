// Where the tiles of the dense layers' products start and end (gemm.hpp): with a bias or zero, by a store or a sum.
#pragma once

#include "kernels/dense/gemm.hpp"

namespace {

// Vector v of a tile row: whole, or the first `tail` lanes where it is the last one.
template <class T, int NV> FASTNN_INLINE Vec<T> load_vector(const T* row, int v, int tail) {
  return v == NV - 1 && tail != kLanes<T> ? load_first<T>(row + v * kLanes<T>, tail) : load<T>(row + v * kLanes<T>);
}

template <class T, int NV> FASTNN_INLINE void store_vector(T* row, int v, int tail, Vec<T> value) {
  if (v == NV - 1 && tail != kLanes<T>) store_first<T>(row + v * kLanes<T>, value, tail);
  else store<T>(row + v * kLanes<T>, value);
}

// a < 0 ? 0 : a as one maximum; a NaN stays.
template <class T> FASTNN_INLINE Vec<T> relu(Vec<T> z) { return maximum<T>(Vec<T>{}, z); }

// Starts with the bias (or zero), ends with the store, ReLU on the way where asked. Where the inputs come in several
// blocks, later ones `resume` from what is stored: the same chain of multiply-adds as in one piece.
template <class T> struct ForwardTile {
  T* out;
  ptrdiff_t stride;
  const T* b;  // may be null
  bool apply_relu;
  bool resume = false;

  template <int MR, int NV> FASTNN_INLINE void start(Tile<T, MR, NV>& tile, ptrdiff_t r0, ptrdiff_t c0, int tail) {
    if (resume) {
#pragma GCC unroll 16
      for (int r = 0; r < MR; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < NV; ++v) tile.acc[r][v] = load_vector<T, NV>(out + (r0 + r) * stride + c0, v, tail);
      return;
    }
#pragma GCC unroll 4
    for (int v = 0; v < NV; ++v) {
      const Vec<T> bias = b ? load_vector<T, NV>(b + c0, v, tail) : Vec<T>{};
#pragma GCC unroll 16
      for (int r = 0; r < MR; ++r) tile.acc[r][v] = bias;
    }
  }

  template <int MR, int NV> FASTNN_INLINE void finish(Tile<T, MR, NV>& tile, ptrdiff_t r0, ptrdiff_t c0, int tail) {
    if (apply_relu) {
#pragma GCC unroll 16
      for (int r = 0; r < MR; ++r)
#pragma GCC unroll 4
        for (int v = 0; v < NV; ++v) tile.acc[r][v] = relu<T>(tile.acc[r][v]);
    }
#pragma GCC unroll 16
    for (int r = 0; r < MR; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v) store_vector<T, NV>(out + (r0 + r) * stride + c0, v, tail, tile.acc[r][v]);
  }
};

// Starts at zero, ends by a store or by adding to what is there. `out` is where row r_first and column c_first go.
template <class T> struct SumTile {
  T* out;
  ptrdiff_t stride;
  bool add;
  ptrdiff_t r_first = 0, c_first = 0;

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
      for (int v = 0; v < NV; ++v) {
        T* row = out + (r0 - r_first + r) * stride + (c0 - c_first);
        const Vec<T> before = add ? load_vector<T, NV>(row, v, tail) : Vec<T>{};
        store_vector<T, NV>(row, v, tail, before + tile.acc[r][v]);
      }
  }
};

}  // namespace
