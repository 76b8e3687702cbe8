// Losses and output links on the raw output z, one row at a time: value in float64, d_z = d loss / d z.
//
// Element-wise losses are a struct with `eval(z, y, loss, d_z)` over vectors; cross-entropy works on whole rows.
// All are written on z, never on clipped probabilities, so they are exact at z = +-1e20.
#pragma once

#include "kernels/elementwise/activation_kernels.hpp"
#include "kernels/network/pieces.hpp"
#include "kernels/vector/math.hpp"
#include "contract/kernels.hpp"

namespace {

enum LossCode : int {
  kSquaredError = 0,
  kBinaryCrossEntropy = 1,
  kCrossEntropy = 2,
  kAbsolute = 3,
  kHuber = 4,
  kLogCosh = 5,
  kPoisson = 6,
  kPinball = 7,
  kHinge = 8,
};

template <class T> using V = Vec<T>;

struct SquaredError {
  template <class T> static FASTNN_INLINE void eval(V<T> z, V<T> y, T, V<T>& loss, V<T>& d_z) {
    d_z = z - y;
    loss = T(0.5) * d_z * d_z;
  }
};

struct BinaryCrossEntropy {
  // max(z, 0) - z y + log1p(exp(-|z|)): no overflow, and no cancellation where y is 0 or 1 and z on its side.
  template <class T> static FASTNN_INLINE void eval(V<T> z, V<T> y, T, V<T>& loss, V<T>& d_z) {
    const V<T> zero = {};
    const V<T> linear = (z > zero ? z * (T(1) - y) : zero - z * y);
    loss = linear + log1p_of_unit<T>(exp_of_negative<T>(-absolute<T>(z)));
    d_z = vsigmoid<T>(z) - y;
  }
};

struct Absolute {
  template <class T> static FASTNN_INLINE void eval(V<T> z, V<T> y, T, V<T>& loss, V<T>& d_z) {
    const V<T> zero = {}, one = splat<T>(T(1)), r = z - y;
    loss = absolute<T>(r);
    d_z = r > zero ? one : (r < zero ? -one : r);
  }
};

struct Huber {
  template <class T> static FASTNN_INLINE void eval(V<T> z, V<T> y, T delta, V<T>& loss, V<T>& d_z) {
    const V<T> r = z - y, size = absolute<T>(r), bound = splat<T>(delta);
    const auto inside = size <= bound;
    loss = inside ? T(0.5) * r * r : delta * (size - T(0.5) * delta);
    d_z = inside ? r : (size > bound ? copy_sign<T>(bound, r) : r);
  }
};

struct LogCosh {
  // log cosh r = |r| + log1p(exp(-2|r|)) - log 2; near zero that cancels, and r tanh(r) / 2 agrees to O(r^4).
  template <class T> static FASTNN_INLINE void eval(V<T> z, V<T> y, T, V<T>& loss, V<T>& d_z) {
    const V<T> r = z - y, size = absolute<T>(r), square = r * r;
    const V<T> far = size + log1p_of_unit<T>(exp_of_negative<T>(T(-2) * size)) - T(0.693147180559945309417);
    const V<T> near = square * (T(0.5) + square * (T(-1.0 / 12) + square * T(1.0 / 45)));
    loss = size < splat<T>(T(sizeof(T) == 4 ? 0.06 : 0.003)) ? near : far;
    d_z = vtanh<T>(r);
  }
};

struct Poisson {
  template <class T> static FASTNN_INLINE void eval(V<T> z, V<T> y, T, V<T>& loss, V<T>& d_z) {
    const V<T> mean = vexp<T>(z), zero = {};
    loss = mean - (y == zero ? zero : y * z);
    d_z = mean - y;
  }
};

struct Pinball {
  template <class T> static FASTNN_INLINE void eval(V<T> z, V<T> y, T quantile, V<T>& loss, V<T>& d_z) {
    const V<T> r = y - z, zero = {}, above = splat<T>(quantile), below = splat<T>(quantile - T(1));
    d_z = r > zero ? -above : (r < zero ? -below : r);
    loss = r * (r > zero ? above : below);
  }
};

struct Hinge {
  template <class T> static FASTNN_INLINE void eval(V<T> z, V<T> y, T, V<T>& loss, V<T>& d_z) {
    const V<T> margin = T(1) - y * z, zero = {};
    loss = margin > zero ? margin : (margin == margin ? zero : margin);
    d_z = margin > zero ? -y : (margin == margin ? zero : margin);
  }
};

// Sum of one row's losses; d_z = scale * gradient. The lanes beyond `count` never enter.
template <class T, class L>
FASTNN_INLINE double elementwise_row(const T* z, const T* y, T* d_z, ptrdiff_t count, T parameter, T scale) {
  V<T> total = {};
  ptrdiff_t c = 0;
  V<T> loss, gradient;
  for (; c + kLanes<T> <= count; c += kLanes<T>) {
    L::template eval<T>(load<T>(z + c), load<T>(y + c), parameter, loss, gradient);
    store<T>(d_z + c, gradient * scale);
    total += loss;
  }
  if (c < count) {
    const int tail = int(count - c);
    L::template eval<T>(load_first<T>(z + c, tail), load_first<T>(y + c, tail), parameter, loss, gradient);
    store_first<T>(d_z + c, gradient * scale, tail);
    total += lane_index<T>() < Int<T>(tail) ? loss : V<T>{};
  }
  return double(sum_lanes<T>(total));
}

// log(sum exp z) * sum y - sum y z, shifted by the largest z: terms y (max - z) + sum y * log(sum exp(z - max)).
template <class T> FASTNN_INLINE double cross_entropy_row(const T* z, const T* y, T* d_z, ptrdiff_t count, T scale) {
  const V<T> zero = {}, lowest = splat<T>(-__builtin_inff());
  const auto lanes_left = [&](ptrdiff_t c) {
    return lane_index<T>() < Int<T>(count - c < kLanes<T> ? count - c : kLanes<T>);
  };
  V<T> top = lowest;
  for (ptrdiff_t c = 0; c < count; c += kLanes<T>) {
    const int tail = int(count - c < kLanes<T> ? count - c : kLanes<T>);
    const V<T> row = lanes_left(c) ? load_first<T>(z + c, tail) : lowest;
    top = row > top ? row : top;
  }
  const V<T> largest = splat<T>(max_lanes<T>(top));
  V<T> sum = zero, sum_y = zero, linear = zero;
  for (ptrdiff_t c = 0; c < count; c += kLanes<T>) {
    const int tail = int(count - c < kLanes<T> ? count - c : kLanes<T>);
    const V<T> target = load_first<T>(y + c, tail), below = load_first<T>(z + c, tail) - largest;
    const V<T> e = lanes_left(c) ? exp_of_negative<T>(below) : zero;
    sum += e;
    sum_y += target;
    linear += target == zero ? zero : target * below;
    store_first<T>(d_z + c, e, tail);
  }
  const T mass = sum_lanes<T>(sum_y), normaliser = sum_lanes<T>(sum);
  const V<T> factor = splat<T>(scale * mass / normaliser);
  for (ptrdiff_t c = 0; c < count; c += kLanes<T>) {
    const int tail = int(count - c < kLanes<T> ? count - c : kLanes<T>);
    store_first<T>(d_z + c, load_first<T>(d_z + c, tail) * factor - load_first<T>(y + c, tail) * scale, tail);
  }
  const T log_sum = vlog<T>(splat<T>(normaliser))[0];
  return double(mass) * double(log_sum) - double(sum_lanes<T>(linear));
}

// body(an element-wise loss).
template <class Body> FASTNN_INLINE double with_elementwise(int loss, Body body) {
  switch (loss) {
    case kSquaredError: return body(SquaredError{});
    case kBinaryCrossEntropy: return body(BinaryCrossEntropy{});
    case kAbsolute: return body(Absolute{});
    case kHuber: return body(Huber{});
    case kLogCosh: return body(LogCosh{});
    case kPoisson: return body(Poisson{});
    case kPinball: return body(Pinball{});
    default: return body(Hinge{});
  }
}

template <class T>
FASTNN_INLINE double loss_row(int loss, const T* z, const T* y, T* d_z, ptrdiff_t count, T parameter, T scale) {
  if (loss == kCrossEntropy) return cross_entropy_row<T>(z, y, d_z, count, scale);
  return with_elementwise(loss, [=](auto kind) __attribute__((always_inline)) {
    return elementwise_row<T, decltype(kind)>(z, y, d_z, count, parameter, scale);
  });
}

// Cross-entropy of kLanes rows of at most kSquares * kLanes outputs, turned so that a lane is a row: no sums across
// lanes, one logarithm for all rows. Rows beyond `count` repeat the last one and count nothing.
template <class T, int kSquares, class Rows>
FASTNN_INLINE double cross_entropy_narrow(const Rows& rows, ptrdiff_t r0, int count, int o) {
  constexpr int lanes = kLanes<T>;
  V<T> z_squares[kSquares][lanes], y_squares[kSquares][lanes];
  const V<T> weight = rows.weights(r0, count);
#pragma GCC unroll 2
  for (int s = 0; s < kSquares; ++s) {
    const int first = s * lanes, left = o - first < lanes ? o - first : lanes;
#pragma GCC unroll 16
    for (int r = 0; r < lanes; ++r) {
      const ptrdiff_t row = r0 + (r < count ? r : count - 1);
      z_squares[s][r] = load_first<T>(rows.z(row) + first, left);
      y_squares[s][r] = load_first<T>(rows.y(row) + first, left);
    }
    transpose_square<T>(z_squares[s]);
    transpose_square<T>(y_squares[s]);
  }
  V<T>*const z = z_squares[0], *const y = y_squares[0];
  const V<T> scale = weight * T(1 / rows.weight_total);
  V<T> largest = z[0], zero = {};
  for (int c = 1; c < o; ++c) largest = maximum<T>(largest, z[c]);
  V<T> sum = zero, mass = zero, linear = zero;
  for (int c = 0; c < o; ++c) {
    const V<T> below = z[c] - largest;
    z[c] = exp_of_negative<T>(below);
    sum += z[c];
    mass += y[c];
    linear += y[c] == zero ? zero : y[c] * below;
  }
  const V<T> factor = scale * mass / sum, loss = weight * (mass * vlog<T>(sum) - linear);
  for (int c = 0; c < o; ++c) z[c] = z[c] * factor - y[c] * scale;
#pragma GCC unroll 2
  for (int s = 0; s < kSquares; ++s) {
    const int first = s * lanes, left = o - first < lanes ? o - first : lanes;
    transpose_square<T>(z_squares[s]);
    for (int r = 0; r < count; ++r) store_first<T>(rows.d_z(r0 + r) + first, z_squares[s][r], left);
  }
  return double(sum_lanes<T>(first_or<T>(loss, count, zero)));
}

template <class T, int kSquares, class Rows>
double cross_entropy_narrow_rows(const Rows& rows, ptrdiff_t r0, ptrdiff_t r1, int o) {
  double total = 0;
  for (; r0 < r1; r0 += kLanes<T>)
    total += cross_entropy_narrow<T, kSquares>(rows, r0, int(r1 - r0 < kLanes<T> ? r1 - r0 : kLanes<T>), o);
  return total;
}

// One output of an element-wise loss, where z and d_z lie side by side: a lane is a row.
template <class T, class L, class Rows>
FASTNN_INLINE double single_output_rows(const Rows& rows, ptrdiff_t r0, ptrdiff_t r1, T parameter) {
  const V<T> zero = {}, share = splat<T>(T(1 / rows.weight_total));
  V<T> total = {}, loss, gradient;
  for_vectors<T>(r1 - r0, [&](ptrdiff_t c, int lanes) __attribute__((always_inline)) {
    const ptrdiff_t r = r0 + c;
    const V<T> weight = rows.weights(r, lanes);
    L::template eval<T>(load_lanes<T>(rows.z(r), lanes), rows.targets(r, lanes), parameter, loss, gradient);
    store_lanes<T>(rows.d_z(r), gradient * (weight * share), lanes);
    total += first_or<T>(weight * loss, lanes, zero);
  });
  return double(sum_lanes<T>(total));
}

// The sum of weighted losses of rows [r0, r1); d_z gets the gradient of the mean. `rows` has z(r), y(r), d_z(r),
// weight(r) and weight_total; weights(r, count) and targets(r, count) of some rows, the latter for one output, and
// has_adjacent_z() where its z and d_z lie side by side.
template <class T, class Rows>
FASTNN_INLINE double loss_rows(int loss, double parameter, const Rows& rows, ptrdiff_t r0, ptrdiff_t r1, ptrdiff_t o) {
  double total = 0;
  if (o == 0) return total;
  if (loss == kCrossEntropy && o <= 2 * kLanes<T> && kLanes<T> >= 8)
    return o <= kLanes<T> ? cross_entropy_narrow_rows<T, 1>(rows, r0, r1, int(o))
                          : cross_entropy_narrow_rows<T, 2>(rows, r0, r1, int(o));
  if (rows.has_adjacent_z() && loss != kCrossEntropy)
    return with_elementwise(loss, [&](auto kind) __attribute__((always_inline)) {
      return single_output_rows<T, decltype(kind)>(rows, r0, r1, T(parameter));
    });
  Meter meter;
  for (; r0 < r1; ++r0) {
    const double weight = rows.weight(r0);
    total += weight * loss_row<T>(loss, rows.z(r0), rows.y(r0), rows.d_z(r0), o, T(parameter),
                                  T(weight / rows.weight_total));
    if (meter.stops(o)) break;
  }
  return total;
}

template <class T> struct PlainLossRows {
  const fastnn::LossAndGradient<T>& g;
  double weight_total;
  const T* z(ptrdiff_t r) const { return g.z + r * g.o; }
  const T* y(ptrdiff_t r) const { return g.y + r * g.o; }
  T* d_z(ptrdiff_t r) const { return g.d_z + r * g.o; }
  double weight(ptrdiff_t r) const { return g.sample_weight ? double(g.sample_weight[r]) : 1.0; }
  bool has_adjacent_z() const { return g.o == 1; }
  V<T> weights(ptrdiff_t r, int count) const {
    return g.sample_weight ? load_lanes<T>(g.sample_weight + r, count) : splat<T>(T(1));
  }
  V<T> targets(ptrdiff_t r, int count) const { return load_lanes<T>(g.y + r, count); }
};

// Rows in blocks of kLossRows, one partial sum each, so that the total is the same for every team.
template <class T> void loss_and_gradient(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::LossAndGradient<T>*>(arguments);
  const PlainLossRows<T> view{g, g.weight_total};
  const auto rows = fastnn::share_of(g.n, fastnn::kLossRows, member, team);
  Meter meter;
  for (ptrdiff_t r0 = rows.begin; r0 < rows.end; r0 += fastnn::kLossRows) {
    const ptrdiff_t r1 = r0 + fastnn::kLossRows < rows.end ? r0 + fastnn::kLossRows : rows.end;
    g.partial[r0 / fastnn::kLossRows] = loss_rows<T>(g.loss, g.parameter, view, r0, r1, g.o);
    if (meter.stops(kFunctionWork * (r1 - r0) * g.o)) return;
  }
}

// The prediction that belongs to z (n, o): the mean for the loss's distribution. z and out may be the same memory.
template <class T> void link_rows(int loss, const T* z, T* out, ptrdiff_t n, ptrdiff_t o) {
  const ptrdiff_t count = n * o;
  if (loss == kCrossEntropy) {
    softmax_rows<T, false>(z, out, o, n, o);
  } else if (loss == kPoisson) {
    ptrdiff_t c = 0;
    for (; c + kLanes<T> <= count; c += kLanes<T>) store<T>(out + c, vexp<T>(load<T>(z + c)));
    if (c < count) store_first<T>(out + c, vexp<T>(load_first<T>(z + c, int(count - c))), int(count - c));
  } else {
    run_activation<T>(loss == kBinaryCrossEntropy ? kSigmoid : kIdentity, z, out, nullptr, count);
  }
}

template <class T> void link(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::Link<T>*>(arguments);
  const auto rows = fastnn::share_of(g.n, 16, member, team);
  in_pieces(rows, 16, kFunctionWork * g.o, [&](ptrdiff_t r0, ptrdiff_t r1) {
    link_rows<T>(g.loss, g.z + r0 * g.o, g.out + r0 * g.o, r1 - r0, g.o);
  });
}

}  // namespace
