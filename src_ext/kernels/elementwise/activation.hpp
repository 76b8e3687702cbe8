// The activations: value and slope of each, tiles over contiguous memory, and the two row functions.
//
// Largest errors of the value in ulp (as in vector_math.hpp), also in the tails and where it is subnormal: elu 1.1,
// selu 1.9 (double 3.1), silu 2.5, gelu_tanh 2.5, softplus 2.1, mish 3.5, gelu 3.7, softsign 2.0, hard_swish 2.5.
// Slopes are within 2.5 ulp of 1, not relative to themselves.
#pragma once

#include "kernels/vector/erf.hpp"
#include "kernels/vector/math.hpp"
#include "contract/kernels.hpp"

namespace {

enum Activation : int {
  kIdentity = 0,
  kSigmoid = 1,
  kTanh = 2,
  kSign = 3,
  kRelu = 4,
  kLeakyRelu = 5,
  kElu = 6,
  kSelu = 7,
  kGelu = 8,
  kGeluTanh = 9,
  kSilu = 10,
  kMish = 11,
  kSoftplus = 12,
  kSoftsign = 13,
  kHardSigmoid = 14,
  kHardTanh = 15,
  kHardSwish = 16,
  kSoftmax = 17,
  kLogSoftmax = 18,
};

// --- one struct for each: a = activation(z), slope = da/dz ----------------------------------------------------------
// slope(z, a) is the slope alone, for the backward kernel, which has a; eval gives the same bits. Where the limit at an
// infinity is finite (silu, gelu, mish, hard_swish at -infinity), that is the value, not infinity * 0.

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

struct LeakyRelu {
  template <class T> static FASTNN_INLINE Vec<T> slope(Vec<T> z, Vec<T>) {
    return z > Vec<T>{} ? splat<T>(T(1)) : splat<T>(T(0.01));
  }
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) {
    slope = LeakyRelu::slope<T>(z, a);
    a = z * slope;
  }
};

struct Elu {
  template <class T> static FASTNN_INLINE Vec<T> slope(Vec<T> z, Vec<T> a) {
    return z > Vec<T>{} ? splat<T>(T(1)) : T(1) + a;
  }
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) {
    a = z >= Vec<T>{} ? z : expm1_of_negative<T>(z);
    slope = Elu::slope<T>(z, a);
  }
};

struct Selu {
  static constexpr double kScale = 1.0507009873554804934193, kAlpha = 1.6732632423543772848170;
  template <class T> static FASTNN_INLINE Vec<T> slope(Vec<T> z, Vec<T> a) {
    return z > Vec<T>{} ? splat<T>(T(kScale)) : T(kScale * kAlpha) + a;
  }
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) {
    a = z >= Vec<T>{} ? T(kScale) * z : T(kScale * kAlpha) * expm1_of_negative<T>(z);
    slope = Selu::slope<T>(z, a);
  }
};

// An activation whose slope needs what its value needs.
template <class Self> struct SlopeWithValue {
  template <class T> static FASTNN_INLINE Vec<T> slope(Vec<T> z, Vec<T>) {
    Vec<T> a, result;
    Self::template eval<T>(z, a, result);
    return result;
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
    const Vec<T> cubic_low = multiply_error<T>(second, square, cubic) + second * multiply_error<T>(v, v, square) +
                             T(c2 - T(c2)) * square;
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

// max(z, 0) + log1p(exp(-|z|)); the slope is sigmoid(z).
struct Softplus : SlopeWithValue<Softplus> {
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) {
    const Vec<T> e = exp_of_negative<T>(-absolute<T>(z)), inverse = T(1) / (T(1) + e);
    a = maximum<T>(Vec<T>{}, z) + log1p_of_unit<T>(e);
    slope = z < Vec<T>{} ? e * inverse : inverse;
  }
};

struct Softsign : SlopeWithValue<Softsign> {
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) {
    const Vec<T> size = absolute<T>(z), one = splat<T>(T(1)), inverse = T(1) / (T(1) + size);
    a = with_sign<T>(size > splat<T>(T(0x1p60)) ? one : size * inverse, z);  // infinity * 0 would be NaN
    slope = inverse * inverse;
  }
};

