// Element-wise losses on the raw output z: value and d_z = d loss / d z.
//
// Each is a struct with `eval(z, y, parameter, loss, d_z)` over vectors, written on z, never on clipped probabilities,
// so it is exact at z = +-1e20. Losses of whole rows are in class_loss.hpp; loss_rows.hpp sums them up.
#pragma once

#include "kernels/vector/math.hpp"

namespace {

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
  // log cosh r = |r| + log1p(exp(-2|r|)) - log 2; near zero that cancels, and r tanh(r) / 2 agrees to O(r^4). The
  // exponential is tanh's too.
  template <class T> static FASTNN_INLINE void eval(V<T> z, V<T> y, T, V<T>& loss, V<T>& d_z) {
    const V<T> r = z - y, size = absolute<T>(r), square = r * r;
    const TanhParts<T> part = tanh_parts<T>(size);
    const V<T> e = multiply_add<T>(part.scale, part.q, part.scale);
    const V<T> far = size + log1p_of_unit<T>(e, quotient<T>(e, T(2) + e)) - T(0.693147180559945309417);
    const V<T> near = square * (T(0.5) + square * (T(-1.0 / 12) + square * T(1.0 / 45)));
    loss = size < splat<T>(T(sizeof(T) == 4 ? 0.06 : 0.003)) ? near : far;
    d_z = tanh_of_parts<T>(part, r);
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

struct Tweedie {
  // Half the deviance of y from the mean exp(z), but for what y alone decides: with a = 2 - power and b = power - 1
  // 1 + (exp(a z) - 1) / a + y (exp(-b z) - 1) / b. The quotients go to z and -z where a or b goes to 0: at power 1 it
  // is Poisson's loss, at power 2 the gamma distribution's. Written with exp alone they would cancel near there.
  template <class T> static FASTNN_INLINE void eval(V<T> z, V<T> y, T power, V<T>& loss, V<T>& d_z) {
    const V<T> zero = {};
    const T a = T(2) - power, b = power - T(1);
    V<T> rising = z, rise = z == z ? splat<T>(T(1)) : z, falling = -z, fall = splat<T>(T(1));
    if (a > T(0)) {
      rise = vexp<T>(a * z);
      rising = vexpm1<T>(a * z) / a;
    }
    if (b > T(0)) {
      fall = vexp<T>(-b * z);
      falling = vexpm1<T>(-b * z) / b;
    }
    loss = T(1) + rising + (y == zero ? zero : y * falling);
    d_z = rise - (y == zero ? zero : y * fall);
  }
};

}  // namespace
