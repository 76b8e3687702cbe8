// Matrix products by register tiles: the one micro-kernel behind dense forward, d_x and d_w.
//
//   C[r, c] = start[r, c] + sum over k ascending of A(r, k) * B[k, c]
//
// Each element of C is one chain of fused multiply-adds in a fixed order, whatever tile computes it. So a row's
// result depends neither on the other rows nor on the number of threads; which tile shape is used is free.
//
// A tile is kTileRows x 2 vectors (AVX-512: 8x32 floats = 16 accumulators, two FMA pipes of latency 4 need 8;
// AVX2 and SSE2 have 16 registers: 6x2). Per k it loads 2 vectors of B and broadcasts kTileRows elements of A.
#pragma once

#include "kernels/network/pieces.hpp"

namespace {

constexpr int kTileVectors = 2;

template <class T> constexpr int kPanel = kTileVectors * kLanes<T>;  // columns of a full panel of B

// --- the left operand -------------------------------------------------------------------------------------------
// Rows of a matrix, A(r, k) = x[r][k]: forward and d_x. Strided: rows `stride` elements apart. Gathered: a pointer a
// row, so that a shuffled mini-batch needs no copy.
template <class T> struct StridedRows {
  const T* base;
  ptrdiff_t stride;
  FASTNN_INLINE const T* row(ptrdiff_t r) const { return base + r * stride; }
};

template <class T> struct GatheredRows {
  const T* const* rows;
  FASTNN_INLINE const T* row(ptrdiff_t r) const { return rows[r]; }
};

// MR rows from r0 on, by row (k runs along a row) ...
template <class T, int MR> struct AlongRows {
  const T* row[MR];
  template <class Rows> FASTNN_INLINE AlongRows(const Rows& rows, ptrdiff_t r0) {
#pragma GCC unroll 16
    for (int r = 0; r < MR; ++r) row[r] = rows.row(r0 + r);
  }
  FASTNN_INLINE T at(int r, ptrdiff_t k) const { return row[r][k]; }
};

// ... or MR columns from r0 on of the transposed matrix (k runs over the rows): the left operand of d_w. Rows lie so
// far apart that no prefetcher follows them: each asks for its next cache line, which the tiles after this one read
// (784-1024-1024-10, one thread: 388 to 375 ms an epoch).
template <class T, class Rows> struct AcrossRows {
  Rows rows;
  ptrdiff_t r0;
  FASTNN_INLINE T at(int r, ptrdiff_t k) const {
    const T* row = rows.row(k) + r0;
    if (r == 0) __builtin_prefetch(row + 64 / sizeof(T), 0, 2);
    return row[r];
  }
};

// --- the right operand ------------------------------------------------------------------------------------------
// One panel of B: `columns` columns, rows `stride` elements apart. Packed panels are padded with zeros to whole
// vectors, so they are loaded without a mask.
template <class T> struct Panel {
  const T* base;
  ptrdiff_t stride;
};

template <class T, int MR, int NV> struct Tile {
  Vec<T> acc[MR][NV];
};

template <class T, int MR, int NV, bool MASKED, class A>
FASTNN_INLINE void multiply_tile(Tile<T, MR, NV>& tile, const A& a, Panel<T> b, ptrdiff_t depth, int tail) {
  const T* row = b.base;
  for (ptrdiff_t k = 0; k < depth; ++k, row += b.stride) {
    Vec<T> right[NV];
#pragma GCC unroll 4
    for (int v = 0; v < NV; ++v)
      right[v] = MASKED && v == NV - 1 ? load_first<T>(row + v * kLanes<T>, tail) : load<T>(row + v * kLanes<T>);
#pragma GCC unroll 16
    for (int r = 0; r < MR; ++r) {
      const Vec<T> left = splat<T>(a.at(r, k));
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v) tile.acc[r][v] += left * right[v];
    }
  }
}

// --- where tiles start and end ----------------------------------------------------------------------------------
// A policy has   start<MR, NV>(tile, r0, c0, tail)   and   finish<MR, NV>(tile, r0, c0, tail): the first fills the
// accumulators (zero, bias, an earlier partial sum), the second disposes of them (store, activate, update weights).
// `tail` is the number of columns in the last vector.

template <class T, int MR, int NV, bool MASKED, class A, class Policy>
FASTNN_INLINE void run_tile(const A& a, Panel<T> b, ptrdiff_t depth, Policy& policy, ptrdiff_t r0, ptrdiff_t c0,
                            int tail) {
  Tile<T, MR, NV> tile;
  policy.template start<MR, NV>(tile, r0, c0, tail);
  multiply_tile<T, MR, NV, MASKED>(tile, a, b, depth, tail);
  policy.template finish<MR, NV>(tile, r0, c0, tail);
}

// The next lower tile, for rows that are left over. A tile of one row takes as long as one of four, by the latency of its
// multiply-adds, so that 4 of 6 rows are to be one tile and not 3 + 1.
constexpr int lower_tile(int rows) { return kTileRows != 6 || rows > 6 ? rows / 2 : rows == 6 ? 4 : rows - 1; }

