// What one neuron's epoch is made of: what a row teaches, and rows in stretches of a few vectors.
//
// The parameters, and every other vector that runs parallel to them, have kNeuronStride elements or a multiple: whole
// stretches of every instruction set, so that only rows of x need masks. What lies beyond w is multiplied by zeros.
#pragma once

#include "kernels/vector/loops.hpp"
#include "kernels/elementwise/activation_kernels.hpp"
#include "kernels/elementwise/loss.hpp"

namespace {

// --- what a row teaches: its loss and d_z = d loss / d z -------------------------------------------------------------

// y is -1 or 1. The loss counts the mistakes, a row on the line among them.
struct PerceptronRule {
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T> y, Vec<T>& loss, Vec<T>& d_z) {
    const Vec<T> zero = {}, margin = y * z;
    const Vec<T> no_mistake = margin > zero ? zero : margin;  // or NaN
    loss = margin <= zero ? splat<T>(T(1)) : no_mistake;
    d_z = margin <= zero ? -y : no_mistake;
  }
};

struct CrossEntropyRule {
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T> y, Vec<T>& loss, Vec<T>& d_z) {
    BinaryCrossEntropy::eval<T>(z, y, T(0), loss, d_z);
  }
};

template <class F> struct SquaredErrorRule {
  F f;

  template <class T> FASTNN_INLINE void eval(Vec<T> z, Vec<T> y, Vec<T>& loss, Vec<T>& d_z) const {
    Vec<T> a, slope;
    f.template eval<T>(z, a, slope);
    SquaredError::eval<T>(a, y, T(0), loss, d_z);
    d_z *= slope;
  }
};

// The squared error of a user's own activation, called for the first `lanes` rows.
struct UsersRule {
  const fastnn::UserActivation& f;

  template <class T>
  FASTNN_INLINE void eval(Vec<T> z, Vec<T> y, Vec<T>& loss, Vec<T>& d_z, int lanes = kLanes<T>) const {
    alignas(64) T inputs[kLanes<T>], a[kLanes<T>] = {}, slope[kLanes<T>] = {};
    store<T>(inputs, z);
    f.tile(f.parameters, inputs, a, slope, lanes);
    SquaredError::eval<T>(load<T>(a), y, T(0), loss, d_z);
    d_z *= load<T>(slope);
  }
};

template <class F> FASTNN_INLINE SquaredErrorRule<F> rule_of(F f) { return {f}; }
FASTNN_INLINE PerceptronRule rule_of(Sign) { return {}; }
FASTNN_INLINE CrossEntropyRule rule_of(Sigmoid) { return {}; }

// d_z of one row, in every lane as its z and y are.
template <class T, class Rule> FASTNN_INLINE Vec<T> d_z_of_row(const Rule& rule, Vec<T> z, Vec<T> y) {
  Vec<T> loss, d_z;  // the compiler leaves out what only the loss needs
  if constexpr (__is_same(Rule, UsersRule)) {
    rule.template eval<T>(z, y, loss, d_z, 1);
    return splat<T>(d_z[0]);
  } else {
    rule.template eval<T>(z, y, loss, d_z);
    return d_z;
  }
}

// The sum of the weighted losses of some rows; the weighted d_z replaces z.
template <class T, class Rule>
__attribute__((noinline)) double neuron_losses(const Rule& rule, T* z, const T* y, const T* weight, ptrdiff_t count) {
  Vec<T> total = {};
  for_vectors<T>(count, FASTNN_BODY {
    const Vec<T> share = load_lanes<T>(weight + c, lanes);
    Vec<T> loss, d_z;
    rule.template eval<T>(load_lanes<T>(z + c, lanes), load_lanes<T>(y + c, lanes), loss, d_z);
    total += first_or<T>(loss * share, lanes, Vec<T>{});
    store_lanes<T>(z + c, d_z * share, lanes);
  });
  return double(sum_lanes<T>(total));
}

