// The activations of single numbers: value and slope of each.
//
// Largest errors of the value in ulp (measured as in kernels/vector/math.hpp), also in the tails and where it is
// subnormal: elu 1.1, selu 1.9 (double 3.1), silu 2.5, gelu_tanh 2.5, softplus 2.1, mish 3.5, gelu 3.7, softsign 2.0,
// hard_swish 2.5. Slopes are within 2.5 ulp of 1, not relative to themselves.
#pragma once

#include "kernels/vector/erf.hpp"
#include "kernels/vector/math.hpp"
#include "contract/activations.hpp"

namespace {

using fastnn::is_row_function;
#define FASTNN_USE(Struct, facts) using fastnn::k##Struct;
FASTNN_ACTIVATIONS(FASTNN_USE, FASTNN_USE)
#undef FASTNN_USE

// --- one struct for each: a = activation(z), slope = da/dz ----------------------------------------------------------
// slope(z, a) is the slope alone, for the backward kernel, which has a; eval gives the same bits. Where the limit at an
// infinity is finite (silu, gelu, mish, hard_swish at -infinity), that is the value, not infinity * 0.
// One with parameters is made from their doubles.

// An activation whose slope needs what its value needs.
template <class Self> struct SlopeWithValue {
  template <class T> FASTNN_INLINE Vec<T> slope(Vec<T> z, Vec<T>) const {
    Vec<T> a, result;
    static_cast<const Self*>(this)->template eval<T>(z, a, result);
    return result;
  }
};

struct Identity {
  template <class T> static FASTNN_INLINE Vec<T> slope(Vec<T>, Vec<T>) { return splat<T>(T(1)); }
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) {
    a = z;
    slope = splat<T>(T(1));
  }
};

struct Sigmoid {
  template <class T> static FASTNN_INLINE Vec<T> slope(Vec<T>, Vec<T> a) { return a * (T(1) - a); }
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) {
    a = vsigmoid<T>(z);
    slope = Sigmoid::slope<T>(z, a);
  }
};

struct Tanh {
  template <class T> static FASTNN_INLINE Vec<T> slope(Vec<T>, Vec<T> a) { return (T(1) - a) * (T(1) + a); }
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) {
    a = vtanh<T>(z);
    slope = Tanh::slope<T>(z, a);
  }
};

struct Sign {
  template <class T> static FASTNN_INLINE Vec<T> slope(Vec<T>, Vec<T>) { return Vec<T>{}; }
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) {
    const Vec<T> zero = {}, one = splat<T>(T(1));
    a = z > zero ? one : (z < zero ? -one : z);  // NaN and the sign of a zero stay
    slope = zero;
  }
};

struct Relu {
  template <class T> static FASTNN_INLINE Vec<T> slope(Vec<T> z, Vec<T>) {
    return z > Vec<T>{} ? splat<T>(T(1)) : Vec<T>{};
  }
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) {
    a = maximum<T>(Vec<T>{}, z);
    slope = Relu::slope<T>(z, a);
  }
};

struct Relu6 : SlopeWithValue<Relu6> {
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) {
    const Vec<T> zero = {};
    a = clamp<T>(z, T(0), T(6));
    slope = z > zero ? (z < splat<T>(T(6)) ? splat<T>(T(1)) : zero) : zero;
  }
};

struct ThresholdedRelu {
  double threshold;
  explicit ThresholdedRelu(const double* parameters) : threshold(parameters[0]) {}
  template <class T> FASTNN_INLINE Vec<T> slope(Vec<T> z, Vec<T>) const {
    return z > splat<T>(T(threshold)) ? splat<T>(T(1)) : Vec<T>{};
  }
  template <class T> FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) const {
    a = z <= splat<T>(T(threshold)) ? Vec<T>{} : z;  // this order lets NaN through
    slope = this->slope<T>(z, a);
  }
};

struct LeakyRelu {
  double leak;
  explicit LeakyRelu(const double* parameters) : leak(parameters[0]) {}
  template <class T> FASTNN_INLINE Vec<T> slope(Vec<T> z, Vec<T>) const {
    return z > Vec<T>{} ? splat<T>(T(1)) : splat<T>(T(leak));
  }
  template <class T> FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) const {
    slope = this->slope<T>(z, a);
    a = z * slope;
  }
};

