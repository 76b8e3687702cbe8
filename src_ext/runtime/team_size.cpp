// Results do not depend on a team's size, so it follows what the machine has to offer.
#include "runtime/team_size.hpp"

#include <sched.h>
#include <time.h>

#include <atomic>
#include <thread>

extern "C" double fastnn_seconds();

namespace fastnn {
namespace {

// A team that goes on losing a fifth of its time to long waits shares its cores with other programs, or its members
// have unequal work: one thread does better then. Lost time goes into a leaky bucket, one for all that a process
// computes, and only a full bucket counts as a crowd: one lost time slice (about 4 ms) does not fill it.
constexpr double kLeak = 0.2;             // of the time
constexpr double kCrowdedSeconds = 0.02;  // lost: the bucket is full
constexpr double kCrowdedFor = 0.2;       // seconds until a team is tried again
// After a crowd the bucket begins three quarters full: where the crowd is still there, a few lost milliseconds fill it.
constexpr double kStillCrowded = 0.75 * kCrowdedSeconds;

std::atomic<double> empty_at{0};  // when the bucket will have run out: it holds kLeak * (empty_at - now)
std::atomic<double> crowded_until{0};
std::atomic<bool> as_asked{false};

// To ask the system for the CPUs of a thread takes 300 ns, so it is asked once in so many seconds, by each thread for
// itself, since each has a mask of its own.
constexpr double kAskAgain = 0.01;

int count_cpus() {
#if defined(__linux__)
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return kMaxTeam;  // more CPUs than such a set has room for
  return CPU_COUNT(&allowed);
#else
  const unsigned count = std::thread::hardware_concurrency();  // 0: not known
  return count == 0 ? kMaxTeam : int(count);
#endif
}

int cpus_of_this_thread() {
  thread_local double asked_at = 0;
  thread_local int cpus = 0;
  const double now = fastnn_seconds();
  if (cpus == 0 || now - asked_at > kAskAgain) {
    cpus = count_cpus();
    asked_at = now;
  }
  return cpus;
}

}  // namespace

double seconds_off_cpu() {
  timespec own;
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &own) != 0) return 0;
  return fastnn_seconds() - (double(own.tv_sec) + 1e-9 * double(own.tv_nsec));
}

int allowed_team(int team) {
  if (team > kMaxTeam) team = kMaxTeam;
  if (team <= 1 || as_asked.load(std::memory_order_relaxed)) return team;
  if (fastnn_is_crowded()) return 1;
  const int cpus = cpus_of_this_thread();
  return team < cpus ? team : cpus;
}

void keep_teams(bool yes) { as_asked.store(yes); }

double crowded_seconds() {
  const double left = crowded_until.load() - fastnn_seconds();
  return fastnn_is_crowded() ? left : 0;
}

}  // namespace fastnn

extern "C" int fastnn_is_crowded() {
  using namespace fastnn;
  double until = crowded_until.load(std::memory_order_relaxed);
  if (until == 0 || as_asked.load(std::memory_order_relaxed)) return 0;
  if (fastnn_seconds() < until) return 1;
  crowded_until.compare_exchange_strong(until, 0);  // so that the clock is read no more
  return 0;
}

extern "C" void fastnn_lost(double seconds) {
  using namespace fastnn;
  const double now = fastnn_seconds();
  if (now < crowded_until.load()) return;  // it began before the crowd was seen
  double before = empty_at.load(), after;
  do {
    after = (before > now ? before : now) + seconds / kLeak;
  } while (!empty_at.compare_exchange_weak(before, after));
  if (kLeak * (after - now) < kCrowdedSeconds) return;
  crowded_until.store(now + kCrowdedFor);
  empty_at.store(now + kCrowdedFor + kStillCrowded / kLeak);
}