// Calls use(rule) with the rule by which a neuron with this activation learns.
template <class T, class Use> FASTNN_INLINE void with_neuron_rule(const fastnn::Activation& activation, Use use) {
  if (is_users(activation)) return use(UsersRule{*activation.users});
  with_activation(activation, [&](auto f) { use(rule_of(f)); });
}

// --- stretches -------------------------------------------------------------------------------------------------------

template <class T, int NV> struct Stretch {
  Vec<T> v[NV];
  static constexpr ptrdiff_t kSize = NV * kLanes<T>;

  static FASTNN_INLINE Stretch read(const T* from) {
    Stretch stretch;
#pragma GCC unroll 8
    for (int k = 0; k < NV; ++k) stretch.v[k] = load<T>(from + k * kLanes<T>);
    return stretch;
  }

  FASTNN_INLINE void write(T* to) const {
#pragma GCC unroll 8
    for (int k = 0; k < NV; ++k) store<T>(to + k * kLanes<T>, v[k]);
  }

  FASTNN_INLINE void add(const Stretch& a) {
#pragma GCC unroll 8
    for (int k = 0; k < NV; ++k) v[k] += a.v[k];
  }

  FASTNN_INLINE void add_product(const Stretch& a, const Stretch& b) {
#pragma GCC unroll 8
    for (int k = 0; k < NV; ++k) v[k] = multiply_add<T>(a.v[k], b.v[k], v[k]);
  }

  FASTNN_INLINE void add_product(Vec<T> factor, const Stretch& a) {
#pragma GCC unroll 8
    for (int k = 0; k < NV; ++k) v[k] = multiply_add<T>(factor, a.v[k], v[k]);
  }

  // The sum of all elements, in every lane.
  FASTNN_INLINE Vec<T> sum() const {
    Vec<T> tree[NV];
#pragma GCC unroll 8
    for (int k = 0; k < NV; ++k) tree[k] = v[k];
#pragma GCC unroll 4
    for (int half = NV / 2; half > 0; half /= 2)
#pragma GCC unroll 4
      for (int k = 0; k < half; ++k) tree[k] += tree[k + half];
    return sum_in_every_lane<T>(tree[0]);
  }

  FASTNN_INLINE Vec<T> dot(const Stretch& a) const {
    Stretch product = {};
    product.add_product(*this, a);
    return product.sum();
  }
};

// Reads rows of x, of i elements, a stretch at a time. What lies beyond is zero, and its memory is not touched.
template <class T, int NV> struct RowReader {
  using Part = Stretch<T, NV>;
  ptrdiff_t i;
  Lanes<T> lanes[NV];  // of the last stretch

  FASTNN_INLINE explicit RowReader(ptrdiff_t i) : i(i) {
    const ptrdiff_t last = i > 0 ? (i - 1) / Part::kSize * Part::kSize : 0;
#pragma GCC unroll 8
    for (int k = 0; k < NV; ++k) lanes[k] = Lanes<T>(i - last - k * kLanes<T>);
  }

  FASTNN_INLINE Part last(const T* from) const {
    Part part;
#pragma GCC unroll 8
    for (int k = 0; k < NV; ++k) part.v[k] = load_lanes<T>(from + k * kLanes<T>, lanes[k]);
    return part;
  }

  // The stretch that starts at element c.
  FASTNN_INLINE Part read(const T* row, ptrdiff_t c) const {
    return c + Part::kSize <= i ? Part::read(row + c) : last(row + c);
  }
};

constexpr int kWide = 8;  // vectors of the widest stretch
static_assert(fastnn::kNeuronStride % (kWide * kLanes<float>) == 0);

template <class T> using WideStretch = Stretch<T, kWide>;
template <class T> using WideReader = RowReader<T, kWide>;

template <class T> FASTNN_INLINE ptrdiff_t neuron_row(const fastnn::NeuronEpoch<T>& g, ptrdiff_t r) {
  return g.order ? ptrdiff_t(g.order[r]) : r;
}

}  // namespace
