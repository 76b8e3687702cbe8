// Few rows through a layer of packed weights: register tiles of one row and many panels, or several rows and fewer.
//
// One row is a chain of multiply-adds for each output, each of which waits for the one before (4 cycles): so a tile has
// as many outputs of a row as there are registers, and every weight is read once, one after the other.
#pragma once

#include "kernels/serving/packing.hpp"

namespace {

constexpr int kTileSums = kTileRows * kTileVectors;  // registers of a tile

// Panels of a tile of so many rows.
constexpr int panels_of_tile(int rows) {
  return kTileSums / kTileVectors / rows > 0 ? kTileSums / kTileVectors / rows : 1;
}

// Rows that go through a layer.
template <class T> struct LayerRows {
  PackedLayer<T> layer;
  const T* x;
  ptrdiff_t x_stride;
  T* out;
  ptrdiff_t out_stride, columns;  // columns: of out that are written, o or those with the padding
  bool apply_relu;
};

// The right operand of a tile: NV vectors of columns from c0 on, in panels; of an odd number the last panel is one
// vector wide.
template <class T, int NV> struct PanelRow {
  static constexpr int kPanels = (NV + 1) / 2;
  const T* first;
  ptrdiff_t panel_size;
  FASTNN_INLINE PanelRow(const PackedLayer<T>& layer, ptrdiff_t c0)
      : first(layer.w + layer.i * c0), panel_size(layer.i * kPanel<T>) {}
  FASTNN_INLINE Vec<T> vector(ptrdiff_t k, int v) const {
    const ptrdiff_t width = v == NV - 1 && NV % 2 ? kLanes<T> : kPanel<T>;
    return load<T>(first + v / 2 * panel_size + k * width + v % 2 * kLanes<T>);
  }
};

template <class T, int MR, int NV>
FASTNN_INLINE void start_tile(Tile<T, MR, NV>& tile, const PackedLayer<T>& layer, ptrdiff_t c0) {
#pragma GCC unroll 16
  for (int v = 0; v < NV; ++v)
#pragma GCC unroll 16
    for (int r = 0; r < MR; ++r) tile.acc[r][v] = load<T>(layer.b + c0 + v * kLanes<T>);
}

template <class T, int MR, int NV>
FASTNN_INLINE void finish_tile(Tile<T, MR, NV>& tile, const LayerRows<T>& g, ptrdiff_t r0, ptrdiff_t c0) {
  if (g.apply_relu) {
#pragma GCC unroll 16
    for (int r = 0; r < MR; ++r)
#pragma GCC unroll 16
      for (int v = 0; v < NV; ++v) tile.acc[r][v] = maximum<T>(Vec<T>{}, tile.acc[r][v]);
  }
  const ptrdiff_t left = g.columns - c0 - (NV - 1) * kLanes<T>;
#pragma GCC unroll 16
  for (int r = 0; r < MR; ++r) {
    T* const row = g.out + (r0 + r) * g.out_stride + c0;
#pragma GCC unroll 16
    for (int v = 0; v < NV; ++v) {
      if (v < NV - 1 || left >= kLanes<T>) store<T>(row + v * kLanes<T>, tile.acc[r][v]);
      else store_first<T>(row + v * kLanes<T>, tile.acc[r][v], int(left));
    }
  }
}

// The operand that has fewer vectors is held in registers, the other one goes by.
template <class T, int MR, int NV>
FASTNN_INLINE void multiply_rows(Tile<T, MR, NV>& tile, const T* const (&row)[MR], const PanelRow<T, NV>& w,
                                 ptrdiff_t depth) {
  for (ptrdiff_t k = 0; k < depth; ++k) {
    Vec<T> held[MR < NV ? MR : NV];
    if constexpr (MR < NV) {
#pragma GCC unroll 16
      for (int r = 0; r < MR; ++r) held[r] = splat<T>(row[r][k]);
#pragma GCC unroll 16
      for (int v = 0; v < NV; ++v) {
        const Vec<T> right = w.vector(k, v);
#pragma GCC unroll 16
        for (int r = 0; r < MR; ++r) tile.acc[r][v] = multiply_add<T>(held[r], right, tile.acc[r][v]);
      }
    } else {
#pragma GCC unroll 16
      for (int v = 0; v < NV; ++v) held[v] = w.vector(k, v);
#pragma GCC unroll 16
      for (int r = 0; r < MR; ++r) {
        const Vec<T> left = splat<T>(row[r][k]);
#pragma GCC unroll 16
        for (int v = 0; v < NV; ++v) tile.acc[r][v] = multiply_add<T>(left, held[v], tile.acc[r][v]);
      }
    }
  }
}

template <class T, int MR, int NV>
__attribute__((noinline)) void dense_tile(const LayerRows<T>& g, ptrdiff_t r0, ptrdiff_t c0) {
  const T* row[MR];
#pragma GCC unroll 16
  for (int r = 0; r < MR; ++r) row[r] = g.x + (r0 + r) * g.x_stride;
  Tile<T, MR, NV> tile;
  start_tile(tile, g.layer, c0);
  multiply_rows(tile, row, PanelRow<T, NV>(g.layer, c0), g.layer.i);
  finish_tile(tile, g, r0, c0);
}

// use.template tile<vectors>(c0), the number known to the compiler.
template <int NV, class Use> FASTNN_INLINE void with_vectors(int vectors, const Use& use, ptrdiff_t c0) {
  if constexpr (NV > 1) {
    if (vectors < NV) {
      with_vectors<NV - 1>(vectors, use, c0);
      return;
    }
  }
  use.template tile<NV>(c0);
}

// use.template tile<NV>(c0) for tiles of at most kMost panels, about equally many each, which cover the layer.
template <int kMost, class T, class Use> FASTNN_INLINE void for_tiles(const PackedLayer<T>& layer, const Use& use) {
  ptrdiff_t panels = ceil_div(layer.padded, kPanel<T>), tiles = ceil_div(panels, kMost);
  for (ptrdiff_t c0 = 0; tiles > 0; --tiles) {
    const ptrdiff_t count = tiles == 1 ? panels : ceil_div(panels, tiles), left = layer.padded - c0;
    const ptrdiff_t columns = left < count * kPanel<T> ? left : count * kPanel<T>;
    with_vectors<kMost * kTileVectors>(int(columns / kLanes<T>), use, c0);
    panels -= count;
    c0 += columns;
  }
}

template <class T, int MR> struct OneTile {
  const LayerRows<T>& g;
  template <int NV> FASTNN_INLINE void tile(ptrdiff_t c0) const { dense_tile<T, MR, NV>(g, 0, c0); }
};

// At most MR rows, which are one tile in each group of panels.
template <class T, int MR> void few_rows(const LayerRows<T>& g, ptrdiff_t count) {
  if constexpr (MR > 1) {
    if (count < MR) {
      few_rows<T, MR - 1>(g, count);
      return;
    }
  }
  for_tiles<panels_of_tile(MR)>(g.layer, OneTile<T, MR>{g});
}

template <class T, int MR, int NV>
FASTNN_INLINE void tile_of_rows(const LayerRows<T>& g, ptrdiff_t count, ptrdiff_t r0, ptrdiff_t c0) {
  if constexpr (MR > 1) {
    if (count < MR) {
      tile_of_rows<T, MR - 1, NV>(g, count, r0, c0);
      return;
    }
  }
  dense_tile<T, MR, NV>(g, r0, c0);
}

// Panel after panel: each is read from memory once. Tiles are about equally high: of 7 rows 4 and 3, not 6 and then one
// that waits for itself.
template <class T> struct ManyTiles {
  const LayerRows<T>& g;
  ptrdiff_t n;
  Meter& meter;
  bool& stopped;
  template <int NV> FASTNN_INLINE void tile(ptrdiff_t c0) const {
    if (stopped) return;
    for (ptrdiff_t tiles = ceil_div(n, kTileRows), r0 = 0; tiles > 0; --tiles) {
      const ptrdiff_t count = ceil_div(n - r0, tiles);
      tile_of_rows<T, kTileRows, NV>(g, count, r0, c0);
      r0 += count;
    }
    stopped = meter.stops(n * g.layer.i * NV * kLanes<T>);
  }
};

template <class T> void rows_through_layer(const LayerRows<T>& g, ptrdiff_t n) {
  if (n <= kTileRows) {
    few_rows<T, kTileRows>(g, n);
    return;
  }
  Meter meter;
  bool stopped = false;
  for_tiles<1>(g.layer, ManyTiles<T>{g, n, meter, stopped});
}

}  // namespace
