// Sums in float64 that finish what kernels have summed by blocks: of one thread, in one order.
#pragma once

#include <math.h>

#include "contract/elementwise.hpp"

namespace fastnn {

static inline ptrdiff_t blocks_of(ptrdiff_t count, ptrdiff_t grain) { return (count + grain - 1) / grain; }

static inline double sum_in_order(const double* partial, ptrdiff_t count) {
  double total = 0;
  for (ptrdiff_t k = 0; k < count; ++k) total += partial[k];
  return total;
}

// What weighted losses are divided by: the rows where they have no weights, and 1 where all weights are zero, so that
// loss and gradient are. Eight sums at a time, since each addition waits for the one before it.
template <class T> double weight_total(const T* weights, ptrdiff_t n) {
  if (!weights) return double(n);
  constexpr int kSums = 8;
  double sums[kSums] = {};
  ptrdiff_t r = 0;
  for (; r + kSums <= n; r += kSums)
    for (int k = 0; k < kSums; ++k) sums[k] += double(weights[r + k]);
  for (int k = 0; r < n; ++r, ++k) sums[k] += double(weights[r]);
  const double total = sum_in_order(sums, kSums);
  return total > 0 ? total : 1;
}

// The Euclidean norm, of the sums of squares of every kFlatGrain elements.
static inline double norm_of(const double* partial, ptrdiff_t count) {
  return sqrt(sum_in_order(partial, blocks_of(count, kFlatGrain)));
}

}  // namespace fastnn
