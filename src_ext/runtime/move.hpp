// Threads and the CPUs that they are on.
#pragma once

namespace fastnn {

// A thread and the CPU that it is on; -1 where the system does not tell.
struct Place {
  int thread, cpu;
};

Place place_of_this_thread();

// This thread begins to run in a forked child, under another number.
void forget_thread();

// Moves this thread to another CPU if it is on the one of `other`, a thread of this process.
void leave_cpu_of(const Place& other);

}  // namespace fastnn
