// Two threads that wait for each other on one CPU are no team, and Linux is slow to part them: who has run a moment ago
// counts as bound to its cache (64-32-10 took 900 us an epoch for seconds, 300 with one thread). So a worker that finds
// itself on the caller's CPU moves, by an affinity without it for a moment.
//
// Others may set the affinity of all our threads at any time, as `taskset -ap` does, and their word counts. Mostly the
// caller's thread is older than the workers, so its mask changes first: a worker moves only while the caller's mask is
// its own, leaves a mask that is not the one that it has set a moment ago, and else takes the caller's. What is left is
// a mask that somebody sets for the worker first, or alone, between two of our system calls that follow each other, or
// that happens to be the one for the moment.
#include "runtime/move.hpp"

#if defined(__linux__)
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace fastnn {
namespace {

thread_local int own_number = 0;

bool read_mask(int thread, cpu_set_t* mask) { return sched_getaffinity(thread, sizeof *mask, mask) == 0; }

bool set_mask(const cpu_set_t& mask) { return sched_setaffinity(0, sizeof mask, &mask) == 0; }

}  // namespace

Place place_of_this_thread() {
  if (own_number == 0) own_number = int(syscall(SYS_gettid));
  return {own_number, sched_getcpu()};
}

void forget_thread() { own_number = 0; }

void leave_cpu_of(const Place& other) {
  const int here = sched_getcpu();
  if (here < 0 || here >= CPU_SETSIZE || here != other.cpu) return;
  cpu_set_t own, elsewhere, callers, now;
  if (!read_mask(0, &own)) return;
  elsewhere = own;
  CPU_CLR(here, &elsewhere);
  if (CPU_COUNT(&elsewhere) == 0) return;
  if (!read_mask(other.thread, &callers) || !CPU_EQUAL(&callers, &own)) return;
  if (!set_mask(elsewhere) || !read_mask(0, &now) || !CPU_EQUAL(&now, &elsewhere)) return;
  set_mask(read_mask(other.thread, &callers) ? callers : own);
}

}  // namespace fastnn

#else

namespace fastnn {

Place place_of_this_thread() { return {-1, -1}; }
void forget_thread() {}
void leave_cpu_of(const Place&) {}

}  // namespace fastnn

#endif
