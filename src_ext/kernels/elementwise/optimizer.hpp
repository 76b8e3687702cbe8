// One step of each optimizer, as an update of vectors: the flat kernel and the end of a d_w task both use it.
//
// A rule has `kSlots` state vectors and `update(w, g, slot)`. `rule_of` makes it of an optimizer's hyper-parameters:
// there is one overload for every row of the list in contract/optimizers.hpp, and without it nothing compiles. Numbers
// are rounded once from float64, so that 1 - beta is not computed in float32.
#pragma once

#include "kernels/vector/loops.hpp"
#include "kernels/network/pieces.hpp"
#include "contract/kernels.hpp"

namespace {

// velocity = momentum * velocity - rate * g; the parameter moves by it, or with Nesterov by its look-ahead
// (Sutskever et al. 2013, as scikit-learn writes it).
template <class T> struct Sgd {
  T rate, momentum, nesterov;  // nesterov: 1 or 0
  static constexpr int kSlots = 1;
  FASTNN_INLINE void update(Vec<T>& w, Vec<T> g, Vec<T> (&slot)[kSlots]) const {
    Vec<T>& velocity = slot[0];
    velocity = momentum * velocity - rate * g;
    w += nesterov != T(0) ? momentum * velocity - rate * g : velocity;
  }
};

// Kingma & Ba 2015, algorithm 1 with the bias corrections folded into the rate (their section 2). `keep` is 1, or with
// decoupled weight decay (AdamW, Loshchilov & Hutter 2019) 1 - rate * decay. m by its difference to g saves an
// operation; v, which may become infinite where g does not, would become a NaN that way.
template <class T> struct Adam {
  T rate, beta_2, rest_1, rest_2, epsilon, keep;
  static constexpr int kSlots = 2;
  FASTNN_INLINE void update(Vec<T>& w, Vec<T> g, Vec<T> (&slot)[kSlots]) const {
    Vec<T>&m = slot[0], &v = slot[1];
    m += rest_1 * (g - m);
    v = beta_2 * v + (rest_2 * g) * g;
    w = keep * w - quotient<T>(rate * m, square_root<T>(v) + epsilon);
  }
};

// Adam with Nesterov's look-ahead (Dozat 2016): the corrected m of the next step and the gradient of this one.
template <class T> struct Nadam {
  T rate_m, rate_g, correction_v, beta_2, rest_1, rest_2, epsilon;
  static constexpr int kSlots = 2;
  FASTNN_INLINE void update(Vec<T>& w, Vec<T> g, Vec<T> (&slot)[kSlots]) const {
    Vec<T>&m = slot[0], &v = slot[1];
    m += rest_1 * (g - m);
    v = beta_2 * v + (rest_2 * g) * g;
    w -= quotient<T>(rate_m * m + rate_g * g, square_root<T>(v * correction_v) + epsilon);
  }
};

// A running mean of g * g (RMSprop, Tieleman & Hinton 2012), or with keep = add = 1 its sum (Adagrad, Duchi et al.
// 2011).
template <class T> struct ScaledBySquares {
  T rate, keep, add, epsilon;
  static constexpr int kSlots = 1;
  FASTNN_INLINE void update(Vec<T>& w, Vec<T> g, Vec<T> (&slot)[kSlots]) const {
    Vec<T>& v = slot[0];
    v = keep * v + (add * g) * g;
    w -= quotient<T>(rate * g, square_root<T>(v) + epsilon);
  }
};

// Adam with the largest |g| so far, which beta_2 shrinks, in place of a root (Kingma & Ba 2015, algorithm 2; epsilon
// where PyTorch adds it). What maximum makes of a NaN depends on which of the two it is.
template <class T> struct Adamax {
  T rate, beta_2, rest_1, epsilon;
  static constexpr int kSlots = 2;
  FASTNN_INLINE void update(Vec<T>& w, Vec<T> g, Vec<T> (&slot)[kSlots]) const {
    Vec<T>&m = slot[0], &u = slot[1];
    m += rest_1 * (g - m);
    const Vec<T> largest = maximum<T>(absolute<T>(g) + epsilon, beta_2 * u);
    u = g == g ? largest : g;
    w -= quotient<T>(rate * m, u);
  }
};

// Steps in units of the steps before (Zeiler 2012): v is the mean of g * g, u that of the steps' squares. The quotient
// is exact where v is infinite: then there is no step.
template <class T> struct Adadelta {
  T rate, rho, rest, epsilon;
  static constexpr int kSlots = 2;
  FASTNN_INLINE void update(Vec<T>& w, Vec<T> g, Vec<T> (&slot)[kSlots]) const {
    Vec<T>&v = slot[0], &u = slot[1];
    v = rho * v + (rest * g) * g;
    const Vec<T> step = square_root<T>(u + epsilon) / square_root<T>(v + epsilon) * g;
    u = rho * u + (rest * step) * step;
    w -= rate * step;
  }
};

// The sign of a mean of momentum and gradient (Chen et al. 2023), 0 where it is 0. Both means are sums of two products,
// not m and a difference, since beta_1 = 0 has to give the gradient's sign beside any m.
template <class T> struct Lion {
  T rate, beta_1, rest_1, beta_2, rest_2, keep;
  static constexpr int kSlots = 1;
  FASTNN_INLINE void update(Vec<T>& w, Vec<T> g, Vec<T> (&slot)[kSlots]) const {
    Vec<T>& m = slot[0];
    const Vec<T> zero = {}, size = splat<T>(rate), mean = beta_1 * m + rest_1 * g;
    m = beta_2 * m + rest_2 * g;
    w = keep * w - (mean > zero ? size : mean < zero ? -size : mean);
  }
};

FASTNN_INLINE double scalar_sqrt(double x) { return square_root<double>(splat<double>(x))[0]; }

// base^exponent for a whole exponent >= 0, by squaring: error below 1e-13 for the exponents of a training run.
inline double whole_power(double base, int64_t exponent) {
  double result = 1;
  for (; exponent > 0; exponent >>= 1, base *= base)
    if (exponent & 1) result *= base;
  return result;
}

template <class T> Sgd<T> rule_of(const fastnn::SGDHyper& h, double rate, int64_t) {
  return {T(rate), T(h.momentum), T(h.nesterov != 0 ? 1 : 0)};
}

template <class T> Adam<T> rule_of(const fastnn::AdamWHyper& h, double rate, int64_t step) {
  const double corrected = rate * scalar_sqrt(1 - whole_power(h.beta_2, step)) / (1 - whole_power(h.beta_1, step));
  return {T(corrected), T(h.beta_2), T(1 - h.beta_1), T(1 - h.beta_2), T(h.epsilon), T(1 - rate * h.weight_decay)};
}

template <class T> Adam<T> rule_of(const fastnn::AdamHyper& h, double rate, int64_t step) {
  return rule_of<T>(fastnn::AdamWHyper{h.beta_1, h.beta_2, h.epsilon, 0}, rate, step);
}

template <class T> Nadam<T> rule_of(const fastnn::NAdamHyper& h, double rate, int64_t step) {
  const double rate_m = rate * h.beta_1 / (1 - whole_power(h.beta_1, step + 1));
  const double rate_g = rate * (1 - h.beta_1) / (1 - whole_power(h.beta_1, step));
  return {T(rate_m),       T(rate_g),   T(1 / (1 - whole_power(h.beta_2, step))), T(h.beta_2), T(1 - h.beta_1),
          T(1 - h.beta_2), T(h.epsilon)};
}

template <class T> ScaledBySquares<T> rule_of(const fastnn::RMSpropHyper& h, double rate, int64_t) {
  return {T(rate), T(h.rho), T(1 - h.rho), T(h.epsilon)};
}

template <class T> ScaledBySquares<T> rule_of(const fastnn::AdagradHyper& h, double rate, int64_t) {
  return {T(rate), T(1), T(1), T(h.epsilon)};
}

template <class T> Adamax<T> rule_of(const fastnn::AdamaxHyper& h, double rate, int64_t step) {
  return {T(rate / (1 - whole_power(h.beta_1, step))), T(h.beta_2), T(1 - h.beta_1), T(h.epsilon)};
}

template <class T> Adadelta<T> rule_of(const fastnn::AdadeltaHyper& h, double rate, int64_t) {
  return {T(rate), T(h.rho), T(1 - h.rho), T(h.epsilon)};
}

template <class T> Lion<T> rule_of(const fastnn::LionHyper& h, double rate, int64_t) {
  return {T(rate), T(h.beta_1), T(1 - h.beta_1), T(h.beta_2), T(1 - h.beta_2), T(1 - rate * h.weight_decay)};
}

// Makes the rule of one row of the list and calls action(rule).
template <class T, class Hyper, int slots, class Action>
FASTNN_INLINE void call_with_rule(const double* hyper, double rate, int64_t step, const Action& action) {
  Hyper numbers;
  memcpy(&numbers, hyper, sizeof numbers);
  const auto rule = rule_of<T>(numbers, rate, step);
  static_assert(decltype(rule)::kSlots == slots, "the rule keeps as many vectors as its row in the list says");
  action(rule);
}

// Calls action(rule) with the rule that the numbers describe; the binding knows no other codes than these.
template <class T, class Action>
FASTNN_INLINE void with_rule(int optimizer, const double* hyper, double rate, int64_t step, const Action& action) {
  switch (optimizer) {
#define FASTNN_CASE(Name, name, slots, ...) \
  case fastnn::k##Name: call_with_rule<T, fastnn::Name##Hyper, slots>(hyper, rate, step, action); break;
    FASTNN_OPTIMIZERS(FASTNN_CASE)
#undef FASTNN_CASE
  }
}

template <class T, class Rule>
FASTNN_INLINE void update_flat(const fastnn::OptimizerStep<T>& g, const Rule& rule, ptrdiff_t begin, ptrdiff_t end) {
  for_vectors<T>(end - begin, FASTNN_BODY {
    const ptrdiff_t at = begin + c;
    Vec<T> w = load_lanes<T>(g.params + at, lanes), slot[Rule::kSlots];
#pragma GCC unroll 4
    for (int k = 0; k < Rule::kSlots; ++k) slot[k] = load_lanes<T>(g.slots[k] + at, lanes);
    rule.update(w, load_lanes<T>(g.d_params + at, lanes), slot);
    store_lanes<T>(g.params + at, w, lanes);
#pragma GCC unroll 4
    for (int k = 0; k < Rule::kSlots; ++k) store_lanes<T>(g.slots[k] + at, slot[k], lanes);
  });
}

template <class T> void optimizer_step(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::OptimizerStep<T>*>(arguments);
  const auto part = fastnn::share_of(g.count, fastnn::kFlatGrain, member, team);
  with_rule<T>(g.optimizer, g.hyper, g.learning_rate, g.step, [&](const auto& rule) {
    in_pieces(part, fastnn::kFlatGrain, kFunctionWork,
              [&](ptrdiff_t begin, ptrdiff_t end) { update_flat<T>(g, rule, begin, end); });
  });
}

}  // namespace
