// The passes of logistic regression: one read of X gives the loss, its gradient and, where asked, second derivatives.
//
// The rows are cut into slots by shapes alone, a member of the team takes whole slots, and each slot has float64 sums
// of its own, which are added in order afterwards: so every bit is the same for every number of threads.
#pragma once

#include "kernels/logistic/sparse_columns.hpp"
#include "kernels/logistic/dense_rows.hpp"
#include "kernels/logistic/loss.hpp"
#include "contract/kernels.hpp"

namespace {

// What a slot adds up, and where in it; counted in float64. `gram`: for every two outputs x.T D x (i, i), then x.T D
// (i), then the sum of D.
struct SlotLayout {
  ptrdiff_t slots, rows, block;  // rows of a slot, and the most that are worked on at once
  ptrdiff_t wide, pairs;
  ptrdiff_t d_w, d_b, diagonal, gram, gram_size, size;
  ptrdiff_t parameters, member;  // elements of the type that is computed in: w and b; buffers of a member
};

constexpr ptrdiff_t kMostSlots = 32, kSlotBytes = ptrdiff_t(16) << 20;
constexpr ptrdiff_t kSlotWork = 8;  // multiply-adds for each sum of a slot, so that adding slots up is little work

template <class Real>
__attribute__((noinline)) SlotLayout layout_of(const fastnn::Features& x, ptrdiff_t o, bool diagonal, bool hessian,
                                               ptrdiff_t scratch) {
  SlotLayout l;
  const ptrdiff_t i = x.i, grain = x.cells ? x.cut : 16;
  l.block = x.cells ? x.cut : kPassRows;
  l.wide = o == 1 ? 1 : round_up<Real>(o);
  l.pairs = hessian ? o * (o + 1) / 2 : 0;
  l.d_w = 8;  // the loss comes first
  l.d_b = l.d_w + i * l.wide;
  l.diagonal = l.d_b + round_up<double>(l.wide);
  l.gram = l.diagonal + (diagonal ? (i + 1) * l.wide : 0);
  l.gram_size = i * i + i + 1;
  l.size = (l.gram + l.pairs * l.gram_size + 7) / 8 * 8;
  const double filled = x.n > 0 ? double(x.stored) / double(x.n) : 0;
  const double work = double(x.n) * filled * (double(l.wide) + double(l.pairs) * filled);
  ptrdiff_t slots = (x.n + kPassRows - 1) / kPassRows;
  if (slots > kMostSlots) slots = kMostSlots;
  const double by_work = work / double(kSlotWork * l.size), by_memory = double(kSlotBytes) / double(8 * l.size);
  const double most = by_work < by_memory ? by_work : by_memory;
  // By fours, so that two and four threads have alike.
  if (double(slots) > most) slots = most > 4 ? ptrdiff_t(most) / 4 * 4 : slots < 4 ? slots : 4;
  if (slots < 1) slots = 1;
  l.rows = ((x.n + slots - 1) / slots + grain - 1) / grain * grain;
  l.slots = l.rows > 0 ? (x.n + l.rows - 1) / l.rows : 1;
  if (l.slots < 1) l.slots = 1;
  const ptrdiff_t padded = (i + 2) * l.wide + 2 * kLanes<Real>;
  l.parameters = (padded + 15) / 16 * 16;
  l.member = l.block * (2 * l.wide + 2) + scratch;
  return l;
}

// The workspace: totals and slots in float64, then parameters and members' buffers.
template <class Real> struct PassSpace {
  double *totals, *slots;
  Real *parameters, *members;
  PassSpace(void* memory, const SlotLayout& l)
      : totals(static_cast<double*>(memory)),
        slots(totals + l.size),
        parameters(reinterpret_cast<Real*>(slots + l.slots * l.size)),
        members(parameters + l.parameters) {}
};

template <class T> constexpr bool kIsSparse = false;
template <class T, class Index> constexpr bool kIsSparse<SparseRows<T, Index>> = true;
template <class T, class Index> constexpr bool kIsSparse<SparseColumns<T, Index>> = true;
template <class T> constexpr bool kHasColumns = false;
template <class T, class Index> constexpr bool kHasColumns<SparseColumns<T, Index>> = true;

template <class R> struct Kind {
  using Rows = R;
};

// body(Kind) with the kind of rows that X has.
template <class T, class Body> FASTNN_INLINE void with_rows(const fastnn::LogisticPass<T>& g, Body body) {
  if (g.x.starts == nullptr) body(Kind<DenseRows<T>>{});
  else if (g.x.cells && g.x.has_long_indices) body(Kind<SparseColumns<T, int64_t>>{});
  else if (g.x.cells) body(Kind<SparseColumns<T, int32_t>>{});
  else if (g.x.has_long_indices) body(Kind<SparseRows<T, int64_t>>{});
  else body(Kind<SparseRows<T, int32_t>>{});
}

template <class T> SlotLayout pass_layout(const fastnn::LogisticPass<T>& g) {
  SlotLayout layout;
  with_rows<T>(g, [&](auto kind) {
    using Rows = typename decltype(kind)::Rows;
    layout = layout_of<typename Rows::Real>(g.x, g.o, g.diagonal != nullptr, g.hessian != nullptr, Rows::scratch(g.x));
  });
  return layout;
}

// body(a number of it) for the type that sums over a block's rows are computed in: float64 where X is sparse.
template <class T, class Body> FASTNN_INLINE void with_real(const fastnn::LogisticPass<T>& g, Body body) {
  if (g.x.starts) body(double(0));
  else body(T(0));
}

template <class T, class Rows>
FASTNN_INLINE Rows rows_of(const fastnn::LogisticPass<T>& g, const SlotLayout& l, const typename Rows::Real* w,
                           typename Rows::Real* packed) {
  const typename Rows::Real* b = w + (g.x.i * l.wide + kLanes<typename Rows::Real>);
  return Rows::of(g.x, l.wide, w, b, packed);
}

// --- one block of rows ----------------------------------------------------------------------------------------------

// The sums of z's columns.
template <class Real> FASTNN_INLINE void add_column_sums(const Real* z, ptrdiff_t rows, ptrdiff_t wide, double* out) {
  if (wide == 1) {
    out[0] += sum_of<Real>(z, rows);
    return;
  }
  for (ptrdiff_t c = 0; c < wide; c += kLanes<Real>) {
    Vec<Real> sum = {};
    for (ptrdiff_t r = 0; r < rows; ++r) sum += load<Real>(z + r * wide + c);
    add_to(out + c, sum, kLanes<Real>);
  }
}

// What is computed from the scores of a block, whatever kind of rows they come from.
template <class T, class Real> struct BlockScores {
  const fastnn::LogisticPass<T>& g;
  const SlotLayout& l;
  Real *z, *p, *weights;  // (rows, wide) twice, (rows)
  double* sums;

  // The Hessian by z times z.
  void multiply_scores(ptrdiff_t r0, ptrdiff_t rows) const {
    const T* weight = g.sample_weight ? g.sample_weight + r0 : nullptr;
    const T* state = g.state + r0 * g.o;
    if (g.o == 1) sigmoid_product<Real>(z, state, rows);
    else softmax_product<Real>(z, state, weight, rows, g.o, l.wide);
  }

  __attribute__((noinline)) void add_losses(ptrdiff_t r0, ptrdiff_t rows) const {
    for (ptrdiff_t r = 0; r < rows; r += kPassRows) add_some_losses(r0, r, rows - r < kPassRows ? rows - r : kPassRows);
    if (g.state) write_state(r0, rows);
  }

  // p becomes weight p (1 - p).
  void to_curvature(ptrdiff_t rows, const T* weight) const {
    for (ptrdiff_t r = 0; r < rows; ++r) {
      const Vec<Real> by = splat<Real>(weight ? Real(weight[r]) : Real(1));
      for (ptrdiff_t c = 0; c < l.wide; c += kLanes<Real>) {
        const Vec<Real> probability = load<Real>(p + r * l.wide + c);
        store<Real>(p + r * l.wide + c, by * probability * (Real(1) - probability));
      }
    }
  }

  // weight p_k (delta_km - p_m): the second derivative by scores k and m.
  void pair_weights(ptrdiff_t rows, const T* weight, ptrdiff_t k, ptrdiff_t m) const {
    for (ptrdiff_t r = 0; r < rows; ++r) {
      const Real *row = p + r * l.wide, delta = k == m ? Real(1) : Real(0);
      weights[r] = (weight ? Real(weight[r]) : Real(1)) * row[k] * (delta - row[m]);
    }
  }

 private:
  // Rows [r, r + rows) of the block.
  void add_some_losses(ptrdiff_t r0, ptrdiff_t r, ptrdiff_t rows) const {
    const T* weight = g.sample_weight ? g.sample_weight + r0 + r : nullptr;
    const int32_t* y = g.y + r0 + r;
    const ptrdiff_t at = r * l.wide;
    sums[0] += g.o == 1 ? sigmoid_block<Real>(z + at, p + at, y, weight, rows)
                        : softmax_block<Real>(z + at, p + at, y, weight, rows, g.o, l.wide);
  }

  void write_state(ptrdiff_t r0, ptrdiff_t rows) const {
    for (ptrdiff_t r = 0; r < rows; ++r)
      for (ptrdiff_t c = 0; c < g.o; ++c) g.state[(r0 + r) * g.o + c] = T(p[r * l.wide + c]);
  }
};

template <class T, class Rows> struct PassBlock {
  using Real = typename Rows::Real;
  const fastnn::LogisticPass<T>& g;
  const SlotLayout& l;
  const Rows& x;
  Real *z, *p, *weights;  // (rows, wide) twice, (rows)
  double* sums;

  void run(ptrdiff_t r0, ptrdiff_t rows) const {
    const BlockScores<T, Real> scores{g, l, z, p, weights, sums};
    const T* weight = g.sample_weight ? g.sample_weight + r0 : nullptr;
    x.scores(r0, rows, z);
    if (g.y == nullptr) {
      scores.multiply_scores(r0, rows);
    } else {
      scores.add_losses(r0, rows);
      if constexpr (kHasColumns<Rows>) {
        if (g.hessian) add_grams(x.turned(r0, rows), 0, rows, weight);
      } else {
        if (g.hessian) add_grams(x, r0, rows, weight);
      }
    }
    add_column_sums<Real>(z, rows, l.wide, sums + l.d_b);
    if (g.diagonal == nullptr) {
      x.add(r0, rows, z, sums + l.d_w);
      return;
    }
    if (g.o > 1) scores.to_curvature(rows, weight);
    x.add_with_squares(r0, rows, z, p, sums + l.d_w, sums + l.diagonal);
    add_column_sums<Real>(p, rows, l.wide, sums + l.diagonal + g.x.i * l.wide);
  }

 private:
  // `by_row` has the block from its row `first` on.
  template <class ByRow>
  void add_grams(const ByRow& by_row, ptrdiff_t first, ptrdiff_t rows, const T* weight) const {
    double* gram = sums + l.gram;
    for (ptrdiff_t k = 0; k < g.o; ++k)
      for (ptrdiff_t m = k; m < g.o; ++m, gram += l.gram_size) {
        if (g.o > 1) BlockScores<T, Real>{g, l, z, p, weights, sums}.pair_weights(rows, weight, k, m);
        const Real* by = g.o > 1 ? weights : p;
        by_row.add_gram(first, rows, by, gram);
        if (!g.has_bias) continue;
        double* border = gram + g.x.i * g.x.i;
        add_border(by_row, first, rows, by, border);
        border[g.x.i] += sum_of<Real>(by, rows);
      }
  }

  template <class ByRow>
  void add_border(const ByRow& by_row, ptrdiff_t first, ptrdiff_t rows, const Real* by, double* border) const {
    ByRow single = by_row;
    single.wide = 1;
    single.add(first, rows, by, border);
  }
};

// --- the kernels ----------------------------------------------------------------------------------------------------

template <class T> size_t logistic_workspace(const void* arguments, int team) {
  const auto& g = *static_cast<const fastnn::LogisticPass<T>*>(arguments);
  const SlotLayout l = pass_layout<T>(g);
  const size_t item = g.x.starts ? sizeof(double) : sizeof(T);
  return size_t(8 * (l.slots + 1) * l.size) + item * size_t(l.parameters + team * l.member);
}

template <class Real>
FASTNN_INLINE void copy_parameters(const double* params, ptrdiff_t i, ptrdiff_t o, ptrdiff_t wide, bool has_bias,
                                   Real* w) {
  for (ptrdiff_t j = 0; j < i; ++j)
    for (ptrdiff_t c = 0; c < wide; ++c) w[j * wide + c] = c < o ? Real(params[j * o + c]) : Real(0);
  Real* b = w + i * wide + kLanes<Real>;
  for (ptrdiff_t c = 0; c < wide; ++c) b[c] = c < o && has_bias ? Real(params[i * o + c]) : Real(0);
}

template <class T> void logistic_prepare(void* arguments) {
  const auto& g = *static_cast<const fastnn::LogisticPass<T>*>(arguments);
  const SlotLayout l = pass_layout<T>(g);
  with_real<T>(g, [&](auto number) {
    const PassSpace<decltype(number)> space(g.workspace, l);
    copy_parameters(g.params, g.x.i, g.o, l.wide, g.has_bias != 0, space.parameters);
  });
}

// Rows of X that stay in L1 between their two uses if nothing but the gradient of a sigmoid is asked for, else in L2
// beside what is computed from them: products of matrices want more rows.
template <class T> FASTNN_INLINE ptrdiff_t rows_of_block(const fastnn::LogisticPass<T>& g) {
  const ptrdiff_t row = g.x.i * ptrdiff_t(sizeof(T)), room = ptrdiff_t(g.o == 1 && !g.hessian ? 16 : 256) << 10;
  if (g.x.cells) return g.x.cut;
  const ptrdiff_t rows = g.x.starts || row == 0 ? kPassRows : room / row / 16 * 16;
  return rows > kPassRows ? kPassRows : rows < 32 ? 32 : rows;
}

// About what they cost, in multiply-adds.
template <class T, class Rows>
FASTNN_INLINE ptrdiff_t work_of_block(const fastnn::LogisticPass<T>& g, const SlotLayout& l, ptrdiff_t rows) {
  const double filled = g.x.n > 0 ? double(g.x.stored) / double(g.x.n) : 0;
  const double sums = double(l.wide) * (kIsSparse<Rows> ? double(2 * kCopyWork) : 2.0) + double(l.pairs) * filled;
  return ptrdiff_t(double(rows) * (filled * sums + double(kFunctionWork * l.wide)));
}

template <class T> void logistic_rows(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::LogisticPass<T>*>(arguments);
  const SlotLayout l = pass_layout<T>(g);
  with_rows<T>(g, [&](auto kind) {
    using Rows = typename decltype(kind)::Rows;
    using Real = typename Rows::Real;
    const PassSpace<Real> space(g.workspace, l);
    Real *z = space.members + member * l.member, *p = z + l.block * l.wide, *weights = p + l.block * l.wide;
    const Rows x = rows_of<T, Rows>(g, l, space.parameters, weights + 2 * l.block);
    const auto share = fastnn::share_of(l.slots, 1, member, team);
    const ptrdiff_t step = rows_of_block(g), work = work_of_block<T, Rows>(g, l, step);
    Meter meter;
    for (ptrdiff_t slot = share.begin; slot < share.end; ++slot) {
      double* sums = space.slots + slot * l.size;
      memset(sums, 0, size_t(l.size) * sizeof *sums);
      const PassBlock<T, Rows> block{g, l, x, z, p, weights, sums};
      const ptrdiff_t end = (slot + 1) * l.rows < g.x.n ? (slot + 1) * l.rows : g.x.n;
      for (ptrdiff_t r = slot * l.rows; r < end; r += step) {
        block.run(r, end - r < step ? end - r : step);
        if (meter.stops(work)) return;
      }
    }
  });
}

template <class T> void logistic_sums(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::LogisticPass<T>*>(arguments);
  const SlotLayout l = pass_layout<T>(g);
  const PassSpace<double> space(g.workspace, l);  // whatever type is computed in: sums come first
  const auto share = fastnn::share_of(l.size, 8, member, team);
  for (ptrdiff_t k = share.begin; k < share.end; k += kLanes<double>) {
    VecF64 sum = load<double>(space.slots + k);
    for (ptrdiff_t slot = 1; slot < l.slots; ++slot) sum += load<double>(space.slots + slot * l.size + k);
    store<double>(space.totals + k, sum);
  }
}

// (i, wide) and (wide) become w (i, o) and b (o).
FASTNN_INLINE void without_padding(const double* w, const double* b, ptrdiff_t i, ptrdiff_t o, ptrdiff_t wide,
                                   bool has_bias, double* out) {
  for (ptrdiff_t j = 0; j < i; ++j)
    for (ptrdiff_t c = 0; c < o; ++c) out[j * o + c] = w[j * wide + c];
  for (ptrdiff_t c = 0; has_bias && c < o; ++c) out[i * o + c] = b[c];
}

// One pair's sums to its places in the Hessian ((i + 1) o, (i + 1) o).
inline void place_gram(const double* gram, bool is_sparse, ptrdiff_t i, ptrdiff_t o, bool has_bias, ptrdiff_t k,
                       ptrdiff_t m, double* hessian) {
  const ptrdiff_t columns = i + has_bias, p = columns * o;
  for (ptrdiff_t a = 0; a < columns; ++a)
    for (ptrdiff_t c = a; c < columns; ++c) {
      double value = gram[c == i ? i * i + a : a * i + c];  // a border row, and at its end the sum of the weights
      if (is_sparse && c < i) value += gram[c * i + a];
      hessian[(a * o + k) * p + c * o + m] = hessian[(c * o + k) * p + a * o + m] = value;
      hessian[(a * o + m) * p + c * o + k] = hessian[(c * o + m) * p + a * o + k] = value;
    }
}

template <class T> void logistic_finish(void* arguments) {
  auto& g = *static_cast<fastnn::LogisticPass<T>*>(arguments);
  const SlotLayout l = pass_layout<T>(g);
  const double* totals = static_cast<const double*>(g.workspace);
  const ptrdiff_t i = g.x.i, o = g.o;
  const bool has_bias = g.has_bias != 0;
  g.loss = totals[0];
  without_padding(totals + l.d_w, totals + l.d_b, i, o, l.wide, has_bias, g.d_params);
  const double* diagonal = totals + l.diagonal;
  if (g.diagonal) without_padding(diagonal, diagonal + i * l.wide, i, o, l.wide, has_bias, g.diagonal);
  const double* gram = totals + l.gram;
  for (ptrdiff_t k = 0; g.hessian && k < o; ++k)
    for (ptrdiff_t m = k; m < o; ++m, gram += l.gram_size)
      place_gram(gram, g.x.starts != nullptr, i, o, has_bias, k, m, g.hessian);
}

}  // namespace
