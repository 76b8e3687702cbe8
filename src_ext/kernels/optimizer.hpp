// One step of each optimizer, as an update of vectors: the flat kernels and the d_w tile's epilogue both use it.
#pragma once

#include "kernels/simd.hpp"
#include "runtime/contract.hpp"

namespace {

// velocity = momentum * velocity - rate * g; the parameter moves by it, or with Nesterov by its look-ahead
// (Sutskever et al. 2013, as scikit-learn writes it).
template <class T> struct Sgd {
  T rate, momentum, nesterov;  // nesterov: 1 or 0
  static constexpr int kSlots = 1;
  FASTNN_INLINE void update(Vec<T>& w, Vec<T> g, Vec<T>& velocity, Vec<T>&) const {
    velocity = momentum * velocity - rate * g;
    w += nesterov != T(0) ? momentum * velocity - rate * g : velocity;
  }
};

// Kingma & Ba 2015, algorithm 1 with the bias corrections folded into the rate (their section 2).
template <class T> struct Adam {
  T rate, beta_1, beta_2, rest_1, rest_2, epsilon;  // rest = 1 - beta, rounded from float64
  static constexpr int kSlots = 2;
  FASTNN_INLINE void update(Vec<T>& w, Vec<T> g, Vec<T>& m, Vec<T>& v) const {
    m = beta_1 * m + rest_1 * g;
    v = beta_2 * v + rest_2 * (g * g);
    w -= rate * m / (square_root<T>(v) + epsilon);
  }
};

// sqrt without a library call: Newton's iteration is not needed, the vector unit has it.
FASTNN_INLINE double scalar_sqrt(double x) { return square_root<double>(splat<double>(x))[0]; }

// base^exponent for a whole exponent >= 0, by squaring: error below 1e-13 for the exponents of a training run.
inline double whole_power(double base, int64_t exponent) {
  double result = 1;
  for (; exponent > 0; exponent >>= 1, base *= base)
    if (exponent & 1) result *= base;
  return result;
}

template <class T> FASTNN_INLINE Sgd<T> make_sgd(double rate, double momentum, bool nesterov) {
  return {T(rate), T(momentum), T(nesterov ? 1 : 0)};
}

template <class T>
FASTNN_INLINE Adam<T> make_adam(double rate, double beta_1, double beta_2, double epsilon, int64_t step) {
  const double corrected = rate * scalar_sqrt(1 - whole_power(beta_2, step)) / (1 - whole_power(beta_1, step));
  return {T(corrected), T(beta_1), T(beta_2), T(1 - beta_1), T(1 - beta_2), T(epsilon)};
}

template <class T, class Rule>
FASTNN_INLINE void update_flat(const Rule& rule, T* w, const T* g, T* slot_0, T* slot_1, ptrdiff_t begin,
                               ptrdiff_t end) {
  Vec<T> unused = {};
  for (ptrdiff_t c = begin; c < end; c += kLanes<T>) {
    const int tail = int(end - c < kLanes<T> ? end - c : kLanes<T>);
    Vec<T> weight = load_first<T>(w + c, tail), first = load_first<T>(slot_0 + c, tail);
    Vec<T> second = Rule::kSlots > 1 ? load_first<T>(slot_1 + c, tail) : unused;
    rule.update(weight, load_first<T>(g + c, tail), first, second);
    store_first<T>(w + c, weight, tail);
    store_first<T>(slot_0 + c, first, tail);
    if (Rule::kSlots > 1) store_first<T>(slot_1 + c, second, tail);
  }
}

constexpr ptrdiff_t kFlatGrain = 1024;

template <class T> void sgd_step(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::SgdStep<T>*>(arguments);
  const auto part = fastnn::share_of(g.count, kFlatGrain, member, team);
  const auto rule = make_sgd<T>(g.learning_rate, g.momentum, g.nesterov);
  update_flat<T>(rule, g.params, g.d_params, g.velocity, static_cast<T*>(nullptr), part.begin, part.end);
}

template <class T> void adam_step(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::AdamStep<T>*>(arguments);
  const auto part = fastnn::share_of(g.count, kFlatGrain, member, team);
  const auto rule = make_adam<T>(g.learning_rate, g.beta_1, g.beta_2, g.epsilon, g.step);
  update_flat<T>(rule, g.params, g.d_params, g.m, g.v, part.begin, part.end);
}

}  // namespace
