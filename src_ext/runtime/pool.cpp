// See pool.hpp. Workers start with the first team of two. After a job they spin for about half a millisecond (an epoch
// follows the one before within 20 microseconds, and to wake a sleeping worker takes 50 and more), then sleep on a
// condition variable, so an idle program uses no CPU. A forked child starts with an empty pool: the parent's workers do
// not exist there, and the lock that they might have held is replaced.
#include "runtime/pool.hpp"

#include <sched.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>

#include <pthread.h>

#include "runtime/barrier.hpp"
#include "runtime/interrupt.hpp"

namespace fastnn {
namespace {

struct Pool {
  std::mutex busy;  // held by the one caller whose team is running
  std::mutex sleep;
  std::condition_variable wake;
  std::atomic<int> sleeping{0};
  unsigned alarms = 0;  // of wake_pool, under the lock `sleep`
  // Workers watch it. Its low byte is the size of the team: read in one piece with the count, so that a worker that
  // looks late can never take the team of one job for that of another.
  std::atomic<unsigned> job{0};
  std::atomic<int> unfinished{0};
  std::atomic<int> callers_cpu{-1};  // when the job began
  int workers = 0;
  TeamFunction function = nullptr;
  void* arguments = nullptr;
  Job* led = nullptr;  // by the caller, for Ctrl-C
};

// Never destroyed: workers are detached and may outlive static destructors. Replaced in a forked child.
Pool* pool = new Pool;
thread_local bool inside_team = false;
thread_local Pool* pool_of_worker = nullptr;

int cpu_of_this_thread() {
#if defined(__linux__)
  return sched_getcpu();
#else
  return -1;
#endif
}

// Two threads that wait for each other on one CPU are no team, and Linux is slow to part them: who has run a moment ago
// counts as bound to its cache (64-32-10 took 900 us an epoch for seconds, 300 with one thread). So a worker that finds
// itself on the caller's CPU moves, by an affinity without it for a moment.
void leave_callers_cpu(const Pool& p) {
#if defined(__linux__)
  const int here = cpu_of_this_thread();
  if (here < 0 || here >= CPU_SETSIZE || here != p.callers_cpu.load(std::memory_order_relaxed)) return;
  cpu_set_t allowed, others;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  others = allowed;
  CPU_CLR(here, &others);
  if (CPU_COUNT(&others) == 0 || sched_setaffinity(0, sizeof others, &others) != 0) return;
  sched_setaffinity(0, sizeof allowed, &allowed);
#else
  (void)p;
#endif
}

constexpr unsigned kJobStep = 256;
static_assert(kMaxTeam < int(kJobStep));

constexpr int kIdleSpins = 50'000;  // of about 10 ns, the 40 cycles that a pause takes on Zen 5

unsigned next_job(Pool& p, unsigned seen) {
  for (;;) {
    for (int spins = 0; spins < kIdleSpins; ++spins) {
      const unsigned job = p.job.load(std::memory_order_acquire);
      if (job != seen) return job;
      pause_spin();
    }
    {
      std::unique_lock<std::mutex> lock(p.sleep);
      const unsigned alarms = p.alarms;
      p.sleeping.fetch_add(1);
      p.wake.wait(lock, [&] { return p.job.load() != seen || p.alarms != alarms; });
      p.sleeping.fetch_sub(1);
    }
    leave_callers_cpu(p);
  }
}

void work(Pool* p, int member, unsigned seen) {
  inside_team = true;
  pool_of_worker = p;
  for (;;) {
    seen = next_job(*p, seen);
    const int team = int(seen % kJobStep);
    if (member >= team) continue;
    leave_callers_cpu(*p);
    follow_job(p->led);
    p->function(p->arguments, member, team);
    p->unfinished.fetch_sub(1, std::memory_order_release);
  }
}

// Starts workers until there are `wanted`; returns how many there are (fewer when the system refuses).
int grow(Pool& p, int wanted) {
  while (p.workers < wanted) {
    try {
      std::thread(work, &p, p.workers + 1, p.job.load()).detach();
    } catch (...) {
      break;
    }
    ++p.workers;
  }
  return p.workers;
}

void start_job(Pool& p, int team, TeamFunction function, void* arguments) {
  p.function = function;
  p.arguments = arguments;
  p.led = led_job();
  p.unfinished.store(team - 1, std::memory_order_relaxed);
  p.callers_cpu.store(cpu_of_this_thread(), std::memory_order_relaxed);
  const unsigned count = p.job.load(std::memory_order_relaxed) / kJobStep + 1;
  // Sequentially consistent with `sleeping`: no worker falls asleep unseen.
  p.job.store(count * kJobStep + unsigned(team));
  if (p.sleeping.load() > 0) {
    { std::lock_guard<std::mutex> lock(p.sleep); }
    p.wake.notify_all();
  }
}

void forget_pool_in_child() {
  pool = new (std::nothrow) Pool;
  inside_team = false;
}

const int at_fork = pthread_atfork(nullptr, nullptr, forget_pool_in_child);

}  // namespace

extern "C" void fastnn_yield() {
  if (pool_of_worker != nullptr) leave_callers_cpu(*pool_of_worker);
  sched_yield();
}

bool pool_is_awake() { return pool != nullptr && pool->workers > 0 && pool->sleeping.load() == 0; }

void wake_pool(int team) {
  Pool* p = pool;
  if (inside_team || p == nullptr || !p->busy.try_lock()) return;
  p->callers_cpu.store(cpu_of_this_thread(), std::memory_order_relaxed);
  grow(*p, (team < kMaxTeam ? team : kMaxTeam) - 1);
  {
    std::lock_guard<std::mutex> lock(p->sleep);
    ++p->alarms;
  }
  p->wake.notify_all();
  p->busy.unlock();
}

void run_team(int team, TeamFunction function, void* arguments) {
  Pool* p = pool;
  if (team > kMaxTeam) team = kMaxTeam;
  if (team <= 1 || inside_team || p == nullptr || !p->busy.try_lock()) {
    function(arguments, 0, 1);
    return;
  }
  const int workers = grow(*p, team - 1);
  if (team > workers + 1) team = workers + 1;
  inside_team = true;
  if (team > 1) start_job(*p, team, function, arguments);
  function(arguments, 0, team);
  for (int spins = 0; p->unfinished.load(std::memory_order_acquire) > 0; ++spins) {
    if (spins < kSpins) pause_spin();
    else fastnn_yield();
  }
  inside_team = false;
  p->busy.unlock();
}

}  // namespace fastnn
