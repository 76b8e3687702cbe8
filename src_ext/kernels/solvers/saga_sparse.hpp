// SAGA over compressed sparse rows: a row costs the numbers that it stores.
//
// While no row with a coordinate's feature has its turn, the coordinate's d stands still, and where any number of steps
// leads has a closed form; it is made up for when the feature's turn comes. A turn moves its coordinates by
// - (rows - 1) share x~ alone and leaves the step itself for later: by the d of then, share x~ larger, it is the same.
#pragma once

#include "kernels/solvers/saga_coordinates.hpp"

namespace {

// (1 - exp(-t)) / t
FASTNN_INLINE VecF64 mean_decay(VecF64 t) {
  VecF64 series = splat<double>(1.0 / 12);
#pragma GCC unroll 16
  for (int k = 11; k >= 2; --k) series = (1.0 - t * series) * (1.0 / k);
  series = 1.0 - t * series;
  return t < 0.25 ? series : (1.0 - exp_of_negative<double>(-t)) / t;
}

// Where v is after `lag` steps v <- (v - step force) / (1 + step l2): rate = log(1 + step l2), reach = step rate /
// (step l2), which is step where there is no l2.
FASTNN_INLINE VecF64 drift(VecF64 v, VecF64 force, VecF64 lag, VecF64 rate, VecF64 reach) {
  const VecF64 t = lag * rate, decay = mean_decay(t);
  return v - t * decay * v - lag * reach * decay * force;
}

// A coordinate that an l1 holds back and that changes its sign on the way.
struct Turn {
  double v, d, l1, rate, reach, step, shrink;

  double after(double v0, double sign, double lag) const {
    return drift(splat<double>(v0), splat<double>(d + sign * l1), splat<double>(lag), splat<double>(rate),
                 splat<double>(reach))[0];
  }

