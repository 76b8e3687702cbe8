// AVX-512 F, BW, DQ, VL: x86-64-v4.
//
// Intrinsics are the masked ones, under a full mask, which costs nothing, because GCC 12 warns about the others.
#pragma once

#include <immintrin.h>

#define FASTNN_VECTOR_BYTES 64
#include "kernels/vector/types.hpp"

#define FASTNN_HAS_FMA 1
#define FASTNN_HAS_SCALE 1

namespace {

constexpr int kTileRows = 8;        // 8 x 2 of 32 registers are accumulators
constexpr int kLowestTileRows = 2;  // of a tile that does not wait for the latency of an FMA
constexpr int kPeakChains = 20;

template <class T> FASTNN_INLINE Vec<T> load_first(const T* p, int count) {
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm512_maskz_loadu_ps(__mmask16((1u << count) - 1u), p);
  else return (Vec<T>)_mm512_maskz_loadu_pd(__mmask8((1u << count) - 1u), p);
}

template <class T> FASTNN_INLINE void store_first(T* p, Vec<T> v, int count) {
  if constexpr (sizeof(T) == 4) _mm512_mask_storeu_ps(p, __mmask16((1u << count) - 1u), (__m512)v);
  else _mm512_mask_storeu_pd(p, __mmask8((1u << count) - 1u), (__m512d)v);
}

// Which lanes load_lanes takes: the first `count`; all where there are more, none below 1.
template <class T> struct Lanes {
  uint16_t mask = 0;
  Lanes() = default;
  FASTNN_INLINE explicit Lanes(ptrdiff_t count)
      : mask(uint16_t(count >= kLanes<T> ? ~(~0u << kLanes<T>)
                          : count > 0    ? (1u << count) - 1u
                                         : 0u)) {}
};

template <class T> FASTNN_INLINE Vec<T> load_lanes(const T* p, Lanes<T> lanes) {
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm512_maskz_loadu_ps(lanes.mask, p);
  else return (Vec<T>)_mm512_maskz_loadu_pd(__mmask8(lanes.mask), p);
}

template <class T> FASTNN_INLINE Vec<T> square_root(Vec<T> v) {
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm512_maskz_sqrt_ps(__mmask16(-1), (__m512)v);
  else return (Vec<T>)_mm512_maskz_sqrt_pd(__mmask8(-1), (__m512d)v);
}

FASTNN_INLINE VecF64 low_doubles(VecF32 v) {
  return (VecF64)_mm512_maskz_cvtps_pd(__mmask8(-1), _mm512_maskz_extractf32x8_ps(__mmask8(-1), (__m512)v, 0));
}

FASTNN_INLINE VecF64 high_doubles(VecF32 v) {
  return (VecF64)_mm512_maskz_cvtps_pd(__mmask8(-1), _mm512_maskz_extractf32x8_ps(__mmask8(-1), (__m512)v, 1));
}

template <class T> FASTNN_INLINE Vec<T> multiply_add(Vec<T> a, Vec<T> b, Vec<T> c) {
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
  else return (Vec<T>)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
}

// v * 2^k for whole k, rounded once also where the result is subnormal or overflows.
template <class T> FASTNN_INLINE Vec<T> scale_by_power(Vec<T> v, Vec<T> k) {
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm512_maskz_scalef_ps(0xffff, (__m512)v, (__m512)k);
  else return (Vec<T>)_mm512_maskz_scalef_pd(0xff, (__m512d)v, (__m512d)k);
}

template <class T> FASTNN_INLINE Vec<T> maximum(Vec<T> a, Vec<T> b) {
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm512_maskz_max_ps(0xffff, (__m512)a, (__m512)b);
  else return (Vec<T>)_mm512_maskz_max_pd(0xff, (__m512d)a, (__m512d)b);
}

template <class T> FASTNN_INLINE Vec<T> minimum(Vec<T> a, Vec<T> b) {
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm512_maskz_min_ps(0xffff, (__m512)a, (__m512)b);
  else return (Vec<T>)_mm512_maskz_min_pd(0xff, (__m512d)a, (__m512d)b);
}

// 16 square roots and as many quotients keep Zen 4's divider busy for 16 cycles, so quotients of floats are left to the
// multipliers: an estimate of 14 bits and one step of Newton's method, within 2 ulp.
template <class T> FASTNN_INLINE Vec<T> quotient(Vec<T> a, Vec<T> b) {
  if constexpr (sizeof(T) == 4) {
    b = minimum<T>(splat<T>(0x1p126f), b);
    const Vec<T> inverse = (Vec<T>)_mm512_maskz_rcp14_ps(0xffff, (__m512)b), rough = a * inverse;
    return multiply_add<T>(rough, multiply_add<T>(-b, inverse, splat<T>(T(1))), rough);
  }
  return a / b;
}

}  // namespace
