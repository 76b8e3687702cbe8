// The first layer over compressed sparse rows: forward row by row, and d_w column by column, for which a counting sort
// turns each chunk. Both add in the order of the rows and columns, as the dense kernels do.
#pragma once

#include "kernels/elementwise/dropout.hpp"
#include "kernels/dense/sparse_gemm.hpp"
#include "kernels/network/workspace.hpp"

namespace {

// Calls use(column, value) for what a row has stored; with dropout for what that keeps of it.
template <class T, class Use>
FASTNN_INLINE void for_entries(const fastnn::Features& x, ptrdiff_t row, const DropoutRule* rule, uint64_t key,
                               const Use& use) {
  if (!rule) {
    for_stored<T>(x, row, use);
    return;
  }
  for_stored<T>(x, row, [&](ptrdiff_t column, T value) __attribute__((always_inline)) {
    if (keeps(*rule, key, column)) use(column, value * T(rule->scale));
  });
}

template <class T>
void forward_sparse(const fastnn::Epoch<T>& g, const Layer<T>& layer, const DropoutRule* rule, ptrdiff_t first,
                    ptrdiff_t r0, ptrdiff_t r1) {
  ForwardTile<T> policy{layer.a, layer.stride, layer.b, layer.activation.code == kRelu};
  const PackedColumns<T> columns{layer.w, layer.i};
  Meter meter;
  for (ptrdiff_t r = r0; r < r1; ++r) {
    const ptrdiff_t row = row_at(g, first + r);
    const uint64_t key = rule ? dropout_key<T>(*rule, first + r) : 0;
    const auto entries = [&](const auto& use)
                             __attribute__((always_inline)) { for_entries<T>(g.sparse, row, rule, key, use); };
    multiply_sparse_row<T>(entries, columns, policy, r, layer.padded);
    if (meter.stops(stored_of(g.sparse, row) * layer.padded)) return;
  }
}

// A strip's entries; without strips those of strip 0.
template <class T> FASTNN_INLINE ColumnEntries<T> entries_of(const Workspace<T>& ws, ptrdiff_t strip) {
  const ptrdiff_t at = strip * ws.room_for_entries;
  return {ws.entries.ends + strip * (ws.layer[0].i + 1), ws.entries.row + at, ws.entries.value + at};
}

// Sorts the entries of `count` rows by column, within a column by row.
template <class T>
void sort_entries_by_column(const fastnn::Epoch<T>& g, ColumnEntries<T> entries, const DropoutRule* rule,
                            ptrdiff_t first, ptrdiff_t count) {
  const ptrdiff_t i = g.shape.widths[0];
  const auto over_entries = [&](const auto& use) {
    for (ptrdiff_t r = 0; r < count; ++r) {
      const ptrdiff_t row = row_at(g, first + r);
      const uint64_t key = rule ? dropout_key<T>(*rule, first + r) : 0;
      for_entries<T>(g.sparse, row, rule, key, [&](ptrdiff_t column, T value) { use(r, column, value); });
    }
  };
  memset(entries.ends, 0, size_t(i + 1) * sizeof(ptrdiff_t));
  over_entries([&](ptrdiff_t, ptrdiff_t column, T) { ++entries.ends[column + 1]; });
  for (ptrdiff_t k = 0; k < i; ++k) entries.ends[k + 1] += entries.ends[k];  // where each column begins
  over_entries([&](ptrdiff_t r, ptrdiff_t column, T value) {
    const ptrdiff_t at = entries.ends[column]++;
    entries.row[at] = int32_t(r);
    entries.value[at] = value;
  });
}

// d_w of the weight rows [r0, r1) in the columns of one panel, whose d_z begins at `d_z`, stored to `out` or added.
template <class T, int NV>
void sum_sparse_panel(const ColumnEntries<T>& entries, const T* d_z, ptrdiff_t stride, ptrdiff_t r0, ptrdiff_t r1,
                      T* out, bool add) {
  for (ptrdiff_t k = r0; k < r1; ++k, out += NV * kLanes<T>) {
    Vec<T> sum[NV] = {};
    for (ptrdiff_t e = k > 0 ? entries.ends[k - 1] : 0; e < entries.ends[k]; ++e) {
      const Vec<T> value = splat<T>(entries.value[e]);
      const T* row = d_z + entries.row[e] * stride;
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v) sum[v] = multiply_add<T>(value, load<T>(row + v * kLanes<T>), sum[v]);
    }
#pragma GCC unroll 4
    for (int v = 0; v < NV; ++v) store<T>(out + v * kLanes<T>, add ? load<T>(out + v * kLanes<T>) + sum[v] : sum[v]);
  }
}

// d_w of a task of the first layer, whose rows begin at `d_z`.
template <class T>
void sum_sparse(const ColumnEntries<T>& entries, const Layer<T>& layer, const WeightTask& task, const T* d_z, T* out,
                bool add) {
  const bool is_narrow = panel_width<T>(task.c0, layer.o) == kLanes<T>;
  const auto sum = is_narrow ? sum_sparse_panel<T, 1> : sum_sparse_panel<T, 2>;
  sum(entries, d_z + task.c0, layer.stride, task.r0, task.r1, out, add);
}

}  // namespace
