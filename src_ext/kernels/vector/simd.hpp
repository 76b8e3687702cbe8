// One vector type per element type, as wide as the instruction set that this translation unit is compiled for.
//
// FASTNN_VECTOR_BYTES (16, 32 or 64) is set by the including isa/*.cpp. Arithmetic is the compiler's own vector
// extension (+, -, *, /, <, ?:), so the kernels read like scalar code; only what the extension lacks (masked loads
// and stores, square root) is written with intrinsics, here and nowhere else.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#define FASTNN_INLINE inline __attribute__((always_inline))

namespace {

typedef float VecF32 __attribute__((vector_size(FASTNN_VECTOR_BYTES)));
typedef double VecF64 __attribute__((vector_size(FASTNN_VECTOR_BYTES)));
typedef int32_t VecI32 __attribute__((vector_size(FASTNN_VECTOR_BYTES)));
typedef int64_t VecI64 __attribute__((vector_size(FASTNN_VECTOR_BYTES)));
typedef uint32_t VecU32 __attribute__((vector_size(FASTNN_VECTOR_BYTES)));
typedef uint64_t VecU64 __attribute__((vector_size(FASTNN_VECTOR_BYTES)));

template <class T> struct VectorOf;
template <> struct VectorOf<float> {
  using Vec = VecF32;
  using IVec = VecI32;
  using UVec = VecU32;
  using Int = int32_t;
};
template <> struct VectorOf<double> {
  using Vec = VecF64;
  using IVec = VecI64;
  using UVec = VecU64;
  using Int = int64_t;
};

template <class T> using Vec = typename VectorOf<T>::Vec;
template <class T> using IVec = typename VectorOf<T>::IVec;  // also the result of a comparison: 0 or -1 per lane
template <class T> using UVec = typename VectorOf<T>::UVec;  // for shifts that bring in zeros
template <class T> using Int = typename VectorOf<T>::Int;

template <class T> constexpr int kLanes = FASTNN_VECTOR_BYTES / int(sizeof(T));

// value - 0, not 0 + value: the latter would lose the sign of -0.
template <class T> FASTNN_INLINE Vec<T> splat(T value) { return value - Vec<T>{}; }

template <class T> FASTNN_INLINE Vec<T> load(const T* p) {
  Vec<T> v;
  memcpy(&v, p, sizeof v);
  return v;
}

template <class T> FASTNN_INLINE void store(T* p, Vec<T> v) { memcpy(p, &v, sizeof v); }

// 0, 1, 2, ... by lane.
template <class T> FASTNN_INLINE IVec<T> lane_index() {
  IVec<T> v;
  for (int k = 0; k < kLanes<T>; ++k) v[k] = Int<T>(k);
  return v;
}

// The first `count` lanes (0 <= count <= lanes) of memory; the others are zero and their memory is not touched.
template <class T> FASTNN_INLINE Vec<T> load_first(const T* p, int count) {
#if defined(__AVX512F__) && FASTNN_VECTOR_BYTES == 64
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm512_maskz_loadu_ps(__mmask16((1u << count) - 1u), p);
  else return (Vec<T>)_mm512_maskz_loadu_pd(__mmask8((1u << count) - 1u), p);
#elif defined(__AVX2__) && FASTNN_VECTOR_BYTES == 32
  const __m256i mask = (__m256i)(lane_index<T>() < Int<T>(count));
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm256_maskload_ps(p, mask);
  else return (Vec<T>)_mm256_maskload_pd(p, mask);
#else
  Vec<T> v = {};
  for (int k = 0; k < kLanes<T>; ++k)
    if (k < count) v[k] = p[k];
  return v;
#endif
}

template <class T> FASTNN_INLINE void store_first(T* p, Vec<T> v, int count) {
#if defined(__AVX512F__) && FASTNN_VECTOR_BYTES == 64
  if constexpr (sizeof(T) == 4) _mm512_mask_storeu_ps(p, __mmask16((1u << count) - 1u), (__m512)v);
  else _mm512_mask_storeu_pd(p, __mmask8((1u << count) - 1u), (__m512d)v);
#elif defined(__AVX2__) && FASTNN_VECTOR_BYTES == 32
  const __m256i mask = (__m256i)(lane_index<T>() < Int<T>(count));
  if constexpr (sizeof(T) == 4) _mm256_maskstore_ps(p, mask, (__m256)v);
  else _mm256_maskstore_pd(p, mask, (__m256d)v);
#else
  for (int k = 0; k < kLanes<T>; ++k)
    if (k < count) p[k] = v[k];
#endif
}

// Which lanes load_lanes takes: the first `count`; all where there are more, none below 1.
#if defined(__AVX512F__) && FASTNN_VECTOR_BYTES == 64
template <class T> struct Lanes {
  uint16_t mask = 0;
  Lanes() = default;
  FASTNN_INLINE explicit Lanes(ptrdiff_t count)
      : mask(uint16_t(count >= kLanes<T> ? (1u << kLanes<T>) - 1u : count > 0 ? (1u << count) - 1u : 0u)) {}
};

template <class T> FASTNN_INLINE Vec<T> load_lanes(const T* p, Lanes<T> lanes) {
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm512_maskz_loadu_ps(lanes.mask, p);
  else return (Vec<T>)_mm512_maskz_loadu_pd(__mmask8(lanes.mask), p);
}
#else
template <class T> struct Lanes {
  int count = 0;
  Lanes() = default;
  FASTNN_INLINE explicit Lanes(ptrdiff_t count) : count(int(count < kLanes<T> ? count : kLanes<T>)) {}
};

template <class T> FASTNN_INLINE Vec<T> load_lanes(const T* p, Lanes<T> lanes) {
  return lanes.count == kLanes<T> ? load<T>(p) : lanes.count > 0 ? load_first<T>(p, lanes.count) : Vec<T>{};
}
#endif

template <class T> FASTNN_INLINE Vec<T> square_root(Vec<T> v) {
#if defined(__AVX512F__) && FASTNN_VECTOR_BYTES == 64
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm512_maskz_sqrt_ps(__mmask16(-1), (__m512)v);
  else return (Vec<T>)_mm512_maskz_sqrt_pd(__mmask8(-1), (__m512d)v);
#elif defined(__AVX__) && FASTNN_VECTOR_BYTES == 32
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm256_sqrt_ps((__m256)v);
  else return (Vec<T>)_mm256_sqrt_pd((__m256d)v);
#elif defined(__SSE2__)
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm_sqrt_ps((__m128)v);
  else return (Vec<T>)_mm_sqrt_pd((__m128d)v);
#else
  if constexpr (sizeof(T) == 4) return (Vec<T>)vsqrtq_f32((float32x4_t)v);
  else return (Vec<T>)vsqrtq_f64((float64x2_t)v);
#endif
}

#if (defined(__AVX512F__) && FASTNN_VECTOR_BYTES == 64) || (defined(__FMA__) && FASTNN_VECTOR_BYTES == 32) || \
    defined(__aarch64__)
#define FASTNN_HAS_FMA 1
#endif

// a * b + c, one rounding where the instruction set has it. Written out where contraction must not depend on what else
// the compiler does with the product.
template <class T> FASTNN_INLINE Vec<T> multiply_add(Vec<T> a, Vec<T> b, Vec<T> c) {
#if defined(__AVX512F__) && FASTNN_VECTOR_BYTES == 64
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
  else return (Vec<T>)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined(__FMA__) && FASTNN_VECTOR_BYTES == 32
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
  else return (Vec<T>)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif defined(__aarch64__)
  if constexpr (sizeof(T) == 4) return (Vec<T>)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
  else return (Vec<T>)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
#else
  return a * b + c;
#endif
}

#if defined(__AVX512F__) && FASTNN_VECTOR_BYTES == 64
#define FASTNN_HAS_SCALE 1
// v * 2^k for whole k, rounded once also where the result is subnormal or overflows.
template <class T> FASTNN_INLINE Vec<T> scale_by_power(Vec<T> v, Vec<T> k) {
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm512_maskz_scalef_ps(0xffff, (__m512)v, (__m512)k);
  else return (Vec<T>)_mm512_maskz_scalef_pd(0xff, (__m512d)v, (__m512d)k);
}
#endif

// a where it is larger, else b: a NaN in b wins (a > b is false), a NaN in a loses.
// Intrinsics, because GCC 12 makes a comparison and a blend of a > b ? a : b; with AVX-512 under a full mask, which
// costs nothing, because it warns about the unmasked ones.
template <class T> FASTNN_INLINE Vec<T> maximum(Vec<T> a, Vec<T> b) {
#if defined(__AVX512F__) && FASTNN_VECTOR_BYTES == 64
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm512_maskz_max_ps(0xffff, (__m512)a, (__m512)b);
  else return (Vec<T>)_mm512_maskz_max_pd(0xff, (__m512d)a, (__m512d)b);
#elif defined(__AVX__) && FASTNN_VECTOR_BYTES == 32
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm256_max_ps((__m256)a, (__m256)b);
  else return (Vec<T>)_mm256_max_pd((__m256d)a, (__m256d)b);
#elif defined(__SSE2__)
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm_max_ps((__m128)a, (__m128)b);
  else return (Vec<T>)_mm_max_pd((__m128d)a, (__m128d)b);
#else
  return a > b ? a : b;
#endif
}

// a where it is smaller, else b; NaNs as in maximum.
template <class T> FASTNN_INLINE Vec<T> minimum(Vec<T> a, Vec<T> b) {
#if defined(__AVX512F__) && FASTNN_VECTOR_BYTES == 64
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm512_maskz_min_ps(0xffff, (__m512)a, (__m512)b);
  else return (Vec<T>)_mm512_maskz_min_pd(0xff, (__m512d)a, (__m512d)b);
#elif defined(__AVX__) && FASTNN_VECTOR_BYTES == 32
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm256_min_ps((__m256)a, (__m256)b);
  else return (Vec<T>)_mm256_min_pd((__m256d)a, (__m256d)b);
#elif defined(__SSE2__)
  if constexpr (sizeof(T) == 4) return (Vec<T>)_mm_min_ps((__m128)a, (__m128)b);
  else return (Vec<T>)_mm_min_pd((__m128d)a, (__m128d)b);
#else
  return a < b ? a : b;
#endif
}

// a / b for a positive b; where b is 2^126 or more, a / 2^126 may come instead; a NaN stays. 16 square roots and as many
// quotients keep Zen 4's divider busy for 16 cycles, so with AVX-512 quotients of floats are left to the multipliers:
// an estimate of 14 bits and one step of Newton's method, within 2 ulp.
template <class T> FASTNN_INLINE Vec<T> quotient(Vec<T> a, Vec<T> b) {
#if defined(__AVX512F__) && FASTNN_VECTOR_BYTES == 64
  if constexpr (sizeof(T) == 4) {
    b = minimum<T>(splat<T>(0x1p126f), b);
    const Vec<T> inverse = (Vec<T>)_mm512_maskz_rcp14_ps(0xffff, (__m512)b), rough = a * inverse;
    return multiply_add<T>(rough, multiply_add<T>(-b, inverse, splat<T>(T(1))), rough);
  }
#endif
  return a / b;
}

template <class T> FASTNN_INLINE Vec<T> absolute(Vec<T> v) {
  return (Vec<T>)((IVec<T>)v & ~(IVec<T>)splat<T>(T(-0.0)));
}

template <class T> FASTNN_INLINE Vec<T> copy_sign(Vec<T> magnitude, Vec<T> sign) {
  const IVec<T> bit = (IVec<T>)splat<T>(T(-0.0));
  return (Vec<T>)(((IVec<T>)magnitude & ~bit) | ((IVec<T>)sign & bit));
}

// Lane k of the result is lane index[k] of a and then b.
template <class T> FASTNN_INLINE Vec<T> shuffle(Vec<T> a, Vec<T> b, IVec<T> index) {
#if defined(__clang__)  // whose own shuffles want literals; it makes one of this, where the index is known in the end
  Vec<T> picked = a;
#pragma GCC unroll 16
  for (int k = 0; k < kLanes<T>; ++k) {
    const int lane = int(index[k]);
    picked[k] = lane < kLanes<T> ? a[lane] : b[lane - kLanes<T>];
  }
  return picked;
#else
  return __builtin_shuffle(a, b, index);
#endif
}

// Lane k of the result is lane k ^ distance of v.
template <class T> FASTNN_INLINE Vec<T> exchange_lanes(Vec<T> v, int distance) {
  return shuffle<T>(v, v, lane_index<T>() ^ Int<T>(distance));
}

// The same for a magnitude whose sign bit is clear.
template <class T> FASTNN_INLINE Vec<T> with_sign(Vec<T> magnitude, Vec<T> sign) {
  return (Vec<T>)((IVec<T>)magnitude | ((IVec<T>)sign & (IVec<T>)splat<T>(T(-0.0))));
}

// Sums and maxima over the lanes, always by the same halving tree, which leaves the sum in every lane.
template <class T> FASTNN_INLINE Vec<T> sum_in_every_lane(Vec<T> v) {
#pragma GCC unroll 4
  for (int half = kLanes<T> / 2; half > 0; half /= 2) v += exchange_lanes<T>(v, half);
  return v;
}

template <class T> FASTNN_INLINE T sum_lanes(Vec<T> v) { return sum_in_every_lane<T>(v)[0]; }

template <class T> FASTNN_INLINE T max_lanes(Vec<T> v) {
#pragma GCC unroll 4
  for (int half = kLanes<T> / 2; half > 0; half /= 2) v = maximum<T>(v, exchange_lanes<T>(v, half));
  return v[0];
}

// Rows that lie `step` apart are shuffled with each other: `low` and `high` pick from both what takes their places.
template <class T>
FASTNN_INLINE void shuffle_pairs(Vec<T> (&rows)[kLanes<T>], int step, const IVec<T>& low, const IVec<T>& high) {
#pragma GCC unroll 16
  for (int pair = 0; pair < kLanes<T> / 2; ++pair) {
    const int r = pair / step * 2 * step + pair % step;
    const Vec<T> a = rows[r], b = rows[r + step];
    rows[r] = shuffle<T>(a, b, low);
    rows[r + step] = shuffle<T>(a, b, high);
  }
}

// In-register transpose of kLanes rows, every round with the rows that differ in one bit of their number: first within
// each 128 bits, whose halves are interleaved, then of the 128 bits as wholes, even and odd ones parted. Each shuffle is
// one instruction of one cycle (16 x 16 floats on Zen 4: 46 cycles; 77 by permutations across the whole vector).
template <class T> FASTNN_INLINE void transpose_square(Vec<T> (&rows)[kLanes<T>]) {
  constexpr int lanes = kLanes<T>, per = 16 / int(sizeof(T));
  IVec<T> low, high, even, odd;
  for (int k = 0; k < lanes; ++k) {
    const int c = k % per, whole = k / per;
    low[k] = Int<T>(whole * per + c / 2 + c % 2 * lanes);
    high[k] = Int<T>(whole * per + per / 2 + c / 2 + c % 2 * lanes);
    even[k] = Int<T>(2 * whole * per + c);
    odd[k] = Int<T>((2 * whole + 1) * per + c);
  }
#pragma GCC unroll 2
  for (int step = per / 2; step > 0; step /= 2) shuffle_pairs<T>(rows, step, low, high);
#pragma GCC unroll 2
  for (int step = per; step < lanes; step *= 2) shuffle_pairs<T>(rows, step, even, odd);
}

template <class T> constexpr ptrdiff_t round_up(ptrdiff_t count) {
  return (count + kLanes<T> - 1) / kLanes<T> * kLanes<T>;
}

}  // namespace
