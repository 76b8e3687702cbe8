// A row with zeros through a layer of packed weights: zeros are left out, and no bit changes.
//
// To add 0 * w to a sum, w finite, changes nothing but the sign of a zero. So with zeros or without, a chain of
// multiply-adds has the same bits at every step, up to the sign where it is zero, and in the end too. Where it ends with
// a zero, which is rare, its tile is computed again with all that there is. Padded outputs are never zero (packing.hpp).
#pragma once

#include "kernels/serving/tiles.hpp"

namespace {

constexpr ptrdiff_t kLeastInputs = 64;  // below, to look for zeros and list the others takes as long as they do

template <class T> FASTNN_INLINE ptrdiff_t count_zeros(const T* x, ptrdiff_t count) {
  IVec<T> zeros = {};
  const Vec<T> zero = {};
  ptrdiff_t c = 0;
  for (; c + kLanes<T> <= count; c += kLanes<T>) zeros -= (IVec<T>)(load<T>(x + c) == zero);
  ptrdiff_t total = 0;
  for (int k = 0; k < kLanes<T>; ++k) total += zeros[k];
  for (; c < count; ++c) total += x[c] == T(0);
  return total;
}

// Whether it pays: a quarter of zeros makes up for the list of the others.
FASTNN_INLINE bool has_many(ptrdiff_t zeros, ptrdiff_t count) { return 4 * zeros >= count; }

// The places of what is not zero, in order; returns how many.
template <class T> FASTNN_INLINE ptrdiff_t list_others(const T* x, ptrdiff_t count, int32_t* places) {
  ptrdiff_t others = 0;
  for (ptrdiff_t k = 0; k < count; ++k) {
    places[others] = int32_t(k);
    others += x[k] != T(0);
  }
  return others;
}

template <class T> FASTNN_INLINE bool has_set_lane(IVec<T> v) {
  constexpr int words = int(sizeof v / 8);
  uint64_t word[words], any = 0;
  memcpy(word, &v, sizeof v);
  for (int k = 0; k < words; ++k) any |= word[k];
  return any != 0;
}

template <class T, int NV>
__attribute__((noinline)) void sparse_row_tile(const LayerRows<T>& g, const int32_t* places, ptrdiff_t count,
                                               ptrdiff_t c0) {
  Tile<T, 1, NV> tile;
  start_tile(tile, g.layer, c0);
  const PanelRow<T, NV> w(g.layer, c0);
  for (ptrdiff_t e = 0; e < count; ++e) {
    const ptrdiff_t k = places[e];
    const Vec<T> left = splat<T>(g.x[k]);
#pragma GCC unroll 16
    for (int v = 0; v < NV; ++v) tile.acc[0][v] = multiply_add<T>(left, w.vector(k, v), tile.acc[0][v]);
  }
  IVec<T> zeros = {};
#pragma GCC unroll 16
  for (int v = 0; v < NV; ++v) zeros |= (IVec<T>)(tile.acc[0][v] == Vec<T>{});
  if (has_set_lane<T>(zeros)) dense_tile<T, 1, NV>(g, 0, c0);
  else finish_tile(tile, g, 0, c0);
}

template <class T> struct SparseTiles {
  const LayerRows<T>& g;
  const int32_t* places;
  ptrdiff_t count;
  template <int NV> FASTNN_INLINE void tile(ptrdiff_t c0) const { sparse_row_tile<T, NV>(g, places, count, c0); }
};

// Whether several rows have so many zeros that it pays to take them one by one: three of four, since together they
// share what is read of the weights.
template <class T> FASTNN_INLINE bool are_mostly_zero(const T* x, ptrdiff_t count) {
  return 4 * count_zeros<T>(x, count) >= 3 * count;
}

// Rows one by one; `places` has room for all inputs.
template <class T> void sparse_rows_through_layer(LayerRows<T> g, ptrdiff_t n, int32_t* places) {
  for (; n > 0; --n, g.x += g.x_stride, g.out += g.out_stride) {
    const ptrdiff_t others = list_others<T>(g.x, g.layer.i, places);
    for_tiles<panels_of_tile(1)>(g.layer, SparseTiles<T>{g, places, others});
  }
}

// One row through a layer; `places` has room for all inputs.
template <class T> void row_through_layer(const LayerRows<T>& g, bool skips_zeros, int32_t* places) {
  const ptrdiff_t i = g.layer.i;
  if (!skips_zeros || i < kLeastInputs || !has_many(count_zeros<T>(g.x, i), i)) {
    few_rows<T, 1>(g, 1);
    return;
  }
  const ptrdiff_t others = list_others<T>(g.x, i, places);
  for_tiles<panels_of_tile(1)>(g.layer, SparseTiles<T>{g, places, others});
}

}  // namespace