struct Elu {
  double alpha;
  explicit Elu(const double* parameters) : alpha(parameters[0]) {}
  template <class T> FASTNN_INLINE Vec<T> slope(Vec<T> z, Vec<T> a) const {
    return z > Vec<T>{} ? splat<T>(T(1)) : T(alpha) + a;
  }
  template <class T> FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) const {
    a = z >= Vec<T>{} ? z : T(alpha) * expm1_of_negative<T>(z);
    slope = this->slope<T>(z, a);
  }
};

// alpha (exp(z / alpha) - 1) below zero, so that the slope is 1 from both sides.
struct Celu {
  double alpha;
  explicit Celu(const double* parameters) : alpha(parameters[0]) {}
  template <class T> FASTNN_INLINE Vec<T> slope(Vec<T> z, Vec<T> a) const {
    return z > Vec<T>{} ? splat<T>(T(1)) : T(1) + a / T(alpha);
  }
  template <class T> FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) const {
    // Of numbers as small as this exp(z) - 1 is z itself, which spares z / alpha from being subnormal.
    constexpr double tiny = sizeof(T) == 4 ? 0x1p-25 : 0x1p-54;
    a = z >= splat<T>(T(-alpha * tiny)) ? z : T(alpha) * expm1_of_negative<T>(z / T(alpha));
    slope = this->slope<T>(z, a);
  }
};

struct Selu {
  double scale, depth;
  explicit Selu(const double* parameters) : scale(parameters[1]), depth(parameters[0] * scale) {}
  template <class T> FASTNN_INLINE Vec<T> slope(Vec<T> z, Vec<T> a) const {
    return z > Vec<T>{} ? splat<T>(T(scale)) : T(depth) + a;
  }
  template <class T> FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) const {
    a = z >= Vec<T>{} ? T(scale) * z : T(depth) * expm1_of_negative<T>(z);
    slope = this->slope<T>(z, a);
  }
};

// z normal_cdf(z) is -h for z < 0 and z - h for z > 0, h = |z| normal_cdf(-|z|): full precision in the tail.
struct Gelu : SlopeWithValue<Gelu> {
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) {
    constexpr T lower = Format<T>::kLower;
    const Vec<T> zero = {}, density = splat<T>(T(0.398942280401432677940));  // 1 / sqrt(2 pi)
    const NormalTail<T> part = normal_tail<T>(z);
    const Vec<T> h = part.raised(part.t / part.inverse) * lower;
    a = z >= zero ? z - h : -h;
    const Vec<T> step = part.raised(multiply_add<T>(density, part.t, T(-1) / part.inverse));
    slope = z > zero ? multiply_add<T>(step, splat<T>(lower), splat<T>(T(1))) : -(step * lower);
  }
};

// a = z * sigmoid(y) and its slope from the reduced -y; z is bounded, v_rate = z dy/dz.
template <class T>
FASTNN_INLINE void sigmoid_gate(const Reduced<T>& part, Vec<T> z, Vec<T> v_rate, Vec<T>& a, Vec<T>& slope) {
  constexpr T one = Format<T>::kLower;
  const Vec<T> scale = power_of_two<T>((IVec<T>)part.shifted, -Format<T>::kShift), q = expm1_reduced<T>(part.r);
  const Vec<T> inverse = T(1) / sigmoid_divisor<T>(scale, q);
  a = (z * inverse) * one;
  const Vec<T> complement = multiply_add<T>(scale, q, scale) * inverse;  // 1 - sigmoid(y)
  slope = (inverse * multiply_add<T>(v_rate, complement, splat<T>(T(1)))) * one;
}

struct Silu : SlopeWithValue<Silu> {
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) {
    constexpr T end = Format<T>::kOnlyOne;
    const Vec<T> bounded = clamp<T>(z, -Format<T>::kSigmoidEnd, end);
    Vec<T> value;
    sigmoid_gate<T>(reduce<T>(-bounded, -bounded), bounded, bounded, value, slope);
    a = z > splat<T>(end) ? z : value;
  }
};

// The rounding error of p = a * b.
template <class T> FASTNN_INLINE Vec<T> multiply_error(Vec<T> a, Vec<T> b, Vec<T> p) {
#if defined(FASTNN_HAS_FMA)
  return multiply_add<T>(a, b, -p);
#else
  const Vec<T> a1 = (Vec<T>)((IVec<T>)a & Format<T>::kUpperHalf), b1 = (Vec<T>)((IVec<T>)b & Format<T>::kUpperHalf);
  const Vec<T> a2 = a - a1, b2 = b - b1;
  return ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2;
#endif
}

