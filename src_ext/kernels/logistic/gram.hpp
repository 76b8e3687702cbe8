// x.T @ diag(weight) @ x for many columns: a member of the team owns panels of columns and reads all rows, so no sums
// have to be kept apart and added up.
#pragma once

#include "kernels/logistic/sparse_columns.hpp"
#include "kernels/logistic/dense_rows.hpp"
#include "contract/kernels.hpp"

namespace {

// Elements of a member, a multiple of a cache line.
template <class T> ptrdiff_t gram_scratch(const void* arguments) {
  const auto& x = static_cast<const fastnn::WeightedGram<T>*>(arguments)->x;
  if (!x.cells) return kPassRows * kPanel<T>;
  const ptrdiff_t doubles =
      x.has_long_indices ? SparseColumns<T, int64_t>::scratch(x) : SparseColumns<T, int32_t>::scratch(x);
  return (doubles + 7) / 8 * 8 * ptrdiff_t(sizeof(double) / sizeof(T));
}

// Panels of growing work, dealt out to and fro.
FASTNN_INLINE bool owns_panel(ptrdiff_t panel, int member, int team) {
  const ptrdiff_t turn = panel % (2 * team);
  return (turn < team ? turn : 2 * team - 1 - turn) == member;
}

template <class T> FASTNN_INLINE void dense_gram(const fastnn::WeightedGram<T>& g, int member, int team) {
  const ptrdiff_t n = g.x.n, i = g.x.i, m = i + g.has_ones;
  T* packed = g.packed + member * gram_scratch<T>(&g);
  const T* x = static_cast<const T*>(g.x.values);
  Meter meter;
  for (ptrdiff_t r0 = 0; r0 < n; r0 += kPassRows) {
    const ptrdiff_t rows = n - r0 < kPassRows ? n - r0 : kPassRows;
    const T *block = x + r0 * g.x.stride, *weight = g.weight + r0;
    for (ptrdiff_t c0 = 0; c0 < i; c0 += kPanel<T>) {
      if (!owns_panel(c0 / kPanel<T>, member, team)) continue;
      const ptrdiff_t c1 = c0 + kPanel<T> < i ? c0 + kPanel<T> : i;
      add_gram_columns<T>(block, g.x.stride, rows, weight, c0, c1, packed, g.out + c0, m);
      if (meter.stops(rows * c1 * kPanel<T>)) return;
    }
    if (!g.has_ones || !owns_panel(i / kPanel<T>, member, team)) continue;
    double border[8 * kLanes<T>];
    for (ptrdiff_t c0 = 0; c0 < i; c0 += 8 * kLanes<T>) {
      const ptrdiff_t columns = i - c0 < 8 * kLanes<T> ? i - c0 : 8 * kLanes<T>;
      memset(border, 0, sizeof border);
      add_columns<T, false>(block + c0, g.x.stride, rows, columns, weight, nullptr, border, nullptr);
      for (ptrdiff_t c = 0; c < columns; ++c) g.out[(c0 + c) * m + i] += border[c];
    }
    g.out[i * m + i] += sum_of<T>(weight, rows);
  }
}

// A member owns rows of the result: the elements whose column lies in them meet all that come before in their row.
// False where Ctrl-C has ended it.
template <class T, class Index>
FASTNN_INLINE bool add_sparse_gram(const fastnn::WeightedGram<T>& g, const SparseRows<T, Index>& x, const T* weights,
                                   ptrdiff_t rows, fastnn::Share own, Meter& meter) {
  const ptrdiff_t i = g.x.i, m = i + g.has_ones;
  for (ptrdiff_t r = 0; r < rows; ++r) {
    const Index begin = x.starts[r], end = x.starts[r + 1];
    const double weight = double(weights[r]);
    for (Index k = begin; k < end; ++k) {
      const ptrdiff_t column = x.columns[k];
      if (column < own.begin || column >= own.end) continue;
      double *row = g.out + column * m, by = weight * double(x.values[k]);
      for (Index l = begin; l < end; ++l)
        if (x.columns[l] >= column) row[x.columns[l]] += by * double(x.values[l]);
      if (g.has_ones) row[i] += by;
      if (meter.stops(kCopyWork * ptrdiff_t(end - begin))) return false;
    }
    if (g.has_ones && own.end == m) g.out[i * m + i] += weight;
    if (meter.stops(kCopyWork * ptrdiff_t(end - begin))) return false;
  }
  return true;
}

template <class T, class Index> FASTNN_INLINE void sparse_gram(const fastnn::WeightedGram<T>& g, int member, int team) {
  const auto own = fastnn::share_of(g.x.i + g.has_ones, 1, member, team);
  Meter meter;
  if (!g.x.cells) {
    add_sparse_gram(g, SparseRows<T, Index>::of(g.x, 1, nullptr, nullptr, nullptr), g.weight, g.x.n, own, meter);
    return;
  }
  double* packed = reinterpret_cast<double*>(g.packed + member * gram_scratch<T>(&g));
  const auto columns = SparseColumns<T, Index>::of(g.x, 1, nullptr, nullptr, packed);
  for (ptrdiff_t r0 = 0; r0 < g.x.n; r0 += g.x.cut) {
    const ptrdiff_t rows = g.x.n - r0 < g.x.cut ? g.x.n - r0 : g.x.cut;
    if (!add_sparse_gram(g, columns.turned(r0, rows), g.weight + r0, rows, own, meter)) return;
  }
}

// The upper triangle; `out` is zero before.
template <class T> void gram_columns(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::WeightedGram<T>*>(arguments);
  if (g.x.starts == nullptr) dense_gram(g, member, team);
  else if (g.x.has_long_indices) sparse_gram<T, int64_t>(g, member, team);
  else sparse_gram<T, int32_t>(g, member, team);
}

// The lower triangle from the upper one, by squares that fit L1.
template <class T> void gram_mirror(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::WeightedGram<T>*>(arguments);
  constexpr ptrdiff_t kSquare = 32;
  const ptrdiff_t m = g.x.i + g.has_ones;
  Meter meter;
  for (ptrdiff_t r0 = 0; r0 < m; r0 += kSquare) {
    if (!owns_panel(r0 / kSquare, member, team)) continue;
    const ptrdiff_t r1 = r0 + kSquare < m ? r0 + kSquare : m;
    for (ptrdiff_t c0 = 0; c0 <= r0; c0 += kSquare)
      for (ptrdiff_t r = r0; r < r1; ++r)
        for (ptrdiff_t c = c0; c < c0 + kSquare && c < r; ++c) g.out[r * m + c] = g.out[c * m + r];
    if (meter.stops(kFunctionWork * kSquare * r1)) return;
  }
}

}  // namespace
