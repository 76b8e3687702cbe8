// The normal distribution function and erf over vectors.
#pragma once

#include "kernels/vector/math.hpp"

namespace {

// From here on z * normal_cdf(-z) is zero in the element type.
template <class T> constexpr T kTailEnd = sizeof(T) == 4 ? T(15) : T(39.5);

// For t = min(|z|, kTailEnd): exp(-t^2 / 2) = (1 + q) scale kLower and normal_cdf(-t) = exp(-t^2 / 2) / inverse.
template <class T> struct NormalTail {
  Vec<T> t, inverse, q, scale;

  // v exp(-t^2 / 2) / kLower, rounded once less than by multiplying with the exponential; a normal number.
  FASTNN_INLINE Vec<T> raised(Vec<T> v) const { return multiply_add<T>(q, v, v) * scale; }
};

// exp multiplies a relative error of t^2 by t^2 / 2, up to 112 (float) or 780: so the square is taken exactly, the
// upper half of t's bits squared and (t - upper) (t + upper) beside it. The inverse ratio is 2 + t (sqrt(2 pi) -
// P / Q), P(t) / Q(t) near 2 / t for large t: the quotient's errors fade in both sums, at either end.
template <class T> FASTNN_INLINE NormalTail<T> normal_tail(Vec<T> z) {
  using P = Polynomials<T>;
  const Vec<T> t = minimum<T>(splat<T>(kTailEnd<T>), absolute<T>(z));
  const Vec<T> upper = (Vec<T>)((IVec<T>)t & Format<T>::kUpperHalf);
  const Vec<T> low = (T(-0.5) * (t - upper)) * (t + upper);
  const Reduced<T> part = reduce<T>((T(-0.5) * t) * t, (T(-0.5) * upper) * upper);
  const Vec<T> rate = P::kTailSlope - polynomial<T>(t, P::kTailAbove) / polynomial<T>(t, P::kTailBelow);
  const Vec<T> scale = power_of_two<T>((IVec<T>)part.shifted, Format<T>::kShift);
  return {t, multiply_add<T>(t, rate, splat<T>(T(2))), expm1_reduced<T>(part.r + low), scale};
}

template <class T> FASTNN_INLINE Vec<T> vnormal_cdf(Vec<T> x) {
  const NormalTail<T> part = normal_tail<T>(x);
  const Vec<T> tail = part.raised(T(1) / part.inverse) * Format<T>::kLower;
  return x > Vec<T>{} ? T(1) - tail : tail;
}

template <class T> FASTNN_INLINE Vec<T> verf(Vec<T> x) {
  const Vec<T> square = x * x;
  const Vec<T> near = multiply_add<T>(x, polynomial<T>(square, Polynomials<T>::kErf), x);
  const NormalTail<T> part = normal_tail<T>(T(1.41421356237309504880) * x);
  const Vec<T> far = T(1) - (2 * Format<T>::kLower) * part.raised(T(1) / part.inverse);
  return absolute<T>(x) < splat<T>(T(1)) ? near : copy_sign<T>(far, x);
}

}  // namespace