// z (1 + tanh(u)) / 2 = z sigmoid(y), y = 2 u = z (c1 + c2 z^2). exp multiplies a relative error of y by y, up to 110
// (float) or 760: so y is carried as a sum of two numbers.
struct GeluTanh : SlopeWithValue<GeluTanh> {
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) {
    constexpr long double c1 = 1.59576912160573071175978423973752747L, c2 = c1 * 0.044715L;
    constexpr T low = sizeof(T) == 4 ? -11 : -22, end = -low / 2;  // below, the value is zero; above, it is z
    const Vec<T> v = clamp<T>(z, low, end);
    const Vec<T> first = splat<T>(T(c1)), second = splat<T>(T(c2));
    const Vec<T> square = v * v, cubic = second * square;
    const Vec<T> cubic_low =
        multiply_error<T>(second, square, cubic) + second * multiply_error<T>(v, v, square) + T(c2 - T(c2)) * square;
    const Vec<T> sum = first + cubic, rest = sum - first;
    const Vec<T> sum_low = ((first - (sum - rest)) + (cubic - rest)) + (cubic_low + T(c1 - T(c1)));
    const Vec<T> y = v * sum, y_low = multiply_add<T>(v, sum_low, multiply_error<T>(v, sum, y));
    Reduced<T> part = reduce<T>(-y, -y);
    part.r -= y_low;
    Vec<T> value;
    sigmoid_gate<T>(part, v, v * multiply_add<T>(splat<T>(T(3)), cubic, first), value, slope);
    a = z > splat<T>(end) ? z : value;
  }
};

// With e = exp(z) and d = e (e + 2) + 2: tanh(log(1 + e)) is 1 - 2 / d, used for z > 0, and e (1 - e (e + 1) / d), used
// for z < 0: the quotient is below 2/5 in both, so its errors fade.
struct Mish : SlopeWithValue<Mish> {
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) {
    constexpr T end = sizeof(T) == 4 ? 20 : 40;  // 2 / d is less than a quarter ulp of 1
    const Vec<T> zero = {}, two = splat<T>(T(2)), bounded = clamp<T>(z, -Format<T>::kSigmoidEnd, end);
    const Vec<T> raised = raised_exp<T>(reduce<T>(bounded, bounded)), e = raised * Format<T>::kLower;
    const Vec<T> d = multiply_add<T>(e, e + two, two), product = multiply_add<T>(e, e, e);
    const Vec<T> limit = z > zero ? bounded : bounded * raised, fade = (z > zero ? two : product) / d;
    const Vec<T> value = limit * (T(1) - fade);
    a = z > splat<T>(end) ? z : (z > zero ? value : value * Format<T>::kLower);
    const Vec<T> inverse = T(1) / d;
    slope = inverse * multiply_add<T>(bounded, (T(4) * product) * inverse, e * (e + two));
  }
};

// max(z, 0) + log1p(exp(-|beta z|)) / beta; the slope is sigmoid(beta z).
struct Softplus : SlopeWithValue<Softplus> {
  double beta;
  explicit Softplus(const double* parameters) : beta(parameters[0]) {}
  template <class T> FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) const {
    const Vec<T> e = exp_of_negative<T>(T(-beta) * absolute<T>(z)), inverse = T(1) / (T(1) + e);
    a = maximum<T>(Vec<T>{}, z) + T(1 / beta) * log1p_of_unit<T>(e);
    slope = z < Vec<T>{} ? e * inverse : inverse;
  }
};

// log(sigmoid(z)) = min(z, 0) - log1p(exp(-|z|)); the slope is sigmoid(-z).
struct LogSigmoid : SlopeWithValue<LogSigmoid> {
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) {
    const Vec<T> e = exp_of_negative<T>(-absolute<T>(z)), inverse = T(1) / (T(1) + e);
    a = minimum<T>(Vec<T>{}, z) - log1p_of_unit<T>(e);
    slope = z < Vec<T>{} ? inverse : e * inverse;
  }
};

struct Softsign : SlopeWithValue<Softsign> {
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) {
    const Vec<T> size = absolute<T>(z), one = splat<T>(T(1)), inverse = T(1) / (T(1) + size);
    a = with_sign<T>(size > splat<T>(T(0x1p60)) ? one : size * inverse, z);  // infinity * 0 would be NaN
    slope = inverse * inverse;
  }
};

