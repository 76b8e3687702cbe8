// exp, expm1, log, log1p, tanh and sigmoid over vectors: no branches, no tables, no libm.
//
// Every function takes all inputs: NaN, infinities, signed zeros and subnormals give what the function asks for.
// exp and its relatives write x = k ln 2 + r with a whole k and |r| <= ln(2) / 2, take a polynomial in r and scale by
// 2^k, always so that overflow and gradual underflow come from one last rounding.
//
// Largest errors in ulp with SSE2, AVX2 and AVX-512 (every 13th float, for tanh all; two million doubles of all sizes):
//            exp   expm1  log   log1p  tanh  sigmoid  erf   normal_cdf
//   float    1.05  1.75   0.94  1.53   2.00  2.00     1.32  3.19
//   double   1.02  2.21   0.84  1.43   2.08  1.99     1.41  3.01
#pragma once

#include "kernels/vector/polynomials.hpp"
#include "kernels/vector/simd.hpp"

namespace {

template <class T> struct Format;

template <> struct Format<float> {
  static constexpr int kMantissa = 23, kBias = 127;
  static constexpr int32_t kUpperHalf = ~0xfff;  // bits of a number whose square is exact
  static constexpr float kRound = 0x1.8p23f;     // x + kRound - kRound rounds to a whole number, left in the low bits
  static constexpr float kWhole = 0x1p23f;       // its bits | n is the number 2^23 + n
  static constexpr float kLn2High = 0x1.62e4p-1f, kLn2Low = 0x1.7f7d1cp-20f;  // k * high is exact: 16 bits
  static constexpr float kExpLow = -104, kExpHigh = 89;  // beyond them exp rounds to zero and to infinity
  static constexpr float kOnlyOne = 45;                  // exp(-45) is less than a quarter ulp of 1
  static constexpr float kSigmoidEnd = 116;              // z * sigmoid(z) has rounded to zero at -109
  // 2^(k + kShift) is normal for k in [-168, 65], 2^(k - kShift) for k in [-65, 168]: exp(x) stays normal when raised
  // by 2^kShift where it underflows (x > -116), and lowered where it overflows.
  static constexpr int kShift = 60;
  static constexpr float kLower = 0x1p-60f;
};

template <> struct Format<double> {
  static constexpr int kMantissa = 52, kBias = 1023;
  static constexpr int64_t kUpperHalf = ~0x7ffffff;
  static constexpr double kRound = 0x1.8p52;
  static constexpr double kWhole = 0x1p52;
  static constexpr double kLn2High = 0x1.62e42feep-1, kLn2Low = 0x1.a39ef35793c76p-33;
  static constexpr double kExpLow = -746, kExpHigh = 710;
  static constexpr double kOnlyOne = 45, kSigmoidEnd = 760;
  static constexpr int kShift = 200;
  static constexpr double kLower = 0x1p-200;
};

// c[0] + c[1] x + ...: pairs of terms, then Horner's rule in x^2. One product more than Horner's rule in x and half its
// latency, which counts, because the out-of-order window holds only a few vectors' chains.
template <class T, int N> FASTNN_INLINE Vec<T> polynomial(Vec<T> x, const T (&c)[N]) {
  constexpr int last = (N - 1) / 2 * 2;
  const Vec<T> square = x * x;
  Vec<T> sum = splat<T>(c[last]);
  if constexpr (last + 1 < N) sum = multiply_add<T>(splat<T>(c[last + 1]), x, sum);
#pragma GCC unroll 16
  for (int k = last - 2; k >= 0; k -= 2)
    sum = multiply_add<T>(sum, square, multiply_add<T>(splat<T>(c[k + 1]), x, splat<T>(c[k])));
  return sum;
}

// Within [low, high]; a NaN stays.
template <class T> FASTNN_INLINE Vec<T> clamp(Vec<T> x, T low, T high) {
  return minimum<T>(splat<T>(high), maximum<T>(splat<T>(low), x));
}

// An argument as sign k ln 2 + r with |r| <= ln(2) / 2.
template <class T> struct Reduced {
  Vec<T> shifted, k, r;  // shifted: k + kRound
};

// k is found from x, r from `high`: x itself, or where x is known to more than working precision its upper part.
template <class T> FASTNN_INLINE Reduced<T> reduce(Vec<T> x, Vec<T> high, int sign = 1) {
  using F = Format<T>;
  const T log2_e = T(sign * 1.44269504088896340736), ln2_high = -sign * F::kLn2High, ln2_low = -sign * F::kLn2Low;
  const Vec<T> shifted = multiply_add<T>(x, splat<T>(log2_e), splat<T>(F::kRound)), k = shifted - F::kRound;
  const Vec<T> r = multiply_add<T>(k, splat<T>(ln2_low), multiply_add<T>(k, splat<T>(ln2_high), high));
  return {shifted, k, r};
}

template <class T> FASTNN_INLINE Vec<T> expm1_reduced(Vec<T> r) {
  return multiply_add<T>(r * r, polynomial<T>(r, Polynomials<T>::kExp), r);
}

// 2^(k + shift) for a k that adding kRound has rounded, whose bits are those of a whole number, and a result that is a
// normal number.
template <class T> FASTNN_INLINE Vec<T> power_of_two(IVec<T> k, int shift = 0) {
  const auto one = (UVec<T>)splat<T>(T(1)) + ((UVec<T>)(IVec<T>{} + Int<T>(shift)) << Format<T>::kMantissa);
  return (Vec<T>)(((UVec<T>)k << Format<T>::kMantissa) + one);
}

// v 2^k = v * first * second, both powers far from overflow.
template <class T> struct Halves {
  Vec<T> first, second;
};

template <class T> FASTNN_INLINE Halves<T> halves(const Reduced<T>& part) {
  const Vec<T> half = multiply_add<T>(part.k, splat<T>(T(0.5)), splat<T>(Format<T>::kRound));
  return {power_of_two<T>((IVec<T>)half), power_of_two<T>((IVec<T>)part.shifted - (IVec<T>)half)};
}

template <class T> FASTNN_INLINE Vec<T> vexp(Vec<T> x) {
  x = clamp<T>(x, Format<T>::kExpLow, Format<T>::kExpHigh);
  const Reduced<T> part = reduce<T>(x, x);
#if defined(FASTNN_HAS_SCALE)
  return scale_by_power<T>(T(1) + expm1_reduced<T>(part.r), part.k);
#else
  const Halves<T> scale = halves<T>(part);
  return multiply_add<T>(scale.first, expm1_reduced<T>(part.r), scale.first) * scale.second;
#endif
}

// exp of a reduced argument as raised * kLower. `raised` is larger by 2^kShift and so a normal number: a factor can
// come in before the only rounding to a subnormal.
template <class T> FASTNN_INLINE Vec<T> raised_exp(const Reduced<T>& part) {
  const Vec<T> scale = power_of_two<T>((IVec<T>)part.shifted, Format<T>::kShift);
  return multiply_add<T>(scale, expm1_reduced<T>(part.r), scale);
}

// exp(x) for x <= 0.
template <class T> FASTNN_INLINE Vec<T> exp_of_negative(Vec<T> x) {
  x = maximum<T>(splat<T>(Format<T>::kExpLow), x);
  const Reduced<T> part = reduce<T>(x, x);
#if defined(FASTNN_HAS_SCALE)
  return scale_by_power<T>(T(1) + expm1_reduced<T>(part.r), part.k);
#else
  return raised_exp<T>(part) * Format<T>::kLower;
#endif
}

// exp(x) - 1 for x <= 0, where 2^k cannot overflow; the sign of a zero is lost.
template <class T> FASTNN_INLINE Vec<T> expm1_of_negative(Vec<T> x) {
  x = maximum<T>(splat<T>(-Format<T>::kOnlyOne), x);
  const Reduced<T> part = reduce<T>(x, x);
  const Vec<T> scale = power_of_two<T>((IVec<T>)part.shifted);
  return multiply_add<T>(scale, expm1_reduced<T>(part.r), scale - T(1));
}

// (2^k1 expm1(r) + 2^k1 - 2^-k2) 2^k2.
template <class T> FASTNN_INLINE Vec<T> vexpm1(Vec<T> x) {
  const Vec<T> bounded = clamp<T>(x, -Format<T>::kOnlyOne, Format<T>::kExpHigh);
  const Reduced<T> part = reduce<T>(bounded, bounded);
  const Halves<T> scale = halves<T>(part);
  const auto square_of_one = (UVec<T>)splat<T>(T(1)) << 1;
  const Vec<T> one = (Vec<T>)(square_of_one - (UVec<T>)scale.second);  // 1 / second
  const Vec<T> value = multiply_add<T>(scale.first, expm1_reduced<T>(part.r), scale.first - one);
  return copy_sign<T>(value * scale.second, x);
}

// exp(-2 size) = scale (1 + q) for a size of at least 0; beyond 22.5 it stays next to nothing.
template <class T> struct TanhParts {
  Vec<T> scale, q;
};

template <class T> FASTNN_INLINE TanhParts<T> tanh_parts(Vec<T> size) {
  const Vec<T> doubled = minimum<T>(splat<T>(Format<T>::kOnlyOne), size + size);
  const Reduced<T> part = reduce<T>(-doubled, -doubled);
  return {power_of_two<T>((IVec<T>)part.shifted), expm1_reduced<T>(part.r)};
}

// tanh|x| = (1 - e) / (1 + e) with e = exp(-2|x|) = 2^k + 2^k q, q = expm1(r): numerator and denominator are rounded
// once each, since 1 -+ 2^k are exact until 2^k is next to nothing, and so is 2^k q.
template <class T> FASTNN_INLINE Vec<T> tanh_of_parts(const TanhParts<T>& part, Vec<T> x) {
  const Vec<T> scale = part.scale, q = part.q;
  const Vec<T> above = multiply_add<T>(scale, -q, T(1) - scale), below = multiply_add<T>(scale, q, T(1) + scale);
#if defined(FASTNN_HAS_FMA)
  return with_sign<T>(above / below, x);
#else
  // q has one more rounding here. What the denominator's took makes up for it: 1 / below is about 0.6 where it matters.
  const Vec<T> lost = ((T(1) + scale) - below) + scale * q, quotient = above / below;
  return with_sign<T>(quotient - quotient * (T(0.6) * lost), x);
#endif
}

template <class T> FASTNN_INLINE Vec<T> vtanh(Vec<T> x) { return tanh_of_parts<T>(tanh_parts<T>(absolute<T>(x)), x); }

// sigmoid(z) = kLower / (kLower + kLower exp(-z)): numerator and denominator are normal where the quotient is not, so
// it is rounded once. Where z > kOnlyOne, it is one.
template <class T> FASTNN_INLINE Vec<T> sigmoid_divisor(Vec<T> scale, Vec<T> q) {
  return multiply_add<T>(scale, q, splat<T>(Format<T>::kLower)) + scale;
}

template <class T> FASTNN_INLINE Vec<T> vsigmoid(Vec<T> z) {
  const Vec<T> x = clamp<T>(-z, -Format<T>::kOnlyOne, Format<T>::kSigmoidEnd);
  const Reduced<T> part = reduce<T>(x, x);
  const Vec<T> scale = power_of_two<T>((IVec<T>)part.shifted, -Format<T>::kShift);
  return Format<T>::kLower / sigmoid_divisor<T>(scale, expm1_reduced<T>(part.r));
}

// --- logarithms -----------------------------------------------------------------------------------------------------
// With s = f / (2 + f): log(1 + f) = 2 s + s^3 rest(s^2) = f - s (f - s^2 rest(s^2)); the division's error enters only
// through the small second term.

// x > 0 as 2^e m, m in [sqrt(1/2), sqrt(2)).
template <class T> struct Binary {
  Vec<T> e, m, inverse;  // inverse: 2^-e, wrong for the largest e
};

template <class T> FASTNN_INLINE Binary<T> binary(Vec<T> x) {
  using F = Format<T>;
  const auto one = (UVec<T>)splat<T>(T(1)), sqrt_half = (UVec<T>)splat<T>(T(0.70710678118654752440));
  const auto biased = (UVec<T>)x + (one - sqrt_half), exponent = biased >> F::kMantissa;
  const auto shift = (exponent << F::kMantissa) - one;
  const Vec<T> e = (Vec<T>)(exponent | (UVec<T>)splat<T>(F::kWhole)) - (F::kWhole + F::kBias);
  return {e, (Vec<T>)((UVec<T>)x - shift), (Vec<T>)(one - shift)};
}

// log(2^e (1 + f)).
template <class T> FASTNN_INLINE Vec<T> log_of_parts(Vec<T> e, Vec<T> f) {
  using F = Format<T>;
  const Vec<T> s = f / (T(2) + f), square = s * s;
  const Vec<T> rest = square * polynomial<T>(square, Polynomials<T>::kLog);
  const Vec<T> low = multiply_add<T>(e, splat<T>(F::kLn2Low), -s * (f - rest));
  return multiply_add<T>(e, splat<T>(F::kLn2High), f + low);
}

// What a logarithm of u is where u is not a positive number.
template <class T> FASTNN_INLINE Vec<T> log_or_limit(Vec<T> u, Vec<T> log) {
  const Vec<T> zero = {}, infinity = splat<T>(T(__builtin_inff()));
  const Vec<T> limit = u == zero ? -infinity : splat<T>(T(__builtin_nanf("")));
  return u > zero ? (u < infinity ? log : u) : limit;
}

template <class T> FASTNN_INLINE Vec<T> vlog(Vec<T> x) {
  using F = Format<T>;
  const T up = (T)(Int<T>(1) << F::kMantissa);
  const auto subnormal = x < splat<T>(sizeof(T) == 4 ? T(0x1p-126) : T(0x1p-1022));
  const Binary<T> part = binary<T>(subnormal ? x * up : x);
  const Vec<T> e = subnormal ? part.e - T(F::kMantissa) : part.e;
  return log_or_limit<T>(x, log_of_parts<T>(e, part.m - T(1)));
}

// 2^-e (1 + x) - 1 from x itself, not from the rounded 1 + x; where 2^-e may be wrong, x is too large to differ.
template <class T> FASTNN_INLINE Vec<T> vlog1p(Vec<T> x) {
  const Vec<T> u = T(1) + x;
  const Binary<T> part = binary<T>(u);
  const Vec<T> f = multiply_add<T>(x, part.inverse, part.inverse - T(1));
  const Vec<T> log = log_of_parts<T>(part.e, x > splat<T>(T(0x1p60)) ? part.m - T(1) : f);
  return copy_sign<T>(log_or_limit<T>(u, log), x);
}

// log(1 + e) for e in [0, 1], with s = e / (2 + e): one polynomial, no exponent to take apart.
template <class T> FASTNN_INLINE Vec<T> log1p_of_unit(Vec<T> e, Vec<T> s) {
  const Vec<T> square = s * s;
  return e - s * (e - square * polynomial<T>(square, Polynomials<T>::kLogWide));
}

template <class T> FASTNN_INLINE Vec<T> log1p_of_unit(Vec<T> e) { return log1p_of_unit<T>(e, e / (T(2) + e)); }

}  // namespace
