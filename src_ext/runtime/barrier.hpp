// A barrier for a small team that is running at the moment: spin, then yield.
//
// Plain __atomic builtins, no library: it is included by the kernels of every instruction set. A round of two
// spinning threads takes about 0.1 to 0.25 microseconds; after kSpins polls a member yields its core, so that an
// oversubscribed machine makes progress, and books the time as lost: where much is lost, teams have one member for a
// while (team_size.hpp). Meanwhile the member that leads the job looks for Ctrl-C (interrupt.hpp).
#pragma once

#include <stdint.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "runtime/interrupt.hpp"
#include "runtime/team_size.hpp"

namespace fastnn {

extern "C" void fastnn_yield();
extern "C" double fastnn_seconds();

struct Barrier {
  alignas(64) int32_t waiting = 0;
  alignas(64) int32_t round = 0;
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
constexpr double kLongWait = 2e-5;  // seconds, as many as kSpins take

template <class Done> static inline double yield_until(const Done& done, double start) {
  while (!done()) {
    fastnn_yield();
    fastnn_interrupted();
  }
  return fastnn_seconds() - start;
}

// Returns the seconds of a long wait, 0 for a short one.
template <class Done> static inline double wait_until(const Done& done) {
  double start = 0;
  for (int spins = 0; !done(); ++spins) {
    if (spins == kShortSpins) start = fastnn_seconds();
    if (spins == kSpins) return yield_until(done, start);
    pause_spin();
  }
  return 0;
}

static inline void wait(Barrier* barrier, int team) {
  if (team <= 1) return;
  const int32_t round = __atomic_load_n(&barrier->round, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&barrier->waiting, 1, __ATOMIC_ACQ_REL) == team) {
    __atomic_store_n(&barrier->waiting, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&barrier->round, round + 1, __ATOMIC_RELEASE);
    return;
  }
  const auto is_over = [=] { return __atomic_load_n(&barrier->round, __ATOMIC_ACQUIRE) != round; };
  const double lost = wait_until(is_over);
  if (lost > 0) fastnn_lost(lost);
}

}  // namespace fastnn
