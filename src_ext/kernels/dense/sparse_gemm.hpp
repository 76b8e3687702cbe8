// Compressed sparse rows times a dense matrix: the chains of multiply-adds of dense rows, less the zeros in them, which
// change no bit but the sign of a zero.
#pragma once

#include "kernels/dense/gemm.hpp"
#include "contract/kernels.hpp"

namespace {

template <class T, class Index, class Use>
FASTNN_INLINE void for_stored_at(const fastnn::Features& x, ptrdiff_t row, const Use& use) {
  const T* values = static_cast<const T*>(x.values);
  const Index *columns = static_cast<const Index*>(x.indices), *starts = static_cast<const Index*>(x.starts);
  for (ptrdiff_t e = starts[row], end = starts[row + 1]; e < end; ++e) use(ptrdiff_t(columns[e]), values[e]);
}

FASTNN_INLINE ptrdiff_t stored_of(const fastnn::Features& x, ptrdiff_t row) {
  if (!x.has_long_indices) {
    const auto* starts = static_cast<const int32_t*>(x.starts);
    return ptrdiff_t(starts[row + 1] - starts[row]);
  }
  const auto* starts = static_cast<const int64_t*>(x.starts);
  return ptrdiff_t(starts[row + 1] - starts[row]);
}

// Calls use(column, value) for what a row has stored.
template <class T, class Use>
FASTNN_INLINE void for_stored(const fastnn::Features& x, ptrdiff_t row, const Use& use) {
  if (x.has_long_indices) for_stored_at<T, int64_t>(x, row, use);
  else for_stored_at<T, int32_t>(x, row, use);
}

template <class T, int NV, bool MASKED, class Entries, class Policy>
FASTNN_INLINE void sparse_tile(const Entries& entries, Panel<T> b, Policy& policy, ptrdiff_t r, ptrdiff_t c0,
                               int tail) {
  Tile<T, 1, NV> tile;
  policy.template start<1, NV>(tile, r, c0, tail);
  entries([&](ptrdiff_t column, T value) __attribute__((always_inline)) {
    const T* row = b.base + column * b.stride;
#pragma GCC unroll 4
    for (int v = 0; v < NV; ++v) {
      const bool is_last = MASKED && v == NV - 1;
      const Vec<T> right = is_last ? load_first<T>(row + v * kLanes<T>, tail) : load<T>(row + v * kLanes<T>);
      tile.acc[0][v] = multiply_add<T>(splat<T>(value), right, tile.acc[0][v]);
    }
  });
  policy.template finish<1, NV>(tile, r, c0, tail);
}

// Row r and columns [0, o) of the product, as `multiply` does them; `entries(use)` calls use(column, value) in order.
template <class T, class Entries, class Columns, class Policy>
FASTNN_INLINE void multiply_sparse_row(const Entries& entries, const Columns& b, Policy& policy, ptrdiff_t r,
                                       ptrdiff_t o) {
  static_assert(kTileVectors == 2, "a panel has one vector or two");
  for (ptrdiff_t c0 = 0; c0 < o; c0 += kPanel<T>) {
    const ptrdiff_t columns = o - c0 < kPanel<T> ? o - c0 : kPanel<T>;
    const int tail = int((columns - 1) % kLanes<T>) + 1;
    const bool masked = Columns::masked(tail);
    if (columns > kLanes<T>) {
      if (masked) sparse_tile<T, 2, true>(entries, b.panel(c0, 2), policy, r, c0, tail);
      else sparse_tile<T, 2, false>(entries, b.panel(c0, 2), policy, r, c0, tail);
    } else {
      if (masked) sparse_tile<T, 1, true>(entries, b.panel(c0, 1), policy, r, c0, tail);
      else sparse_tile<T, 1, false>(entries, b.panel(c0, 1), policy, r, c0, tail);
    }
  }
}

}  // namespace
