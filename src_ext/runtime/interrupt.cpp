#include "runtime/interrupt.hpp"

#include <atomic>

#include <pthread.h>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

extern "C" double fastnn_seconds();

namespace fastnn {
namespace {

// Seconds between two looks: a tenth of what Ctrl-C may take. Where another Python thread computes, a look waits 5 ms
// for the GIL.
std::atomic<double> between_looks{0.05};

std::atomic<int (*)()> look_for_signals{nullptr};
std::atomic<unsigned long> main_thread{0};
thread_local Job* led = nullptr;
thread_local Job* followed = nullptr;
thread_local const int32_t* obeyed = nullptr;
thread_local double in_looks = 0;

unsigned long this_thread() { return (unsigned long)(pthread_self()); }

// The thread that forks is the child's main thread.
void become_main_in_child() { main_thread.store(this_thread()); }

const int at_fork = pthread_atfork(nullptr, nullptr, become_main_in_child);

// Python code expects the floating-point state it had, and epochs flush subnormal numbers.
int look_with_plain_numbers() {
#if defined(__SSE2__)
  const unsigned state = _mm_getcsr();
  _mm_setcsr(state & ~0x8040u);
  const int found = look_for_signals.load()();
  _mm_setcsr(state);
  return found;
#else
  return look_for_signals.load()();
#endif
}

bool is_due(Job& job) {
  const double now = fastnn_seconds();
  if (job.next_look == 0) job.next_look = now + between_looks.load(std::memory_order_relaxed);
  return now >= job.next_look;
}

void look(Job& job) {
  led = nullptr;  // what a handler calls is no part of this job
  const double start = fastnn_seconds();
  const int found = look_with_plain_numbers();
  led = &job;
  const double now = fastnn_seconds();
  in_looks += now - start;
  job.next_look = now + between_looks.load(std::memory_order_relaxed);
  if (found) __atomic_store_n(&job.stopped, 1, __ATOMIC_RELEASE);
}

}  // namespace

void begin_job(Job* job) {
  job->looks = this_thread() == main_thread.load(std::memory_order_relaxed);
  job->outer = led;
  job->cancelled = obeyed;
  led = job;
}

void end_job(Job* job) { led = job->outer; }

Job* led_job() { return led; }

void follow_job(Job* job) { followed = job; }

const int32_t* obey(const int32_t* cancelled) {
  const int32_t* const before = obeyed;
  obeyed = cancelled;
  return before;
}

double seconds_of_looks() { return in_looks; }

double look_every(double seconds) { return between_looks.exchange(seconds); }

void watch_signals(int (*look)(), unsigned long thread) {
  look_for_signals.store(look);
  main_thread.store(thread);
}

}  // namespace fastnn

extern "C" int fastnn_interrupted() {
  using namespace fastnn;
  Job* const job = led ? led : followed;
  if (!job) return 0;
  if (__atomic_load_n(&job->stopped, __ATOMIC_ACQUIRE)) return 1;
  if (job != led) return 0;
  if (job->cancelled && __atomic_load_n(job->cancelled, __ATOMIC_RELAXED)) {
    __atomic_store_n(&job->stopped, 1, __ATOMIC_RELEASE);
    return 1;
  }
  if (!job->looks || !is_due(*job)) return 0;
  look(*job);
  return job->stopped;
}
