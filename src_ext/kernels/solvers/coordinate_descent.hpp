// Coordinate descent on a quadratic model with a separable penalty and bounds (Friedman, Hastie and Tibshirani 2010).
//
// The model is g.(v - w) + (v - w)' H (v - w) / 2 + sum l1 |v| + l2 v^2 / 2 with lower <= v <= upper. H is either
// given, or it is X' D X of logistic regression and only columns of X are (column_sums.hpp). A coordinate is j o + k
// for feature j and output k. They move one after another, so one thread does it.
#pragma once

#include "kernels/solvers/column_sums.hpp"
#include "kernels/network/pieces.hpp"

namespace {

// The minimiser over v of g (v - w) + h (v - w)^2 / 2 + l1 |v| + l2 v^2 / 2 between the bounds.
FASTNN_INLINE double coordinate_minimum(const fastnn::Separable& penalty, ptrdiff_t c, double w, double g, double h) {
  const double curvature = h + penalty.l2[c], l1 = penalty.l1[c];
  const double target = h * w - g, size = __builtin_fabs(target) - l1;
  double v = size > 0 ? __builtin_copysign(size, target) : 0.0;
  if (curvature > 0) v /= curvature;
  else v = l1 > 0 ? 0.0 : w;  // a feature that is zero everywhere
  v = v < penalty.lower[c] ? penalty.lower[c] : v;
  return v > penalty.upper[c] ? penalty.upper[c] : v;
}

// One pass over `count` coordinates, those of `chosen` where it is given. Returns the curvature times the squared
// moves, which bounds what the model fell by; where Ctrl-C ends it, NaN, below which nothing falls.
template <class Model>
FASTNN_INLINE double sweep(Model& model, const fastnn::Separable& penalty, double* w, const int64_t* chosen,
                           ptrdiff_t count, Meter& meter) {
  double fall = model.move_intercept();
  for (ptrdiff_t a = 0; a < count; ++a) {
    const ptrdiff_t c = chosen ? chosen[a] : a;
    if (meter.stops(model.work(c))) return __builtin_nan("");
    const double h = model.curvature(c);
    const double delta = coordinate_minimum(penalty, c, w[c], model.gradient(c), h) - w[c];
    if (delta == 0) continue;
    w[c] += delta;
    model.move(c, delta);
    fall += (h + penalty.l2[c]) * delta * delta;
  }
  return fall;
}

// Sweeps over all coordinates, and between them over those that are not zero, until one falls by less than the
// tolerance.
template <class Model> void descend(Model& model, fastnn::Descent& g) {
  const ptrdiff_t count = g.coordinates;
  g.sweeps = 0;
  Meter meter;
  while (g.sweeps < g.max_sweeps) {
    g.fall = sweep(model, g.penalty, g.w, nullptr, count, meter);
    ++g.sweeps;
    if (!(g.fall > g.tolerance)) return;
    ptrdiff_t active = 0;
    for (ptrdiff_t c = 0; c < count; ++c)
      if (g.w[c] != 0 || g.penalty.l1[c] == 0) g.active[active++] = c;
    if (active == count) continue;
    for (double fall = g.fall; fall > g.tolerance && g.sweeps < g.max_sweeps; ++g.sweeps)
      fall = sweep(model, g.penalty, g.w, g.active, active, meter);
  }
}

// The model whose Hessian (count, count) is given; d_w is its gradient at v.
struct GivenHessian {
  const double* hessian;
  double* d_w;
  ptrdiff_t count;
  FASTNN_INLINE double curvature(ptrdiff_t c) const { return hessian[c * count + c]; }
  FASTNN_INLINE double gradient(ptrdiff_t c) const { return d_w[c]; }
  FASTNN_INLINE ptrdiff_t work(ptrdiff_t) const { return kCopyWork * count; }
  FASTNN_INLINE void move(ptrdiff_t c, double delta) {
    DenseColumn{hessian + c * count, count}.add_to(d_w, [=](auto at, auto x) {
      (void)at;
      return delta * x;
    });
  }
  FASTNN_INLINE double move_intercept() { return 0; }
};

void quadratic_descent(const void* arguments, int member, int) {
  if (member != 0) return;
  auto& g = *static_cast<fastnn::Descent*>(const_cast<void*>(arguments));
  GivenHessian model{g.hessian, g.d_w, g.coordinates};
  descend(model, g);
}

// The model of logistic regression by the columns of X. Beside v it keeps u = X (v - w) (o, n); the gradient by the raw
// output is weight_k (u_k - sum over k of p_k u_k), where a sigmoid has weight p (1 - p) and no such sum.
//
// The intercept of a sigmoid without a penalty takes its best value after every move, which changes `shift` alone: the
// columns then act as if they had mean zero under the weights. Others are coordinates of a column of ones.
template <class Column> struct ByColumns {
  fastnn::Descent& g;
  double shift;

  FASTNN_INLINE double curvature(ptrdiff_t c) const { return g.curvature[c]; }
  FASTNN_INLINE ptrdiff_t work(ptrdiff_t c) const { return kCopyWork * (Column::of(g.columns, c / g.o).count + 1); }

  FASTNN_INLINE double gradient(ptrdiff_t c) const {
    const Column column = Column::of(g.columns, c / g.o);
    const ptrdiff_t k = c % g.o;
    const double *weight = g.weight + k * g.n, *u = g.u + k * g.n, *q = g.q;
    if (g.o > 1) return g.d_w[c] + column.sum([=](auto at, auto x) { return x * at(weight) * (at(u) - at(q)); });
    return g.d_w[c] + shift * g.moment[c] + column.sum([=](auto at, auto x) { return x * at(weight) * at(u); });
  }

  FASTNN_INLINE void move(ptrdiff_t c, double delta) {
    const Column column = Column::of(g.columns, c / g.o);
    move_output(column, c % g.o, delta);
    if (g.eliminated) shift -= delta * g.moment[c] / g.weight_total;
  }

  template <class Any> FASTNN_INLINE void move_output(const Any& column, ptrdiff_t k, double delta) {
    column.add_to(g.u + k * g.n, [=](auto at, auto x) {
      (void)at;
      return delta * x;
    });
    if (g.o == 1) return;
    const double* p = g.p + k * g.n;
    column.add_to(g.q, [=](auto at, auto x) { return delta * x * at(p); });
  }

  // The coordinates of the intercept; nothing where it is eliminated or there is none.
  FASTNN_INLINE double move_intercept() {
    if (!g.d_b || g.eliminated) return 0;
    const Ones ones{g.n};
    double fall = 0;
    for (ptrdiff_t k = 0; k < g.o; ++k) {
      const double *weight = g.weight + k * g.n, *u = g.u + k * g.n, *q = g.q;
      const double slope = g.o > 1 ? ones.sum([=](auto at, auto) { return at(weight) * (at(u) - at(q)); })
                                   : ones.sum([=](auto at, auto) { return at(weight) * at(u); });
      const double h = g.curvature_b[k];
      const double delta = coordinate_minimum(g.penalty_b, k, g.b[k], g.d_b[k] + slope, h) - g.b[k];
      if (delta == 0) continue;
      g.b[k] += delta;
      move_output(ones, k, delta);
      fall += (h + g.penalty_b.l2[k]) * delta * delta;
    }
    return fall;
  }
};

template <class Column> void descend_by_columns(fastnn::Descent& g) {
  ByColumns<Column> model{g, g.eliminated ? -g.d_b[0] / g.weight_total : 0.0};
  descend(model, g);
  if (!g.eliminated) return;
  g.b[0] += model.shift;
  model.move_output(Ones{g.n}, 0, model.shift);
}

void column_descent(const void* arguments, int member, int) {
  if (member != 0) return;
  auto& g = *static_cast<fastnn::Descent*>(const_cast<void*>(arguments));
  if (g.columns.starts) descend_by_columns<SparseColumn>(g);
  else descend_by_columns<DenseColumn>(g);
}

}  // namespace
