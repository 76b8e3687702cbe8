// Cross-entropy of a block of rows: from scores z to losses, gradients by z and second derivatives.
//
// Y is int32 class numbers; W the type of the sample weights, which may differ from the type T that is computed in.
#pragma once

#include "kernels/logistic/sums.hpp"
#include "kernels/vector/math.hpp"

namespace {

// -1 in the lanes whose class is 1.
template <class T> FASTNN_INLINE IVec<T> is_one(const int32_t* y) {
  if constexpr (sizeof(T) == 4) {
    IVec<T> classes;
    memcpy(&classes, y, sizeof classes);
    return classes == 1;
  } else {
    HalfI32 classes;
    memcpy(&classes, y, sizeof classes);
    return __builtin_convertvector(classes, VecI64) == 1;
  }
}

// The class of a row for a softmax, read once: whatever another thread writes to y meanwhile, it is one of `o`.
FASTNN_INLINE ptrdiff_t class_at(const int32_t* y, ptrdiff_t r, ptrdiff_t o) {
  const ptrdiff_t found = __atomic_load_n(y + r, __ATOMIC_RELAXED);
  return size_t(found) < size_t(o) ? found : 0;
}

template <class T, class W> FASTNN_INLINE Vec<T> load_weights(const W* weight, int lanes) {
  if constexpr (sizeof(T) == sizeof(W)) {
    return load_lanes<T>(weight, lanes);
  } else {
    Vec<T> v = {};
    for (int k = 0; k < lanes; ++k) v[k] = T(weight[k]);
    return v;
  }
}

// For a sigmoid, by vectors of rows: z becomes weight (p - y), curvature weight p (1 - p). Returns the sum of losses.
// With e = exp(-|z|) <= 1 the probability of the likelier class is 1 / (1 + e): nothing cancels.
template <class T, class W>
FASTNN_INLINE double sigmoid_block(T* z, T* curvature, const int32_t* y, const W* weight, ptrdiff_t rows) {
  Vec<T> total = {};
  for_vectors<T>(rows, [&](ptrdiff_t r, int lanes) __attribute__((always_inline)) {
    int32_t classes[kLanes<T>] = {};
    if (lanes < kLanes<T>) memcpy(classes, y + r, size_t(lanes) * sizeof *y);
    const IVec<T> one = is_one<T>(lanes < kLanes<T> ? classes : y + r);
    const Vec<T> ones = splat<T>(T(1)), zero = {}, all = first_or<T>(ones, lanes, zero);
    const Vec<T> by = weight ? load_weights<T>(weight + r, lanes) : all;
    const Vec<T> score = load_lanes<T>(z + r, lanes), away = one ? -score : score;
    const Vec<T> e = exp_of_negative<T>(-absolute<T>(score)), likelier = ones / (ones + e), other = e * likelier;
    const Vec<T> wrong = away > zero ? likelier : other;  // the probability of the other class than y
    total += by * (maximum<T>(zero, away) + log1p_of_unit<T>(e));
    store_lanes<T>(curvature + r, by * likelier * other, lanes);
    store_lanes<T>(z + r, by * (one ? -wrong : wrong), lanes);
  });
  return double(sum_lanes<T>(total));
}

// For a softmax over `o` of `wide` columns: z becomes weight (p - onehot), p the probabilities, zero beyond o.
template <class T, class W>
FASTNN_INLINE double softmax_block(T* z, T* p, const int32_t* y, const W* weight, ptrdiff_t rows, ptrdiff_t o,
                                   ptrdiff_t wide) {
  alignas(64) T mass[kPassRows];
  double total = 0;
  for (ptrdiff_t r = 0; r < rows; ++r) {
    T *row = z + r * wide, *out = p + r * wide;
    const Vec<T> top = splat<T>(row_maximum<T>(row, o));
    Vec<T> sum = {};
    for (ptrdiff_t c = 0; c < wide; c += kLanes<T>) {
      const Vec<T> e = exp_of_negative<T>(load<T>(row + c) - top);
      const Vec<T> kept = o - c >= kLanes<T> ? e : lane_index<T>() < Int<T>(o - c) ? e : Vec<T>{};
      store<T>(out + c, kept);
      sum += kept;
    }
    const T by = weight ? T(weight[r]) : T(1);
    const ptrdiff_t own = class_at(y, r, o);
    mass[r] = sum_lanes<T>(sum);
    total -= double(by) * double(row[own] - top[0]);
    const Vec<T> inverse = splat<T>(T(1) / mass[r]), weights = splat<T>(by);
    for (ptrdiff_t c = 0; c < wide; c += kLanes<T>) {
      const Vec<T> probability = load<T>(out + c) * inverse;
      store<T>(out + c, probability);
      store<T>(row + c, weights * probability);
    }
    row[own] -= by;
  }
  Vec<T> logarithms = {};
  for_vectors<T>(rows, [&](ptrdiff_t r, int lanes) __attribute__((always_inline)) {
    const Vec<T> ones = splat<T>(T(1));
    const Vec<T> by = weight ? load_weights<T>(weight + r, lanes) : ones;
    logarithms += by * vlog<T>(first_or<T>(load_lanes<T>(mass + r, lanes), lanes, ones));
  });
  return total + double(sum_lanes<T>(logarithms));
}

// The Hessian by z times z, in place; `state` is what the passes above have written for these rows.
template <class T, class W> FASTNN_INLINE void sigmoid_product(T* z, const W* state, ptrdiff_t rows) {
  for_vectors<T>(rows, [&](ptrdiff_t r, int lanes) __attribute__((always_inline)) {
    store_lanes<T>(z + r, load_weights<T>(state + r, lanes) * load_lanes<T>(z + r, lanes), lanes);
  });
}

template <class T, class W>
FASTNN_INLINE void softmax_product(T* z, const W* state, const W* weight, ptrdiff_t rows, ptrdiff_t o, ptrdiff_t wide) {
  for (ptrdiff_t r = 0; r < rows; ++r) {
    T* row = z + r * wide;
    const W* p = state + r * o;
    Vec<T> sum = {};
    for_vectors<T>(o, [&](ptrdiff_t c, int lanes) __attribute__((always_inline)) {
      sum += load_weights<T>(p + c, lanes) * load<T>(row + c);
    });
    const Vec<T> mean = splat<T>(sum_lanes<T>(sum)), by = splat<T>(weight ? T(weight[r]) : T(1));
    for_vectors<T>(o, [&](ptrdiff_t c, int lanes) __attribute__((always_inline)) {
      store<T>(row + c, by * load_weights<T>(p + c, lanes) * (load<T>(row + c) - mean));
    });
  }
}

}  // namespace