  // Bisection for the last step with the sign it has, that step's successor, and the rest with the other sign.
  double after(double lag) const {
    const double sign = v > 0 ? 1.0 : -1.0;
    double same = 0, other = lag;
    while (other - same > 1) {
      const double middle = __builtin_floor((same + other) / 2);
      (after(v, sign, middle) * sign > 0 ? same : other) = middle;
    }
    const double t = after(v, sign, same) - step * d, size = __builtin_fabs(t) - step * l1;
    const double crossed = size > 0 ? __builtin_copysign(size, t) * shrink : 0.0;
    return after(crossed, -sign, lag - same - 1);
  }
};

// Where coordinates are after `lag` steps without their features.
template <bool kFull, class Read>
FASTNN_INLINE VecF64 made_up(const SagaSpace& space, double step, VecF64 lag, const Read& at) {
  const VecF64 v = at(space.v), d = at(space.d), rate = at(space.rate), reach = at(space.reach);
  if constexpr (!kFull) return drift(v, d, lag, rate, reach);
  // One step as it is, since a turn may have left v beyond a bound. From between the bounds, and as the steps of one
  // coordinate go one way and keep the order of any two points, a bound that is met on the way is met at the end too.
  const VecF64 zero = {}, one = splat<double>(1.0), l1 = at(space.l1);
  const VecF64 first = proximal<true>(space, splat<double>(step), v - step * d, at);
  const VecF64 left = maximum<double>(lag - 1.0, zero);
  const VecF64 sign = first > zero ? one : first < zero ? -one : d > zero ? -one : one;
  VecF64 end = drift(first, d + sign * l1, left, rate, reach);
  const VecI64 is_over = end * sign <= zero, is_pushed = absolute<double>(d) > l1, turns = is_over & is_pushed;
  end = is_over ? zero : end;
  for (int k = 0; k < kLanes<double>; ++k)
    if (turns[k] && left[k] > 0 && first[k] != 0)
      end[k] = Turn{first[k], d[k], l1[k], rate[k], reach[k], step, at(space.shrink)[k]}.after(left[k]);
  end = minimum<double>(at(space.upper), maximum<double>(at(space.lower), end));
  return lag > zero ? end : v;
}

template <class T, class Index> struct SagaSparse {
  const fastnn::Saga<T>& g;
  const SagaSpace& space;
  const T* values = static_cast<const T*>(g.x.values);
  const Index* columns = static_cast<const Index*>(g.x.indices);
  const Index* starts = static_cast<const Index*>(g.x.starts);

  // The coordinates of some entries, of one output; beyond their number those of the last one.
  struct Gathered {
    Index column[kLanes<double>];
    FASTNN_INLINE VecF64 operator()(const double* p) const {
      VecF64 v;
      for (int k = 0; k < kLanes<double>; ++k) v[k] = p[column[k]];
      return v;
    }
  };

  void prefetch(ptrdiff_t r) const {
    __builtin_prefetch(values + starts[r]);
    __builtin_prefetch(columns + starts[r]);
  }

  template <bool kFull> FASTNN_INLINE void scores(ptrdiff_t r, double now) const {
    if (g.o == 1) space.z[0] += score<kFull>(starts[r], starts[r + 1], now);
    else
      for (Index e = starts[r]; e < starts[r + 1]; ++e) add_scores<kFull>(e, now);
  }

  FASTNN_INLINE ptrdiff_t size(ptrdiff_t r) const { return ptrdiff_t(starts[r + 1] - starts[r]); }

  FASTNN_INLINE double square(ptrdiff_t r) const {
    double sum = 0;
    for (Index e = starts[r]; e < starts[r + 1]; ++e) sum += x(e) * x(e);
    return sum;
  }

  template <bool kFull> FASTNN_INLINE void move(ptrdiff_t r, double by) const {
    const double less = g.step * double(g.rows - 1);
    for (Index e = starts[r]; e < starts[r + 1]; ++e) {
      if (g.o == 1) {
        const double added = by * space.change[0] * x(e);
        space.v[columns[e]] -= less * added;
        space.d[columns[e]] += added;
        continue;
      }
      const ptrdiff_t start = ptrdiff_t(columns[e]) * space.by_feature;
      for (ptrdiff_t k = 0; k < g.o; k += kLanes<double>) {
        const VecF64 added = by * x(e) * load<double>(space.change + k);
        store<double>(space.v + start + k, load<double>(space.v + start + k) - less * added);
        store<double>(space.d + start + k, load<double>(space.d + start + k) + added);
      }
    }
  }

  template <bool kFull> void finish(double now) const {
    Meter meter;
    for (ptrdiff_t c = 0; c < space.biases; c += kLanes<double>) {
      VecF64 lag;
      for (int k = 0; k < kLanes<double>; ++k) {
        const ptrdiff_t j = (c + k) / space.by_feature;
        lag[k] = j < g.x.i ? now - space.last[j] : 0.0;
      }
      store<double>(space.v + c, made_up<kFull>(space, g.step, lag, At{c}));
      if (meter.stops(kFunctionWork * kLanes<double>)) return;
    }
  }

 private:
  FASTNN_INLINE double x(Index e) const { return double(values[e]) * space.scale[columns[e]]; }

  template <bool kFull> FASTNN_INLINE double score(Index begin, Index end, double now) const {
    VecF64 sum = {};
    for (Index e = begin; e < end; e += kLanes<double>) {
      const int count = int(end - e < kLanes<double> ? end - e : kLanes<double>);
      Gathered at;
      VecF64 features = {};
      for (int k = 0; k < kLanes<double>; ++k) {
        at.column[k] = columns[e + (k < count ? k : count - 1)];
        if (k < count) features[k] = x(e + k);
      }
      const VecF64 v = made_up<kFull>(space, g.step, now - at(space.last), at);
      for (int k = 0; k < count; ++k) {
        space.v[at.column[k]] = v[k];
        space.last[at.column[k]] = now;
      }
      sum += v * features;
    }
    return sum_lanes<double>(sum);
  }

  template <bool kFull> FASTNN_INLINE void add_scores(Index e, double now) const {
    const ptrdiff_t j = columns[e], start = j * space.by_feature;
    const VecF64 lag = splat<double>(now - space.last[j]);
    for (ptrdiff_t k = 0; k < g.o; k += kLanes<double>) {
      const VecF64 v = made_up<kFull>(space, g.step, lag, At{start + k});
      store<double>(space.v + start + k, v);
      store<double>(space.z + k, load<double>(space.z + k) + x(e) * v);
    }
    space.last[j] = now;
  }
};

}  // namespace