// slope z + offset within [0, 1], written so that 1 / 6 and 1 / 2 give the bits of (z + 3) / 6. The width of the slope
// is rounded so that it ends at no more than 1.
struct HardSigmoid : SlopeWithValue<HardSigmoid> {
  double rate, low, high;  // the slope, and where it begins and ends
  explicit HardSigmoid(const double* parameters)
      : rate(parameters[0]), low(-parameters[1] / rate), high((1 - parameters[1]) / rate) {}
  template <class T> FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) const {
    constexpr T unit = T(sizeof(T) == 4 ? 0x1p-23 : 0x1p-52);
    const T width = T(1 / rate), top = width * T(rate) > T(1) ? width * (1 - unit) : width;
    const Vec<T> zero = {};
    a = clamp<T>(z - T(low), T(0), top) * T(rate);
    slope = z > splat<T>(T(low)) ? (z < splat<T>(T(high)) ? splat<T>(T(rate)) : zero) : zero;
  }
};

struct HardTanh : SlopeWithValue<HardTanh> {
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) {
    const Vec<T> one = splat<T>(T(1));
    a = clamp<T>(z, T(-1), T(1));
    slope = absolute<T>(z) < one ? one : Vec<T>{};
  }
};

struct HardSwish : SlopeWithValue<HardSwish> {
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) {
    const Vec<T> zero = {}, one = splat<T>(T(1)), end = splat<T>(T(3));
    const Vec<T> gate = clamp<T>(z + T(3), T(0), T(6)) * T(1.0 / 6);
    a = maximum<T>(-end, z) * gate;  // bounded: -infinity * 0 would be NaN
    slope = z >= end ? one : (z <= -end ? zero : z * T(1.0 / 3) + T(0.5));
  }
};

// --- shrinkage: zero, or nearly, around zero -------------------------------------------------------------------------

struct Softshrink : SlopeWithValue<Softshrink> {
  double threshold;
  explicit Softshrink(const double* parameters) : threshold(parameters[0]) {}
  template <class T> FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) const {
    const Vec<T> size = absolute<T>(z), end = splat<T>(T(threshold));
    a = size > end ? with_sign<T>(size - end, z) : z * T(0);  // NaN and the sign of a zero stay
    slope = size > end ? splat<T>(T(1)) : Vec<T>{};
  }
};

struct HardShrink : SlopeWithValue<HardShrink> {
  double threshold;
  explicit HardShrink(const double* parameters) : threshold(parameters[0]) {}
  template <class T> FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) const {
    const Vec<T> size = absolute<T>(z), end = splat<T>(T(threshold));
    a = size > end ? z : z * T(0);
    slope = size > end ? splat<T>(T(1)) : Vec<T>{};
  }
};

// tanh_shrink(z) / z^3 = (cosh z - sinh(z) / z) / (z^2 cosh z) = 1/3 - z^2 above / below, the power series in z^2 of
// (cosh(z) / 3 - (cosh z - sinh(z) / z) / z^2) / z^2 and of cosh z, whose terms are all positive.
template <class T> struct ShrinkSeries {
  static constexpr int kTerms = sizeof(T) == 4 ? 8 : 12;
  T above[kTerms] = {}, below[kTerms] = {};
  constexpr ShrinkSeries() {
    double factorial = 1;  // (2 k)!
    for (int k = 0; k < kTerms; ++k) {
      const double next = factorial * (2 * k + 1) * (2 * k + 2), last = next * (2 * k + 3) * (2 * k + 4);
      below[k] = T(1 / factorial);
      above[k] = T(1 / (3 * next) - (2 * k + 4) / (last * (2 * k + 5)));
      factorial = next;
    }
  }
};

// z - tanh(z), which cancels near zero: there it is z^3 times the quotient above. z^3 and 1/3 are carried as sums of
// two numbers.
struct TanhShrink : SlopeWithValue<TanhShrink> {
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) {
    static constexpr ShrinkSeries<T> series{};
    constexpr T third = T(1) / 3, rest = T(1.0L / 3 - third);
    const Vec<T> size = absolute<T>(z), square = size * size, cubic = size * square, tanh = vtanh<T>(size);
    const Vec<T> low = size * multiply_error<T>(size, size, square) + multiply_error<T>(size, square, cubic);
    const Vec<T> share = polynomial<T>(square, series.above) / polynomial<T>(square, series.below);
    const Vec<T> quotient = multiply_add<T>(-square, share, splat<T>(third));
    const Vec<T> near = multiply_add<T>(cubic, quotient, low * quotient + cubic * rest);
    a = with_sign<T>(size < splat<T>(T(1.3)) ? near : size - tanh, z);
    slope = tanh * tanh;
  }
};

}  // namespace
