// NEON: the baseline of 64-bit ARM.
#pragma once

#include <arm_neon.h>

#define FASTNN_VECTOR_BYTES 16
#include "kernels/vector/types.hpp"

#define FASTNN_HAS_FMA 1

namespace {

constexpr int kTileRows = 8;        // 8 x 2 of 32 registers are accumulators
constexpr int kLowestTileRows = 4;  // of a tile that does not wait for the latency of an FMA
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
  if constexpr (sizeof(T) == 4) return (Vec<T>)vsqrtq_f32((float32x4_t)v);
  else return (Vec<T>)vsqrtq_f64((float64x2_t)v);
}

FASTNN_INLINE VecF64 low_doubles(VecF32 v) { return (VecF64)vcvt_f64_f32(vget_low_f32((float32x4_t)v)); }

FASTNN_INLINE VecF64 high_doubles(VecF32 v) { return (VecF64)vcvt_high_f64_f32((float32x4_t)v); }

template <class T> FASTNN_INLINE Vec<T> multiply_add(Vec<T> a, Vec<T> b, Vec<T> c) {
  if constexpr (sizeof(T) == 4) return (Vec<T>)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
  else return (Vec<T>)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
}

template <class T> FASTNN_INLINE Vec<T> maximum(Vec<T> a, Vec<T> b) { return a > b ? a : b; }

template <class T> FASTNN_INLINE Vec<T> minimum(Vec<T> a, Vec<T> b) { return a < b ? a : b; }

template <class T> FASTNN_INLINE Vec<T> quotient(Vec<T> a, Vec<T> b) { return a / b; }

}  // namespace

#include "kernels/vector/counted_lanes.hpp"
