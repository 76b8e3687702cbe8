// SSE2: the baseline of x86-64.
#pragma once

#include <immintrin.h>

#define FASTNN_VECTOR_BYTES 16
#include "kernels/vector/types.hpp"

namespace {

constexpr int kTileRows = 6;        // 6 x 2 of 16 registers are accumulators
constexpr int kLowestTileRows = 4;  // of a tile that does not wait for the latency of an addition
constexpr int kPeakChains = 12;

template <class T> FASTNN_INLINE Vec<T> load_first(const T* p, int count) {
  Vec<T> v = {};
  for (int k = 0; k < kLanes<T>; ++k)
    if (k < count) v[k] = p[k];
  return v;
}

template <class T> FASTNN_INLINE void store_first(T* p, Vec<T> v, int count) {
  for (int k = 0; k < kLanes<T>; ++k)
    if (k < count) p[k] = v[k];
}

template <class T> FASTNN_INLINE Vec<T> square_root(Vec<T> v) {
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm_sqrt_ps((__m128)v);
  else return (Vec<T>)_mm_sqrt_pd((__m128d)v);
}

FASTNN_INLINE VecF64 low_doubles(VecF32 v) { return (VecF64)_mm_cvtps_pd((__m128)v); }

FASTNN_INLINE VecF64 high_doubles(VecF32 v) { return (VecF64)_mm_cvtps_pd(_mm_movehl_ps((__m128)v, (__m128)v)); }

template <class T> FASTNN_INLINE Vec<T> multiply_add(Vec<T> a, Vec<T> b, Vec<T> c) { return a * b + c; }

template <class T> FASTNN_INLINE Vec<T> maximum(Vec<T> a, Vec<T> b) {
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm_max_ps((__m128)a, (__m128)b);
  else return (Vec<T>)_mm_max_pd((__m128d)a, (__m128d)b);
}

template <class T> FASTNN_INLINE Vec<T> minimum(Vec<T> a, Vec<T> b) {
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm_min_ps((__m128)a, (__m128)b);
  else return (Vec<T>)_mm_min_pd((__m128d)a, (__m128d)b);
}

template <class T> FASTNN_INLINE Vec<T> quotient(Vec<T> a, Vec<T> b) { return a / b; }

}  // namespace

#include "kernels/vector/counted_lanes.hpp"
