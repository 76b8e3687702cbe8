// SAGA for logistic regression (Defazio, Bach and Lacoste-Julien 2014).
//
// Parameters p are by the features x~ = (x - shift) scale. The table has the derivative by z of each row's loss as it
// was when the row had its turn last, and d is what it comes to: d = sum of weight x~ table / total. A row's turn is
//   p <- prox(p - step (rows weight (slope - table) x~ / total + d)),   table <- slope,   d as the table has it;
// prox is that of the penalty, between bounds. Turns follow one another, so one thread does it, in float64.
#pragma once

#include "kernels/logistic/loss.hpp"
#include "kernels/solvers/saga_sparse.hpp"

namespace {

// x~ of a row in `space.row`, and its scores in `space.z`, biases included.
template <class T> struct SagaDense {
  const fastnn::Saga<T>& g;
  const SagaSpace& space;

  void prefetch(ptrdiff_t r) const {
    const T* row = row_of(r);
    for (ptrdiff_t c = 0; c < g.x.i && c < kSagaPrefetched; c += 64 / ptrdiff_t(sizeof(T))) __builtin_prefetch(row + c);
  }

  template <bool kFull> FASTNN_INLINE void scores(ptrdiff_t r, double) const {
    const T* row = row_of(r);
    VecF64 sum = {};
    for_vectors<double>(g.x.i, [&](ptrdiff_t c, int lanes) __attribute__((always_inline)) {
      const VecF64 x = (load_double(row + c, lanes) - load<double>(space.shift + c)) * load<double>(space.scale + c);
      store<double>(space.row + c, x);
      sum += x * load<double>(space.v + c);
    });
    space.z[0] += sum_lanes<double>(sum);
    for (ptrdiff_t k = 1; k < g.o; ++k) space.z[k] += row_times(space.v + k * space.features);
  }

  FASTNN_INLINE double square(ptrdiff_t) const { return row_times(space.row); }

  FASTNN_INLINE ptrdiff_t size(ptrdiff_t) const { return space.features; }

  template <bool kFull> FASTNN_INLINE void move(ptrdiff_t, double by) const {
    const VecF64 step = splat<double>(g.step), rows = splat<double>(double(g.rows) * g.step);
    for (ptrdiff_t k = 0; k < g.o; ++k) {
      const VecF64 share = splat<double>(by * space.change[k]);
      for (ptrdiff_t c = k * space.features, j = 0; j < space.features; c += kLanes<double>, j += kLanes<double>) {
        const At at{c};
        const VecF64 added = share * load<double>(space.row + j), d = at(space.d);
        store<double>(space.v + c, proximal<kFull>(space, step, at(space.v) - (rows * added + step * d), at));
        store<double>(space.d + c, d + added);
      }
    }
  }

  template <bool kFull> void finish(double) const {}

 private:
  const T* row_of(ptrdiff_t r) const { return static_cast<const T*>(g.x.values) + r * g.x.stride; }

  FASTNN_INLINE double row_times(const double* v) const {
    VecF64 even = {}, odd = {};
    ptrdiff_t c = 0;
    for (; c + 2 * kLanes<double> <= space.features; c += 2 * kLanes<double>) {
      even += load<double>(space.row + c) * load<double>(v + c);
      odd += load<double>(space.row + c + kLanes<double>) * load<double>(v + c + kLanes<double>);
    }
    if (c < space.features) even += load<double>(space.row + c) * load<double>(v + c);
    return sum_lanes<double>(even + odd);
  }
};

// A row's slopes go to the table, how they have changed to `space.change`.
FASTNN_INLINE void saga_slopes(const SagaSpace& space, double* table, const int32_t* y, ptrdiff_t r, ptrdiff_t o) {
  if (o == 1) {
    const bool is_one = y[r] == 1;
    const double wrong = vsigmoid<double>(splat<double>(is_one ? -space.z[0] : space.z[0]))[0];
    const double slope = is_one ? -wrong : wrong;
    space.change[0] = slope - table[0];
    table[0] = slope;
    return;
  }
  softmax_row<double>(space.z, space.z, o);
  space.z[class_at(y, r, o)] -= 1;
  for (ptrdiff_t k = 0; k < o; ++k) {
    space.change[k] = space.z[k] - table[k];
    table[k] = space.z[k];
  }
}

// The biases are coordinates of a feature that is 1 in every row.
template <bool kFull, class T> FASTNN_INLINE void move_biases(const fastnn::Saga<T>& g, const SagaSpace& space,
                                                              double by) {
  if (!g.has_bias) return;
  const VecF64 step = splat<double>(g.step), rows = splat<double>(double(g.rows) * g.step);
  for (ptrdiff_t k = 0; k < g.o; k += kLanes<double>) {
    const At at{space.biases + k};
    const VecF64 added = by * load<double>(space.change + k), d = at(space.d);
    store<double>(space.v + at.c, proximal<kFull>(space, step, at(space.v) - (rows * added + step * d), at));
    store<double>(space.d + at.c, d + added);
  }
}

template <bool kFull, class Rows, class T> void saga_turns(fastnn::Saga<T>& g, const SagaSpace& space) {
  const Rows rows{g, space};
  Meter meter;
  for (ptrdiff_t turn = 0; turn < g.turns; ++turn) {
    if (turn + kSagaAhead < g.turns) {
      const ptrdiff_t next = saga_row(g, turn + kSagaAhead);
      rows.prefetch(next);
      __builtin_prefetch(g.table + next * g.o, 1);
      __builtin_prefetch(g.y + next);
    }
    const ptrdiff_t r = saga_row(g, turn);
    const double weight = g.sample_weight ? double(g.sample_weight[r]) : 1.0;
    for (ptrdiff_t k = 0; k < g.o; ++k) space.z[k] = space.v[space.biases + k];
    rows.template scores<kFull>(r, double(turn));
    saga_slopes(space, g.table + r * g.o, g.y, r, g.o);
    if (g.step == 0) {  // only the table is filled: there is time to look at the rows
      const double size = weight * (rows.square(r) + double(g.has_bias));
      g.largest = size > g.largest ? size : g.largest;
    }
    rows.template move<kFull>(r, weight / g.total);
    move_biases<kFull>(g, space, weight / g.total);
    if (meter.stops(kFunctionWork * g.o * (rows.size(r) + 1))) return;
  }
  rows.template finish<kFull>(double(g.turns));
}

template <class Rows, bool kIsSparse, class T> void saga_with(fastnn::Saga<T>& g) {
  const SagaSpace space(g, kIsSparse);
  bool is_full = false;
  read_coordinates(g, space, is_full);
  if (is_full) saga_turns<true, Rows>(g, space);
  else saga_turns<false, Rows>(g, space);
  if (!fastnn_interrupted()) write_coordinates(g, space);
}

template <class T> void saga_epoch(void* arguments) {
  auto& g = *static_cast<fastnn::Saga<T>*>(arguments);
  if (!g.x.starts) saga_with<SagaDense<T>, false>(g);
  else if (g.x.has_long_indices) saga_with<SagaSparse<T, int64_t>, true>(g);
  else saga_with<SagaSparse<T, int32_t>, true>(g);
}

}  // namespace
