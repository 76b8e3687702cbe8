// The two loops by which L-BFGS corrects a metric (Nocedal 1980). Vectors are short beside a pass over X, so one thread
// does it all, and every sum has one order.
#pragma once

#include "kernels/elementwise/softmax.hpp"
#include "kernels/network/pieces.hpp"
#include "contract/kernels.hpp"

namespace {

// vector += by * direction (unless null), and then its inner product with `next` (unless null): one read of both.
FASTNN_INLINE double add_then_dot(double by, const double* direction, double* vector, const double* next, ptrdiff_t p) {
  VecF64 sum[4] = {};
  const auto step = [&](ptrdiff_t c, int lanes, VecF64& into) __attribute__((always_inline)) {
    VecF64 v = load_lanes<double>(vector + c, lanes);
    if (direction) {
      v += by * load_lanes<double>(direction + c, lanes);
      store_lanes<double>(vector + c, v, lanes);
    }
    if (next) into += v * load_lanes<double>(next + c, lanes);
  };
  ptrdiff_t c = 0;
  for (; c + 4 * kLanes<double> <= p; c += 4 * kLanes<double>) {
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) step(c + q * kLanes<double>, kLanes<double>, sum[q]);
  }
  for (; c < p; c += kLanes<double>) step(c, int(p - c < kLanes<double> ? p - c : kLanes<double>), sum[0]);
  return sum_lanes<double>((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

// In float64 and one order, whatever BLAS there is.
inline double dot(const double* a, const double* b, ptrdiff_t p) {
  return add_then_dot(0, nullptr, const_cast<double*>(a), b, p);  // without a direction it only reads
}

// Where in the ring the pair lies that is `age` pairs older than the newest.
FASTNN_INLINE ptrdiff_t pair_of(const fastnn::LimitedMemory& g, ptrdiff_t age) {
  return (g.newest + g.size - age) % g.size;
}

// vector -= factor * change, from the newest pair to the oldest; factor = step . vector / curvature.
inline void memory_backward(const void* arguments, int, int) {
  const auto& g = *static_cast<const fastnn::LimitedMemory*>(arguments);
  double product = add_then_dot(0, nullptr, g.vector, g.steps + g.newest * g.p, g.p);
  Meter meter;
  for (ptrdiff_t age = 0; age < g.count; ++age) {
    const ptrdiff_t k = pair_of(g, age);
    g.factors[k] = product / g.curvatures[k];
    const double* next = age + 1 < g.count ? g.steps + pair_of(g, age + 1) * g.p : nullptr;
    product = add_then_dot(-g.factors[k], g.changes + k * g.p, g.vector, next, g.p);
    if (meter.stops(kCopyWork * g.p)) return;
  }
}

// vector += (factor - change . vector / curvature) * step, from the oldest pair to the newest.
inline void memory_forward(const void* arguments, int, int) {
  const auto& g = *static_cast<const fastnn::LimitedMemory*>(arguments);
  double product = add_then_dot(0, nullptr, g.vector, g.changes + pair_of(g, g.count - 1) * g.p, g.p);
  Meter meter;
  for (ptrdiff_t age = g.count - 1; age >= 0; --age) {
    const ptrdiff_t k = pair_of(g, age);
    const double* next = age > 0 ? g.changes + pair_of(g, age - 1) * g.p : nullptr;
    product = add_then_dot(g.factors[k] - product / g.curvatures[k], g.steps + k * g.p, g.vector, next, g.p);
    if (meter.stops(kCopyWork * g.p)) return;
  }
}

}  // namespace
