// z = x @ w + b where the plain order of tiles, a panel of w from top to bottom, suits the memory ill: w lies row by
// row, so that a panel takes a cache line or two of each row. Those of wide layers lie on as many pages, share few sets
// of the caches where rows are a power of two apart, and nothing fetches them in time.
//
// Neither way changes a bit: an output is one chain of multiply-adds, bias first and k ascending, that is continued
// from `out`. Measured in us, one thread, Zen 4, n rows of x, w (1024, 1024) of floats, before -> after, and NumPy:
//   AVX-512   n = 1: 318 -> 53 (55)   n = 5: 477 -> 178 (450)    n = 95: 2640 -> 1980 (2350)
//   AVX2      n = 1: 393 -> 51 (58)   n = 8: 1219 -> 310 (276)   n = 64: 2910 -> 1480 (1344)
#pragma once

#include "kernels/dense/policies.hpp"

namespace {

constexpr ptrdiff_t kWideBytes = 2048;  // from row to row of w

// --- few rows: some rows of w at a time, from end to end ------------------------------------------------------------
// w is read once and as it lies. What the outputs' chains have come to waits in `out`, which stays in L1.

constexpr int kStreamVectors = 4;               // of a tile: enough chains for one row of x
constexpr int kStreamTileRows = kTileRows / 2;  // the same number of accumulators as other tiles

// Whether the rows of w, of so many bytes, share sets of L1, with those of x and `out` where these are as long: it has
// eight places for lines that lie whole pages apart.
FASTNN_INLINE bool crowds(ptrdiff_t row_bytes) { return row_bytes % 4096 == 0; }

// Rows of w at a time.
FASTNN_INLINE ptrdiff_t stream_depth(ptrdiff_t row_bytes) {
  return crowds(row_bytes) ? 4 : row_bytes >= kWideBytes ? 8 : 16;
}

// Whole tiles in some rows of w, from left to right: MR rows of x at a time, of what is left fewer.
template <class T, int MR>
FASTNN_INLINE void stream_tiles(const StridedRows<T>& rows, const PlainColumns<T>& w, ptrdiff_t depth,
                                ForwardTile<T>& policy, ptrdiff_t r0, ptrdiff_t r1, ptrdiff_t c0, ptrdiff_t c1) {
  for (; r0 + MR <= r1; r0 += MR) {
    const AlongRows<T, MR> left(rows, r0);
    for (ptrdiff_t c = c0; c < c1; c += kStreamVectors * kLanes<T>)
      run_tile<T, MR, kStreamVectors, false>(left, w.panel(c, kStreamVectors), depth, policy, r0, c, kLanes<T>);
  }
  if constexpr (MR > 1)
    if (r0 < r1) stream_tiles<T, lower_tile(MR)>(rows, w, depth, policy, r0, r1, c0, c1);
}

template <class T>
__attribute__((noinline)) void forward_streamed(const T* x, const T* w, ForwardTile<T> policy, ptrdiff_t i, ptrdiff_t o,
                                                ptrdiff_t r0, ptrdiff_t r1, ptrdiff_t c0, ptrdiff_t c1) {
  constexpr ptrdiff_t width = kStreamVectors * kLanes<T>;
  const ptrdiff_t most = stream_depth(o * ptrdiff_t(sizeof(T))), tiled = c1 - (c1 - c0) % width;
  const bool apply_relu = policy.apply_relu;
  Meter meter;
  for (ptrdiff_t k = 0; k < i; k += most) {
    const ptrdiff_t depth = i - k < most ? i - k : most;
    policy.resume = k > 0;
    policy.apply_relu = apply_relu && k + depth == i;
    const StridedRows<T> rows{x + k, i};
    const PlainColumns<T> block{w + k * o, o};
    stream_tiles<T, kStreamTileRows>(rows, block, depth, policy, r0, r1, c0, tiled);
    multiply<T, false>(rows, block, depth, policy, r0, r1, tiled, c1);
    if (meter.stops((r1 - r0) * depth * (c1 - c0))) return;
  }
}

// --- more rows: blocks of w copied into panels ----------------------------------------------------------------------
// A block is some panels wide, so that lines that follow each other are read together, and stays in L1 for all tiles.

constexpr ptrdiff_t kCopiedPanels = 4;
constexpr ptrdiff_t kCopiedBytes = 32 << 10;
constexpr ptrdiff_t kRowsAhead = 8;  // that are fetched
template <class T> constexpr ptrdiff_t kCopiedRows = kCopiedBytes / (kCopiedPanels * kPanel<T> * ptrdiff_t(sizeof(T)));

// Columns [0, columns) of so many rows of w, into panels.
template <class T>
FASTNN_INLINE void copy_block(const T* w, ptrdiff_t o, ptrdiff_t depth, ptrdiff_t columns, T* packed) {
  constexpr ptrdiff_t line = 64 / sizeof(T);
  for (ptrdiff_t k = 0; k < depth; ++k, w += o) {
    for (ptrdiff_t c = 0; c < columns; c += line) __builtin_prefetch(w + kRowsAhead * o + c, 0, 3);
    for (ptrdiff_t c0 = 0; c0 < columns; c0 += kPanel<T>) {
      const ptrdiff_t left = columns - c0, width = left < kPanel<T> ? round_up<T>(left) : kPanel<T>;
      T* to = packed + depth * c0 + k * width;
      for (ptrdiff_t v = 0; v < width; v += kLanes<T>)
        store<T>(to + v, left - v >= kLanes<T> ? load<T>(w + c0 + v) : load_first<T>(w + c0 + v, int(left - v)));
    }
  }
}

template <class T>
__attribute__((noinline)) void forward_copied(const T* x, const T* w, ForwardTile<T> policy, ptrdiff_t i, ptrdiff_t o,
                                              ptrdiff_t r0, ptrdiff_t r1, ptrdiff_t c0, ptrdiff_t c1) {
  alignas(64) T packed[kCopiedBytes / sizeof(T)];
  constexpr ptrdiff_t width = kCopiedPanels * kPanel<T>;
  const bool apply_relu = policy.apply_relu;
  Meter meter;
  for (; c0 < c1; c0 += width) {
    const ptrdiff_t end = c0 + width < c1 ? c0 + width : c1;
    for (ptrdiff_t k = 0; k < i; k += kCopiedRows<T>) {
      const ptrdiff_t depth = i - k < kCopiedRows<T> ? i - k : kCopiedRows<T>;
      copy_block(w + k * o + c0, o, depth, end - c0, packed);
      policy.resume = k > 0;
      policy.apply_relu = apply_relu && k + depth == i;
      multiply<T, false>(StridedRows<T>{x + k, i}, PackedColumns<T>{packed, depth, c0}, depth, policy, r0, r1, c0, end);
      if (meter.stops((r1 - r0) * depth * width)) return;
    }
  }
}

// --- which way ------------------------------------------------------------------------------------------------------
// As long as w is in L3 and its rows do not crowd in few sets of L1, whole tiles are up to 20 % faster without copies, as
// they are with AVX-512, whose panels are two whole lines. Of rows that are left over each tile would read all w again.

constexpr bool kHasWholeLines = sizeof(Vec<float>) == 64;
constexpr ptrdiff_t kCopyPays = kHasWholeLines ? 96 : 32;  // rows of x from which on it does in any case
constexpr ptrdiff_t kNearBytes = ptrdiff_t(8) << 20;       // of w

template <class T>
FASTNN_INLINE void forward_few(const T* x, const T* w, const ForwardTile<T>& policy, ptrdiff_t i, ptrdiff_t o,
                               ptrdiff_t r0, ptrdiff_t r1, ptrdiff_t c0, ptrdiff_t c1) {
  const ptrdiff_t most = crowds(o * ptrdiff_t(sizeof(T))) ? 5 : kTileRows - 1;
  if (r1 - r0 <= most) forward_streamed(x, w, policy, i, o, r0, r1, c0, c1);
  else forward_copied(x, w, policy, i, o, r0, r1, c0, c1);
}

// Rows [r0, r1) and columns [c0, c1) of the product; false, and nothing, where the plain order does.
template <class T>
FASTNN_INLINE bool forward_row_major(const T* x, const T* w, const ForwardTile<T>& policy, ptrdiff_t i, ptrdiff_t o,
                                     ptrdiff_t r0, ptrdiff_t r1, ptrdiff_t c0, ptrdiff_t c1) {
  const ptrdiff_t rows = r1 - r0, row_bytes = o * ptrdiff_t(sizeof(T));
  if (i == 0 || c1 - c0 < kStreamVectors * kLanes<T> || (rows >= kTileRows && row_bytes < kWideBytes)) return false;
  const bool plain = rows >= kTileRows && rows < kCopyPays && i * row_bytes < kNearBytes;
  if (!plain || (crowds(row_bytes) && !kHasWholeLines)) {
    forward_few(x, w, policy, i, o, r0, r1, c0, c1);
    return true;
  }
  const ptrdiff_t whole = r1 - rows % kTileRows;
  ForwardTile<T> tiles = policy;
  multiply_in_pieces<T, false>(StridedRows<T>{x, i}, PlainColumns<T>{w, o}, i, tiles, r0, whole, c0, c1);
  if (whole < r1) forward_few(x, w, policy, i, o, whole, r1, c0, c1);
  return true;
}

}  // namespace
