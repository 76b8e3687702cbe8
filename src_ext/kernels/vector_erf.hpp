// The normal distribution function and erf over vectors.
#pragma once

#include "kernels/vector_math.hpp"

namespace {

// From here on z * normal_cdf(-z) is zero in the element type.
template <class T> constexpr T kTailEnd = sizeof(T) == 4 ? T(15) : T(39.5);

// normal_cdf(-t) = tail * kLower, exp(-t^2 / 2) = density * kLower, for t = min(|z|, kTailEnd); both normal.
template <class T> struct NormalTail {
  Vec<T> t, tail, density;
};

// exp multiplies a relative error of t^2 by t^2 / 2, up to 112 (float) or 780: so the square is taken exactly, the upper
// half of t's bits squared (exact) and (t - upper) (t + upper) beside it.
template <class T> FASTNN_INLINE NormalTail<T> normal_tail(Vec<T> z) {
  const Vec<T> t = minimum<T>(splat<T>(kTailEnd<T>), absolute<T>(z));
  const Vec<T> upper = (Vec<T>)((IVec<T>)t & Format<T>::kUpperHalf);
  const Vec<T> low = (T(-0.5) * (t - upper)) * (t + upper);
  Reduced<T> part = reduce<T>((T(-0.5) * t) * t, (T(-0.5) * upper) * upper);
  part.r += low;
  const Vec<T> density = raised_exp<T>(part);
  const Vec<T> ratio = polynomial<T>(t, Polynomials<T>::kTailAbove) / polynomial<T>(t, Polynomials<T>::kTailBelow);
  return {t, density * ratio, density};
}

template <class T> FASTNN_INLINE Vec<T> vnormal_cdf(Vec<T> x) {
  const NormalTail<T> part = normal_tail<T>(x);
  const Vec<T> tail = part.tail * Format<T>::kLower;
  return x > Vec<T>{} ? T(1) - tail : tail;
}

template <class T> FASTNN_INLINE Vec<T> verf(Vec<T> x) {
  const Vec<T> square = x * x;
  const Vec<T> near = multiply_add<T>(x, polynomial<T>(square, Polynomials<T>::kErf), x);
  const NormalTail<T> part = normal_tail<T>(T(1.41421356237309504880) * x);
  const Vec<T> far = T(1) - T(2) * (part.tail * Format<T>::kLower);
  return absolute<T>(x) < splat<T>(T(1)) ? near : copy_sign<T>(far, x);
}

}  // namespace
