// Random numbers as a function of (seed, epoch, index): splitmix64's finaliser over a counter (Steele, Lea and Flood
// 2014). Nothing is carried from draw to draw, so every backend and every thread sees the same numbers.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "runtime/interrupt.hpp"

namespace fastnn {

constexpr uint64_t kGolden = 0x9E3779B97F4A7C15u;

static inline uint64_t random_bits(uint64_t seed, uint64_t epoch, uint64_t index) {
  uint64_t z = seed + kGolden * ((epoch << 32) + index + 1);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

// Dropout: a key of 64 bits for every row, and from it a word of 32 bits for every column (dropout.hpp). The
// multipliers are Wellons' (hash-prospector, 2018), found by search for the smallest bias of such a round.
constexpr uint32_t kColumnStep = 0x9E3779B9u, kMix1 = 0x21F0AAADu, kMix2 = 0xD35A2D97u;

static inline uint64_t dropout_seed(uint64_t seed, uint64_t layer) { return random_bits(seed, 0xFFFFFFFFu, layer); }

static inline uint32_t dropout_threshold(double rate) { return uint32_t(rate * 4294967296.0); }

constexpr ptrdiff_t kDraws = 1 << 16;  // between two looks for Ctrl-C: a millisecond where each misses all caches

// Fisher-Yates from the top: order becomes a permutation of 0 .. n-1; n < 2^32.
static inline void permutation(uint64_t seed, uint64_t epoch, int64_t* order, ptrdiff_t n) {
  for (ptrdiff_t k = 0; k < n; ++k) order[k] = k;
  for (ptrdiff_t k = n - 1; k > 0; --k) {
    if (k % kDraws == 0 && fastnn_interrupted()) return;
    const uint64_t high = random_bits(seed, epoch, uint64_t(k)) >> 32;
    const ptrdiff_t j = ptrdiff_t((high * uint64_t(k + 1)) >> 32);
    const int64_t kept = order[k];
    order[k] = order[j];
    order[j] = kept;
  }
}

}  // namespace fastnn
