// One neuron, online: a step after every row.
//
// A row's step waits for the step before, so the time of a row is the latency of one chain of operations, 60 to 100
// cycles, most of them the activation's. To keep the rest out of the chain
//  - the weights stay in registers where eight vectors hold them (128 floats with AVX-512);
//  - one row is looked ahead: with x' the next row and w' = w + factor x,
//      z' = w' . x' + b' = (w . x' + b) + factor (x . x' + 1),
//    of which all but the last product is known before the factor is;
//  - losses, which nobody waits for, are computed for many rows at once.
#pragma once

#include "kernels/neuron/rules.hpp"
#include "kernels/vector/floating_point.hpp"
#include "runtime/clock.hpp"

namespace {

constexpr ptrdiff_t kOnlineRows = 64;  // so long the sum of the parameters is kept in T
constexpr ptrdiff_t kPrefetchRows = 8;

// Rows whose turn it is.
template <class T> struct OnlineRows {
  const T* x[kOnlineRows + kPrefetchRows];  // the last one again and again at the end
  T z[kOnlineRows], y[kOnlineRows], weight[kOnlineRows], rate[kOnlineRows];
  ptrdiff_t count;
};

template <class T> struct Ahead {
  Vec<T> w_next, x_next;  // w . x' and x . x', in every lane
};

// At most NV vectors of weights, in registers.
template <class T, int NV> struct RegisterWeights {
  using Row = Stretch<T, NV>;
  RowReader<T, NV> reader;
  Row w, x, next, sum = {};

  FASTNN_INLINE RegisterWeights(T* params, T*, ptrdiff_t i) : reader(i), w(Row::read(params)) {}

  FASTNN_INLINE void prefetch(const T* row) const {
    for (ptrdiff_t c = 0; c < reader.i; c += 64 / ptrdiff_t(sizeof(T))) __builtin_prefetch(row + c);
  }

  FASTNN_INLINE Vec<T> start(const T* row) {
    x = reader.last(row);
    return w.dot(x);
  }

  FASTNN_INLINE Ahead<T> look_ahead(const T*, const T* next_row) {
    next = reader.last(next_row);
    return {w.dot(next), x.dot(next)};
  }

  FASTNN_INLINE void step(Vec<T> factor, const T*, bool add_up) {
    w.add_product(factor, x);
    x = next;
    if (add_up) sum.add(w);
  }

  FASTNN_INLINE void finish(T* params, T* sums) const {
    w.write(params);
    if (sums) sum.write(sums);
  }
};

// Any number of weights, in memory. A step is taken by the pass that looks ahead for the next one. (A pass takes so
// long that a call does not count; inlined, it would be compiled once for every activation.)
#define FASTNN_PASS __attribute__((noinline))

template <class T> struct MemoryWeights {
  T *w, *sums;
  WideReader<T> reader;
  Vec<T> due_factor = {};
  const T* due = nullptr;  // the row whose step is due

  FASTNN_INLINE MemoryWeights(T* params, T* sums, ptrdiff_t i) : w(params), sums(sums), reader(i) {
    if (sums) memset(sums, 0, size_t(i) * sizeof(T));
  }

  FASTNN_INLINE void prefetch(const T*) const {}

  FASTNN_PASS Vec<T> start(const T* row) const {
    WideStretch<T> product = {};
    for (ptrdiff_t c = 0; c < reader.i; c += product.kSize)
      product.add_product(WideStretch<T>::read(w + c), reader.read(row, c));
    return product.sum();
  }

  FASTNN_INLINE WideStretch<T> take_step(ptrdiff_t c) const {
    WideStretch<T> part = WideStretch<T>::read(w + c);
    if (!due) return part;
    part.add_product(due_factor, reader.read(due, c));
    part.write(w + c);
    if (sums) {
      WideStretch<T> sum = WideStretch<T>::read(sums + c);
      sum.add(part);
      sum.write(sums + c);
    }
    return part;
  }

  FASTNN_PASS Ahead<T> look_ahead(const T* row, const T* next_row) const {
    WideStretch<T> w_next = {}, x_next = {};
    for (ptrdiff_t c = 0; c < reader.i; c += w_next.kSize) {
      const WideStretch<T> next = reader.read(next_row, c);
      w_next.add_product(take_step(c), next);
      x_next.add_product(reader.read(row, c), next);
    }
    return {w_next.sum(), x_next.sum()};
  }

  FASTNN_INLINE void step(Vec<T> factor, const T* row, bool) {
    due_factor = factor;
    due = row;
  }

  FASTNN_PASS void finish(T*, T*) const {
    for (ptrdiff_t c = 0; c < reader.i; c += WideStretch<T>::kSize) take_step(c);
  }
};

#undef FASTNN_PASS

template <class T> void gather_rows(fastnn::NeuronEpoch<T>& g, OnlineRows<T>& rows) {
  const ptrdiff_t most = g.block_rows < kOnlineRows ? g.block_rows : kOnlineRows;
  rows.count = g.n - g.next_row < most ? g.n - g.next_row : most;
  for (ptrdiff_t r = 0; r < rows.count; ++r) {
    const ptrdiff_t row = neuron_row(g, g.next_row + r);
    rows.x[r] = g.x + row * g.i;
    rows.y[r] = g.y[row];
    rows.weight[r] = g.sample_weight ? g.sample_weight[row] : T(1);
    rows.rate[r] = -T(g.learning_rates[g.next_row + r]) * rows.weight[r];
    g.weight_sum += double(rows.weight[r]);
  }
  for (ptrdiff_t r = 0; r < kPrefetchRows; ++r) rows.x[rows.count + r] = rows.x[rows.count - 1];
}

template <class Weights, class T, class Rule>
void online_rows(fastnn::NeuronEpoch<T>& g, const Rule& rule, OnlineRows<T>& rows) {
  T* const sums = g.total ? g.partial : nullptr;
  Weights weights(g.params, sums, g.i);
  Vec<T> b = splat<T>(g.params[g.i]), b_sum = {};
  Vec<T> z = weights.start(rows.x[0]) + b;
  for (ptrdiff_t r = 0; r < rows.count; ++r) {
    weights.prefetch(rows.x[r + kPrefetchRows]);
    const Ahead<T> ahead = weights.look_ahead(rows.x[r], rows.x[r + 1]);
    rows.z[r] = z[0];
    const Vec<T> factor = d_z_of_row<T>(rule, z, splat<T>(rows.y[r])) * splat<T>(rows.rate[r]);
    z = multiply_add<T>(factor, ahead.x_next + T(1), ahead.w_next + b);
    b += factor;
    b_sum += b;
    weights.step(factor, rows.x[r], sums != nullptr);
  }
  weights.finish(g.params, sums);
  g.params[g.i] = b[0];
  g.loss_sum += neuron_losses<T>(rule, rows.z, rows.y, rows.weight, rows.count);
  if (!sums) return;
  sums[g.i] = b_sum[0];
  for (ptrdiff_t c = 0; c <= g.i; ++c) g.total[c] += double(sums[c]);
}

// Rows until the deadline, or until the loss is not finite.
template <class T, class Rule> void online_epoch(fastnn::NeuronEpoch<T>& g, const Rule& rule) {
  OnlineRows<T> rows;
  do {
    gather_rows(g, rows);
    if (g.i <= kLanes<T>) online_rows<RegisterWeights<T, 1>>(g, rule, rows);
    else if (g.i <= WideStretch<T>::kSize) online_rows<RegisterWeights<T, kWide>>(g, rule, rows);
    else online_rows<MemoryWeights<T>>(g, rule, rows);
    g.next_row += rows.count;
  } while (g.next_row < g.n && is_finite(g.loss_sum) && fastnn_seconds() < g.deadline);
}

template <class T> void neuron_online(void* arguments) {
  auto& g = *static_cast<fastnn::NeuronEpoch<T>*>(arguments);
  const FlushSubnormals flush;
  with_neuron_rule<T>(g.activation, [&](const auto& rule) { online_epoch(g, rule); });
}

}  // namespace
