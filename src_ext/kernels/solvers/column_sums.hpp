// Columns of X in float64, sparse or dense: weighted sums over a column, and its addition to a vector of rows.
//
// What is summed or added is a function of (at, x): x is the column's entry, or a vector of entries, and at(p) the
// element, or elements, of a vector of rows p that stand in the same rows.
#pragma once

#include "kernels/network/pieces.hpp"
#include "contract/kernels.hpp"

namespace {

struct AtRow {
  ptrdiff_t row;
  FASTNN_INLINE double operator()(const double* p) const { return p[row]; }
};

struct AtRows {
  ptrdiff_t row;
  FASTNN_INLINE VecF64 operator()(const double* p) const { return load<double>(p + row); }
};

struct AtLastRows {
  ptrdiff_t row;
  int count;
  FASTNN_INLINE VecF64 operator()(const double* p) const { return load_first<double>(p + row, count); }
};

struct SparseColumn {
  const double* values;
  const int32_t* rows;
  ptrdiff_t count;

  static FASTNN_INLINE SparseColumn of(const fastnn::Columns& x, ptrdiff_t j) {
    return {x.values + x.starts[j], x.rows + x.starts[j], ptrdiff_t(x.starts[j + 1] - x.starts[j])};
  }

  template <class F> FASTNN_INLINE double sum(F term) const {
    double part[4] = {};  // chains of their own, since an addition takes four cycles
    ptrdiff_t e = 0;
    for (; e + 4 <= count; e += 4) {
#pragma GCC unroll 4
      for (int k = 0; k < 4; ++k) part[k] += term(AtRow{rows[e + k]}, values[e + k]);
    }
    for (; e < count; ++e) part[0] += term(AtRow{rows[e]}, values[e]);
    return (part[0] + part[1]) + (part[2] + part[3]);
  }

  // K sums in one pass: term(at, x, part) adds to part[0], ..., part[K - 1].
  template <int K, class F> FASTNN_INLINE void sums(double (&out)[K], F term) const {
    double part[2][K] = {};
    ptrdiff_t e = 0;
    for (; e + 2 <= count; e += 2) {
#pragma GCC unroll 2
      for (int k = 0; k < 2; ++k) term(AtRow{rows[e + k]}, values[e + k], part[k]);
    }
    if (e < count) term(AtRow{rows[e]}, values[e], part[0]);
    for (int k = 0; k < K; ++k) out[k] = part[0][k] + part[1][k];
  }

  template <class F> FASTNN_INLINE void add_to(double* out, F term) const {
    for (ptrdiff_t e = 0; e < count; ++e) out[rows[e]] += term(AtRow{rows[e]}, values[e]);
  }
};

struct DenseColumn {
  const double* values;
  ptrdiff_t count;

  static FASTNN_INLINE DenseColumn of(const fastnn::Columns& x, ptrdiff_t j) { return {x.values + j * x.n, x.n}; }

  template <class F> FASTNN_INLINE double sum(F term) const {
    constexpr int lanes = kLanes<double>;
    VecF64 even = {}, odd = {};
    ptrdiff_t i = 0;
    for (; i + 2 * lanes <= count; i += 2 * lanes) {
      even += term(AtRows{i}, load<double>(values + i));
      odd += term(AtRows{i + lanes}, load<double>(values + i + lanes));
    }
    for (; i < count; i += lanes) {
      const int tail = int(count - i < lanes ? count - i : lanes);
      even += term(AtLastRows{i, tail}, load_first<double>(values + i, tail));
    }
    return sum_lanes<double>(even + odd);
  }

  template <int K, class F> FASTNN_INLINE void sums(double (&out)[K], F term) const {
    constexpr int lanes = kLanes<double>;
    VecF64 part[K] = {};
    for (ptrdiff_t i = 0; i < count; i += lanes) {
      const int tail = int(count - i < lanes ? count - i : lanes);
      if (tail == lanes) term(AtRows{i}, load<double>(values + i), part);
      else term(AtLastRows{i, tail}, load_first<double>(values + i, tail), part);
    }
    for (int k = 0; k < K; ++k) out[k] = sum_lanes<double>(part[k]);
  }

  template <class F> FASTNN_INLINE void add_to(double* out, F term) const {
    constexpr int lanes = kLanes<double>;
    ptrdiff_t i = 0;
    for (; i + lanes <= count; i += lanes)
      store<double>(out + i, load<double>(out + i) + term(AtRows{i}, load<double>(values + i)));
    const int tail = int(count - i);
    if (tail == 0) return;
    const VecF64 last = term(AtLastRows{i, tail}, load_first<double>(values + i, tail));
    store_first<double>(out + i, load_first<double>(out + i, tail) + last, tail);
  }
};

// The intercept's column.
struct Ones {
  ptrdiff_t count;

  template <class F> FASTNN_INLINE double sum(F term) const {
    double total = 0;
    for (ptrdiff_t i = 0; i < count; ++i) total += term(AtRow{i}, 1.0);
    return total;
  }

  template <class F> FASTNN_INLINE void add_to(double* out, F term) const {
    for (ptrdiff_t i = 0; i < count; ++i) out[i] += term(AtRow{i}, 1.0);
  }
};

// For every coordinate j o + k: d_w = sum of x d_z_k, curvature = sum of x^2 weight_k (1 - p_k), the last factor only
// where there is a p (softmax), and for one output moment = sum of x weight.
template <class Column> void column_sums_of(const fastnn::ColumnSums& g, int member, int team) {
  const auto share = fastnn::share_of(g.columns.m, 1, member, team);
  Meter meter;
  for (ptrdiff_t j = share.begin; j < share.end; ++j) {
    const Column column = Column::of(g.columns, j);
    for (ptrdiff_t k = 0; k < g.o; ++k) {
      if (meter.stops(kCopyWork * (column.count + 1))) return;
      const ptrdiff_t c = j * g.o + k;
      const double *d_z = g.d_z + k * g.columns.n, *weight = g.weight + k * g.columns.n;
      if (g.o > 1) {
        const double* p = g.p + k * g.columns.n;
        double sums[2];
        column.sums(sums, [=](auto at, auto x, auto* part) {
          part[0] += x * at(d_z);
          part[1] += x * x * at(weight) * (1.0 - at(p));
        });
        g.d_w[c] = sums[0];
        g.curvature[c] = sums[1];
      } else {
        double sums[3];
        column.sums(sums, [=](auto at, auto x, auto* part) {
          const auto by = x * at(weight);
          part[0] += x * at(d_z);
          part[1] += x * by;
          part[2] += by;
        });
        g.d_w[c] = sums[0];
        g.curvature[c] = sums[1];
        g.moment[c] = sums[2];
      }
    }
  }
}

void column_sums(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::ColumnSums*>(arguments);
  if (g.columns.starts) column_sums_of<SparseColumn>(g, member, team);
  else column_sums_of<DenseColumn>(g, member, team);
}

}  // namespace
