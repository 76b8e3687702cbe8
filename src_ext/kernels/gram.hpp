// x.T @ diag(weight) @ x for many columns: a member of the team owns panels of columns and reads all rows, so no sums have
// to be kept apart and added up.
#pragma once

#include "kernels/logistic_dense.hpp"
#include "kernels/logistic_sparse.hpp"
#include "runtime/contract.hpp"

namespace {

template <class T> ptrdiff_t gram_scratch() { return kPassRows * kPanel<T>; }

// Panels of growing work, dealt out to and fro.
FASTNN_INLINE bool owns_panel(ptrdiff_t panel, int member, int team) {
  const ptrdiff_t turn = panel % (2 * team);
  return (turn < team ? turn : 2 * team - 1 - turn) == member;
}

template <class T> FASTNN_INLINE void dense_gram(const fastnn::WeightedGram<T>& g, int member, int team) {
  const ptrdiff_t n = g.x.n, i = g.x.i, m = i + g.has_ones;
  T* packed = g.packed + member * gram_scratch<T>();
  const T* x = static_cast<const T*>(g.x.values);
  for (ptrdiff_t r0 = 0; r0 < n; r0 += kPassRows) {
    const ptrdiff_t rows = n - r0 < kPassRows ? n - r0 : kPassRows;
    const T *block = x + r0 * g.x.stride, *weight = g.weight + r0;
    for (ptrdiff_t c0 = 0; c0 < i; c0 += kPanel<T>) {
      if (!owns_panel(c0 / kPanel<T>, member, team)) continue;
      const ptrdiff_t c1 = c0 + kPanel<T> < i ? c0 + kPanel<T> : i;
      add_gram_columns<T>(block, g.x.stride, rows, weight, c0, c1, packed, g.out + c0, m);
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
template <class T, class Index> FASTNN_INLINE void sparse_gram(const fastnn::WeightedGram<T>& g, int member, int team) {
  const ptrdiff_t i = g.x.i, m = i + g.has_ones;
  const auto own = fastnn::share_of(m, 1, member, team);
  const auto *columns = static_cast<const Index*>(g.x.columns), *starts = static_cast<const Index*>(g.x.starts);
  const T* values = static_cast<const T*>(g.x.values);
  for (ptrdiff_t r = 0; r < g.x.n; ++r) {
    const Index begin = starts[r], end = starts[r + 1];
    const double weight = double(g.weight[r]);
    for (Index k = begin; k < end; ++k) {
      const ptrdiff_t column = columns[k];
      if (column < own.begin || column >= own.end) continue;
      double *row = g.out + column * m, by = weight * double(values[k]);
      for (Index l = begin; l < end; ++l)
        if (columns[l] >= column) row[columns[l]] += by * double(values[l]);
      if (g.has_ones) row[i] += by;
    }
    if (g.has_ones && own.end == m) g.out[i * m + i] += weight;
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
  for (ptrdiff_t r0 = 0; r0 < m; r0 += kSquare) {
    if (!owns_panel(r0 / kSquare, member, team)) continue;
    const ptrdiff_t r1 = r0 + kSquare < m ? r0 + kSquare : m;
    for (ptrdiff_t c0 = 0; c0 <= r0; c0 += kSquare)
      for (ptrdiff_t r = r0; r < r1; ++r)
        for (ptrdiff_t c = c0; c < c0 + kSquare && c < r; ++c) g.out[r * m + c] = g.out[c * m + r];
  }
}

}  // namespace
