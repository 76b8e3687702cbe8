// Ctrl-C while kernels run. One call of the binding is a job; kernels ask between pieces of work whether it shall end,
// and then return as they are, with outputs half written.
//
// Python's signal handlers run in the main thread and under the GIL. So a job that the main thread leads looks for
// signals now and then, in the middle of a kernel; the other members of its team only read what came of it, and jobs of
// other threads never wait for the GIL. A handler may call kernels itself: those are a job of their own.
#pragma once

#include <stdint.h>

// Whether the job that this thread works for shall end; false where there is none. Takes about 30 ns.
extern "C" int fastnn_interrupted();

namespace fastnn {

struct Job {
  int32_t stopped = 0;
  bool looks = false;                  // led by the main thread
  double next_look = 0;                // on the clock of `seconds()`; 0: not begun
  Job* outer = nullptr;                // in the middle of which this one was begun, by a signal handler
  const int32_t* cancelled = nullptr;  // set where another thread ends it; or null
};

// From `begin_job` to `end_job` this thread leads the job: teams that it starts work for it.
void begin_job(Job* job);
void end_job(Job* job);

// The job that this thread leads, and what its team does to follow it; null: none.
Job* led_job();
void follow_job(Job* job);

// What cancels the jobs that this thread leads from now on, or null; returns what did before.
const int32_t* obey(const int32_t* cancelled);

// `look` takes the GIL, runs the handlers of signals that have come, and says whether one has raised; the error stays
// set. `main_thread` as Python numbers it.
void watch_signals(int (*look)(), unsigned long main_thread);

// Seconds that this thread has spent with looks, and the handlers that they called.
double seconds_of_looks();

// Seconds between two looks; returns what they were. For tests.
double look_every(double seconds);

}  // namespace fastnn