// Rows [r0, r1) of one panel, by tiles of MR rows, what is left by lower ones.
template <class T, int MR, int NV, bool MASKED, bool ACROSS, class Rows, class Policy>
FASTNN_INLINE void multiply_panel(const Rows& rows, Panel<T> b, ptrdiff_t depth, Policy& policy, ptrdiff_t r0,
                                  ptrdiff_t r1, ptrdiff_t c0, int tail) {
  for (; r0 + MR <= r1; r0 += MR) {
    if constexpr (ACROSS) run_tile<T, MR, NV, MASKED>(AcrossRows<T, Rows>{rows, r0}, b, depth, policy, r0, c0, tail);
    else run_tile<T, MR, NV, MASKED>(AlongRows<T, MR>(rows, r0), b, depth, policy, r0, c0, tail);
  }
  if constexpr (MR > 1)
    if (r0 < r1) multiply_panel<T, lower_tile(MR), NV, MASKED, ACROSS>(rows, b, depth, policy, r0, r1, c0, tail);
}

// The columns of B by panels. Packed: panel after panel, each (depth, panel width) and zero-padded; else B is
// row-major with `stride` elements from row to row and its last vector is masked.
template <class T> struct PackedColumns {
  const T* base;
  ptrdiff_t depth;
  ptrdiff_t first = 0;  // the column that lies at `base`
  static constexpr bool masked(int) { return false; }
  FASTNN_INLINE Panel<T> panel(ptrdiff_t c0, int vectors) const {
    return {base + depth * (c0 - first), ptrdiff_t(vectors) * kLanes<T>};
  }
};

template <class T> struct PlainColumns {
  const T* base;
  ptrdiff_t stride;
  static constexpr bool masked(int tail) { return tail != kLanes<T>; }
  FASTNN_INLINE Panel<T> panel(ptrdiff_t c0, int) const { return {base + c0, stride}; }
};

template <class T, int NV, bool ACROSS, class Rows, class Columns, class Policy>
__attribute__((noinline)) void multiply_columns(const Rows& rows, const Columns& b, ptrdiff_t depth, Policy& policy,
                                                ptrdiff_t r0, ptrdiff_t r1, ptrdiff_t c0, int tail) {
  // One vector wide: twice the rows, for more chains than the latency of an FMA needs (d_w at 64x64x10: 45 to 49 % of
  // the peak). Not along rows, where 16 pointers do not fit the registers (forward at 64x64x10: 46 to 41 %).
  constexpr int kRows = ACROSS ? kTileRows * kTileVectors / NV : kTileRows;
  const Panel<T> panel = b.panel(c0, NV);
  if constexpr (Columns::masked(0)) {
    if (Columns::masked(tail)) {
      multiply_panel<T, kRows, NV, true, ACROSS>(rows, panel, depth, policy, r0, r1, c0, tail);
      return;
    }
  }
  multiply_panel<T, kRows, NV, false, ACROSS>(rows, panel, depth, policy, r0, r1, c0, tail);
}

// Rows [r0, r1) and columns [c0, c1) of C; c0 is a multiple of the panel width.
template <class T, bool ACROSS, class Rows, class Columns, class Policy>
FASTNN_INLINE void multiply(const Rows& rows, const Columns& b, ptrdiff_t depth, Policy& policy, ptrdiff_t r0,
                            ptrdiff_t r1, ptrdiff_t c0, ptrdiff_t c1) {
  for (; c0 < c1; c0 += kPanel<T>) {
    const ptrdiff_t columns = c1 - c0 < kPanel<T> ? c1 - c0 : kPanel<T>;
    const int tail = int((columns - 1) % kLanes<T>) + 1;
    if (columns > kLanes<T>) multiply_columns<T, 2, ACROSS>(rows, b, depth, policy, r0, r1, c0, tail);
    else multiply_columns<T, 1, ACROSS>(rows, b, depth, policy, r0, r1, c0, tail);
  }
}

// The same in pieces of panels, between which Ctrl-C may end it.
template <class T, bool ACROSS, class Rows, class Columns, class Policy>
FASTNN_INLINE void multiply_in_pieces(const Rows& rows, const Columns& b, ptrdiff_t depth, Policy& policy, ptrdiff_t r0,
                                      ptrdiff_t r1, ptrdiff_t c0, ptrdiff_t c1) {
  in_pieces({c0, c1}, kPanel<T>, (r1 - r0) * depth, [&](ptrdiff_t begin, ptrdiff_t end) __attribute__((always_inline)) {
    multiply<T, ACROSS>(rows, b, depth, policy, r0, r1, begin, end);
  });
}

// Rows of a piece where all rows together would be too many, whole tiles.
constexpr ptrdiff_t kPieceRows = 144 * kTileRows;

}  // namespace
