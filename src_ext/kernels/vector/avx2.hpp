// AVX2 and FMA: x86-64-v3.
#pragma once

#include <immintrin.h>

#define FASTNN_VECTOR_BYTES 32
#include "kernels/vector/types.hpp"

#define FASTNN_HAS_FMA 1

namespace {

constexpr int kTileRows = 6;        // 6 x 2 of 16 registers are accumulators
constexpr int kLowestTileRows = 4;  // of a tile that does not wait for the latency of an FMA
constexpr int kPeakChains = 12;

template <class T> FASTNN_INLINE Vec<T> load_first(const T* p, int count) {
  const __m256i mask = (__m256i)(lane_index<T>() < Int<T>(count));
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm256_maskload_ps(p, mask);
  else return (Vec<T>)_mm256_maskload_pd(p, mask);
}

template <class T> FASTNN_INLINE void store_first(T* p, Vec<T> v, int count) {
  const __m256i mask = (__m256i)(lane_index<T>() < Int<T>(count));
  if constexpr (sizeof(T) == 4) _mm256_maskstore_ps(p, mask, (__m256)v);
  else _mm256_maskstore_pd(p, mask, (__m256d)v);
}

template <class T> FASTNN_INLINE Vec<T> square_root(Vec<T> v) {
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm256_sqrt_ps((__m256)v);
  else return (Vec<T>)_mm256_sqrt_pd((__m256d)v);
}

FASTNN_INLINE VecF64 low_doubles(VecF32 v) { return (VecF64)_mm256_cvtps_pd(_mm256_castps256_ps128((__m256)v)); }

FASTNN_INLINE VecF64 high_doubles(VecF32 v) { return (VecF64)_mm256_cvtps_pd(_mm256_extractf128_ps((__m256)v, 1)); }

template <class T> FASTNN_INLINE Vec<T> multiply_add(Vec<T> a, Vec<T> b, Vec<T> c) {
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
  else return (Vec<T>)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
}

template <class T> FASTNN_INLINE Vec<T> maximum(Vec<T> a, Vec<T> b) {
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm256_max_ps((__m256)a, (__m256)b);
  else return (Vec<T>)_mm256_max_pd((__m256d)a, (__m256d)b);
}

template <class T> FASTNN_INLINE Vec<T> minimum(Vec<T> a, Vec<T> b) {
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm256_min_ps((__m256)a, (__m256)b);
  else return (Vec<T>)_mm256_min_pd((__m256d)a, (__m256d)b);
}

template <class T> FASTNN_INLINE Vec<T> quotient(Vec<T> a, Vec<T> b) { return a / b; }

}  // namespace

#include "kernels/vector/counted_lanes.hpp"
