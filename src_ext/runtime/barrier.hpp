// A barrier for a small team that is running at the moment: spin, then yield.
//
// Plain __atomic builtins, no library: it is included by the kernels of every instruction set. A round of two
// spinning threads takes about 0.1 to 0.25 microseconds; after kSpins polls a member yields its core, so that an
// oversubscribed machine makes progress, and books the time as lost.
#pragma once

#include <stdint.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace fastnn {

extern "C" void fastnn_yield();
extern "C" double fastnn_seconds();

struct Barrier {
  alignas(64) int32_t waiting = 0;
  alignas(64) int32_t round = 0;
  alignas(64) int64_t lost_nanoseconds = 0;
};

static inline void pause_spin() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

constexpr int kSpins = 1000;  // about 20 microseconds
constexpr int kShortSpins = 50;

static inline void wait_yielding(Barrier* barrier, int32_t round, double start) {
  while (__atomic_load_n(&barrier->round, __ATOMIC_ACQUIRE) == round) fastnn_yield();
  __atomic_add_fetch(&barrier->lost_nanoseconds, int64_t((fastnn_seconds() - start) * 1e9), __ATOMIC_RELAXED);
}

static inline void wait(Barrier* barrier, int team) {
  if (team <= 1) return;
  const int32_t round = __atomic_load_n(&barrier->round, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&barrier->waiting, 1, __ATOMIC_ACQ_REL) == team) {
    __atomic_store_n(&barrier->waiting, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&barrier->round, round + 1, __ATOMIC_RELEASE);
    return;
  }
  double start = 0;
  for (int spins = 0; __atomic_load_n(&barrier->round, __ATOMIC_ACQUIRE) == round; ++spins) {
    if (spins == kShortSpins) start = fastnn_seconds();
    if (spins == kSpins) return wait_yielding(barrier, round, start);
    pause_spin();
  }
}

}  // namespace fastnn
