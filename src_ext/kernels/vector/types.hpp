// One vector type per element type, as wide as the instruction set that this translation unit is compiled for: the
// header of that set (avx512.hpp, avx2.hpp, sse2.hpp, neon.hpp) sets FASTNN_VECTOR_BYTES, 16, 32 or 64, and includes
// this one.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

}  // namespace
