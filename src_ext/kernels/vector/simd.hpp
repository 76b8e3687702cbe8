// Vectors of the instruction set that this translation unit is compiled for.
//
// Arithmetic is the compiler's own vector extension (+, -, *, /, <, ?:), so the kernels read like scalar code; only
// what the extension lacks is written with intrinsics, in the header of each instruction set (avx512.hpp, avx2.hpp,
// sse2.hpp, neon.hpp), which isa/*.cpp includes first and nothing else knows. Each of them has
//
//   load_first, store_first   the first `count` lanes (0 <= count <= lanes) of memory; the others are zero, and their
//                             memory is not touched
//   Lanes, load_lanes         the same for a count that is used many times
//   low_doubles, high_doubles   half of a vector of float, in double
//   square_root
//   multiply_add(a, b, c)     a * b + c, one rounding where the instruction set has it (FASTNN_HAS_FMA). Written out
//                             where contraction must not depend on what else the compiler does with the product
//   maximum(a, b)             a where it is larger, else b: a NaN in b wins (a > b is false), a NaN in a loses.
//                             Intrinsics, because GCC 12 makes a comparison and a blend of a > b ? a : b
//   minimum(a, b)             a where it is smaller, else b; NaNs as in maximum
//   quotient(a, b)            a / b for a positive b; where b is 2^126 or more, a / 2^126 may come instead; a NaN stays
//   scale_by_power            only where FASTNN_HAS_SCALE says so
//   kTileRows, kLowestTileRows, kPeakChains
#pragma once

#if !defined(FASTNN_VECTOR_BYTES)
#error "include the header of an instruction set first, as isa/*.cpp do"
#endif

#include "kernels/vector/types.hpp"

namespace {

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
// each 128 bits, whose halves are interleaved, then of the 128 bits as wholes, even and odd ones parted. Each shuffle
// is one instruction of one cycle (16 x 16 floats on Zen 4: 46 cycles; 77 by permutations across the whole vector).
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

inline ptrdiff_t ceil_div(ptrdiff_t a, ptrdiff_t b) { return (a + b - 1) / b; }

// The next multiple of a vector's lanes.
template <class T> constexpr ptrdiff_t round_up(ptrdiff_t count) {
  return (count + kLanes<T> - 1) / kLanes<T> * kLanes<T>;
}

}  // namespace
