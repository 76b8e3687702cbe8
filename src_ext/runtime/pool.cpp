// Workers start with the first team of two. After a job they spin for about half a millisecond (an epoch
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
#include "runtime/move.hpp"

namespace fastnn {
namespace {

struct Pool {
  std::mutex busy;  // held by the one caller whose team is running
  std::mutex sleep;
  std::condition_variable wake;
  std::atomic<int> sleeping{0};
  uint64_t alarms = 0;  // of wake_pool, under the lock `sleep`
  // Workers watch it. Its low byte is the size of the team: read in one piece with the count, so that a worker that
  // looks late can never take the team of one job for that of another. It only grows: 2^56 jobs take centuries.
  std::atomic<uint64_t> job{0};
  std::atomic<uint64_t> begun[kMaxTeam] = {};            // by member: the last job in which somebody began its share
  std::atomic<int> unfinished{0};                        // shares
  std::atomic<int> callers_cpu{-1}, callers_thread{-1};  // when the job began
  std::atomic<int64_t> off_cpu{0};                       // nanoseconds, of this job's workers, if its shares are timed
  int timed_jobs = 0;                                    // so many jobs from now on are
  std::atomic<int> workers{0};                           // changed by the caller that has `busy`
  TeamFunction function = nullptr;
  void* arguments = nullptr;
  Job* led = nullptr;  // by the caller, for Ctrl-C
};

// Never destroyed: workers are detached and may outlive static destructors. Replaced in a forked child.
Pool* pool = new Pool;
thread_local bool inside_team = false;
thread_local Pool* pool_of_worker = nullptr;

void note_caller(Pool& p) {
  const Place here = place_of_this_thread();
  p.callers_cpu.store(here.cpu, std::memory_order_relaxed);
  p.callers_thread.store(here.thread, std::memory_order_relaxed);
}

void leave_callers_cpu(const Pool& p) {
  leave_cpu_of({p.callers_thread.load(std::memory_order_relaxed), p.callers_cpu.load(std::memory_order_relaxed)});
}

constexpr uint64_t kJobStep = 256;
static_assert(kMaxTeam < int(kJobStep));

constexpr int kTimedJobs = 100;     // after a long wait
constexpr int kIdleSpins = 50'000;  // of about 10 ns, the 40 cycles that a pause takes on Zen 5

uint64_t next_job(Pool& p, uint64_t seen) {
  for (;;) {
    for (int spins = 0; spins < kIdleSpins; ++spins) {
      const uint64_t job = p.job.load(std::memory_order_acquire);
      if (job != seen) return job;
      pause_spin();
    }
    {
      std::unique_lock<std::mutex> lock(p.sleep);
      const uint64_t alarms = p.alarms;
      p.sleeping.fetch_add(1);
      p.wake.wait(lock, [&] { return p.job.load() != seen || p.alarms != alarms; });
      p.sleeping.fetch_sub(1);
    }
    leave_callers_cpu(p);
  }
}

// Whether the share is this thread's now: everybody who asks for one of that job later, however late, gets a no.
bool begins(Pool& p, int member, uint64_t job) {
  uint64_t last = p.begun[member].load(std::memory_order_relaxed);
  return last < job && p.begun[member].compare_exchange_strong(last, job, std::memory_order_acq_rel);
}

void do_share(Pool& p, int member, int team) {
  const bool is_timed = p.timed_jobs > 0;
  const double off_cpu = is_timed ? seconds_off_cpu() : 0;
  follow_job(p.led);
  p.function(p.arguments, member, team);
  if (is_timed) p.off_cpu.fetch_add(int64_t(1e9 * (seconds_off_cpu() - off_cpu)), std::memory_order_relaxed);
  p.unfinished.fetch_sub(1, std::memory_order_release);
}

void work(Pool* p, int member, uint64_t seen) {
  inside_team = true;
  pool_of_worker = p;
  for (;;) {
    seen = next_job(*p, seen);
    const int team = int(seen % kJobStep);
    if (member >= team) continue;
    leave_callers_cpu(*p);
    if (begins(*p, member, seen)) do_share(*p, member, team);
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
  p.off_cpu.store(0, std::memory_order_relaxed);
  note_caller(p);
  const uint64_t count = p.job.load(std::memory_order_relaxed) / kJobStep + 1;
  // Sequentially consistent with `sleeping`: no worker falls asleep unseen.
  p.job.store(count * kJobStep + uint64_t(team));
  if (p.sleeping.load() > 0) {
    {
      std::lock_guard<std::mutex> lock(p.sleep);
    }
    p.wake.notify_all();
  }
}

// What nobody has begun when the caller is through with its own share, it does itself: it waits neither for a worker to
// wake up nor for one that has lost its CPU. If that one was awake, the team has lost the time.
void take_over(Pool& p, int team, bool awake) {
  const uint64_t job = p.job.load(std::memory_order_relaxed);
  double start = 0, looks = 0;
  for (int member = team - 1; member > 0; --member) {
    if (!begins(p, member, job)) continue;
    if (start == 0) start = fastnn_seconds(), looks = seconds_of_looks();
    p.function(p.arguments, member, team);
    p.unfinished.fetch_sub(1, std::memory_order_relaxed);
  }
  const double seconds = start == 0 ? 0 : fastnn_seconds() - start - (seconds_of_looks() - looks);
  if (awake && seconds > kLongWait) fastnn_lost(seconds);
}

// A long wait may be for a member that has lost its CPU, or for one whose share is larger. Which of them, the members'
// own clocks tell, which after a long wait are read for some jobs.
void wait_for_workers(Pool& p) {
  const double waited = wait_until([&] { return p.unfinished.load(std::memory_order_acquire) == 0; });
  const double off_cpu = 1e-9 * double(p.off_cpu.load(std::memory_order_relaxed));
  if (p.timed_jobs > 0) --p.timed_jobs;
  if (waited == 0) return;
  p.timed_jobs = kTimedJobs;
  const double lost = waited < off_cpu ? waited : off_cpu;
  if (lost > kLongWait) fastnn_lost(lost);
}

// Returns how many members the team had.
int run(int team, TeamFunction function, void* arguments, bool apart) {
  Pool* p = pool;
  if (team > kMaxTeam) team = kMaxTeam;
  if (team <= 1 || fastnn_is_crowded() || inside_team || p == nullptr || !p->busy.try_lock()) {
    function(arguments, 0, 1);
    return 1;
  }
  const int workers = grow(*p, team - 1);
  if (team > workers + 1) team = workers + 1;
  inside_team = true;
  const bool awake = p->sleeping.load(std::memory_order_relaxed) == 0;
  if (team > 1) start_job(*p, team, function, arguments);
  function(arguments, 0, team);
  if (team > 1) {
    if (apart && p->unfinished.load(std::memory_order_acquire) > 0) take_over(*p, team, awake);
    wait_for_workers(*p);
  }
  inside_team = false;
  p->busy.unlock();
  return team;
}

void forget_pool_in_child() {
  pool = new (std::nothrow) Pool;
  forget_thread();
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
  note_caller(*p);
  grow(*p, (team < kMaxTeam ? team : kMaxTeam) - 1);
  {
    std::lock_guard<std::mutex> lock(p->sleep);
    ++p->alarms;
  }
  p->wake.notify_all();
  p->busy.unlock();
}

int run_team(int team, TeamFunction function, void* arguments) { return run(team, function, arguments, false); }

int run_shares(int team, TeamFunction function, void* arguments) { return run(team, function, arguments, true); }

}  // namespace fastnn
