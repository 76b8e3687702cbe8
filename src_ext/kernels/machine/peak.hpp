// The machine's own limits on one core: multiply-adds with everything in registers, and bytes read per second.
#pragma once

#include "kernels/vector/simd.hpp"
#include "runtime/clock.hpp"

namespace {

// Enough independent chains for two pipes of latency 4 or 5, few enough for the registers of the instruction set.
constexpr int kChains = kPeakChains;
constexpr int kPeakSteps = 20000;

template <class T> __attribute__((noinline)) T run_chains(int steps) {
  Vec<T> chain[kChains];
  for (int c = 0; c < kChains; ++c) chain[c] = splat<T>(T(c));
  const Vec<T> factor = splat<T>(T(0.999)), term = splat<T>(T(0.5));
  for (int s = 0; s < steps; ++s) {
#pragma GCC unroll 20
    for (int c = 0; c < kChains; ++c) chain[c] = chain[c] * factor + term;
  }
  Vec<T> total = {};
  for (int c = 0; c < kChains; ++c) total += chain[c];
  return sum_lanes<T>(total);
}

// FLOP per second: the best of 40 runs of about 0.1 ms.
template <class T> double fma_peak() {
  double best = 0;
  volatile T keep = 0;
  for (int run = 0; run < 40; ++run) {
    const double start = fastnn_seconds();
    keep = keep + run_chains<T>(kPeakSteps);
    const double rate = 2.0 * kChains * kLanes<T> * kPeakSteps / (fastnn_seconds() - start);
    if (rate > best) best = rate;
  }
  return best;
}

// Seconds to read `count` elements once: the best of `runs`, each of so many passes that the clock's own 40 ns do not
// count. Eight sums, so that additions never wait for each other.
constexpr ptrdiff_t kClockedElements = 1 << 20;

template <class T> double read_seconds(const void* memory, ptrdiff_t count, int runs) {
  const T* p = static_cast<const T*>(memory);
  constexpr ptrdiff_t step = 8 * kLanes<T>;
  const int passes = count < kClockedElements ? int(kClockedElements / count) : 1;
  double best = 1e30;
  volatile T keep = 0;
  for (int run = 0; run < runs; ++run) {
    Vec<T> sum[8] = {};
    const double start = fastnn_seconds();
    for (int pass = 0; pass < passes; ++pass)
      for (ptrdiff_t at = 0; at + step <= count; at += step) {
#pragma GCC unroll 8
        for (int q = 0; q < 8; ++q) sum[q] += load<T>(p + at + q * kLanes<T>);
      }
    const double seconds = (fastnn_seconds() - start) / passes;
    for (int q = 1; q < 8; ++q) sum[0] += sum[q];
    keep = keep + sum_lanes<T>(sum[0]);
    if (seconds < best) best = seconds;
  }
  return best;
}

}  // namespace