struct HardSigmoid : SlopeWithValue<HardSigmoid> {
  template <class T> static FASTNN_INLINE void eval(Vec<T> z, Vec<T>& a, Vec<T>& slope) {
    a = clamp<T>(z + T(3), T(0), T(6)) * T(1.0 / 6);
    slope = absolute<T>(z) < splat<T>(T(3)) ? splat<T>(T(1.0 / 6)) : Vec<T>{};
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

// --- tiles ---------------------------------------------------------------------------------------------------------

template <class T> using ActivationTile = void (*)(const T* z, T* a, T* slope, ptrdiff_t count);

// The tail runs the same vector body as the rest, so no result depends on its position. z and a may be the same.
template <class T, class F, bool kWithSlope>
FASTNN_INLINE void activation_pass(const T* z, T* a, T* slope, ptrdiff_t count) {
  Vec<T> value, rate;
  ptrdiff_t c = 0;
  for (; c + kLanes<T> <= count; c += kLanes<T>) {
    F::template eval<T>(load<T>(z + c), value, rate);
    store<T>(a + c, value);
    if constexpr (kWithSlope) store<T>(slope + c, rate);
  }
  if (c == count) return;
  const int tail = int(count - c);
  F::template eval<T>(load_first<T>(z + c, tail), value, rate);
  store_first<T>(a + c, value, tail);
  if constexpr (kWithSlope) store_first<T>(slope + c, rate, tail);
}

template <class T, class F> void activation_tile(const T* z, T* a, T* slope, ptrdiff_t count) {
  if (slope) activation_pass<T, F, true>(z, a, slope, count);
  else activation_pass<T, F, false>(z, a, slope, count);
}

// out = d_a * slope.
template <class T, class F> void slope_tile(const T* z, const T* a, const T* d_a, T* out, ptrdiff_t count) {
  ptrdiff_t c = 0;
  for (; c + kLanes<T> <= count; c += kLanes<T>)
    store<T>(out + c, load<T>(d_a + c) * F::template slope<T>(load<T>(z + c), load<T>(a + c)));
  if (c == count) return;
  const int tail = int(count - c);
  const Vec<T> slope = F::template slope<T>(load_first<T>(z + c, tail), load_first<T>(a + c, tail));
  store_first<T>(out + c, load_first<T>(d_a + c, tail) * slope, tail);
}

// Calls use(F{}) with the struct of an element-wise activation; false for a row function.
template <class Use> FASTNN_INLINE bool with_activation(int code, Use use) {
  switch (code) {
    case kIdentity: return use(Identity{}), true;
    case kSigmoid: return use(Sigmoid{}), true;
    case kTanh: return use(Tanh{}), true;
    case kSign: return use(Sign{}), true;
    case kRelu: return use(Relu{}), true;
    case kLeakyRelu: return use(LeakyRelu{}), true;
    case kElu: return use(Elu{}), true;
    case kSelu: return use(Selu{}), true;
    case kGelu: return use(Gelu{}), true;
    case kGeluTanh: return use(GeluTanh{}), true;
    case kSilu: return use(Silu{}), true;
    case kMish: return use(Mish{}), true;
    case kSoftplus: return use(Softplus{}), true;
    case kSoftsign: return use(Softsign{}), true;
    case kHardSigmoid: return use(HardSigmoid{}), true;
    case kHardTanh: return use(HardTanh{}), true;
    case kHardSwish: return use(HardSwish{}), true;
    default: return false;
  }
}

constexpr bool is_users(int64_t activation) { return activation > kLogSoftmax; }

inline const fastnn::UserActivation& users(int64_t activation) {
  return *reinterpret_cast<const fastnn::UserActivation*>(activation);
}

// a = activation(z), and where it is wanted the slope; element-wise. z and a may be the same.
template <class T> void run_activation(int64_t activation, const T* z, T* a, T* slope, ptrdiff_t count) {
  if (is_users(activation)) {
    if (slope) users(activation).both(z, a, slope, count);
    else users(activation).value(z, a, count);
    return;
  }
  ActivationTile<T> tile = nullptr;
  with_activation(int(activation), [&](auto f) { tile = activation_tile<T, decltype(f)>; });
  tile(z, a, slope, count);
}

// d_a times a user's slope, which his functions give together with a.
template <class T> void users_backward(int64_t activation, const T* z, const T* d_a, T* out, ptrdiff_t count) {
  constexpr ptrdiff_t kPiece = 256;
  T a[kPiece], slope[kPiece];
  for (ptrdiff_t begin = 0; begin < count; begin += kPiece) {
    const ptrdiff_t piece = count - begin < kPiece ? count - begin : kPiece;
    users(activation).both(z + begin, a, slope, piece);
    for (ptrdiff_t k = 0; k < piece; ++k) out[begin + k] = d_a[begin + k] * slope[k];
  }
}

// out = d_a * slope for an element-wise activation; out may be any of the inputs.
template <class T>
void activation_backward_tile(int64_t activation, const T* z, const T* a, const T* d_a, T* out, ptrdiff_t count) {
  if (is_users(activation)) users_backward(activation, z, d_a, out, count);
  else with_activation(int(activation), [&](auto f) { slope_tile<T, decltype(f)>(z, a, d_a, out, count); });
}

}  // namespace

#include "kernels/elementwise/softmax.hpp"
