// Memory that kernels need beside their arguments.
#pragma once

#include <stddef.h>

namespace fastnn {

// `bytes`, aligned to 64; null when memory is short. Contents are whatever was there. Goes back by `release`.
void* allocate(size_t bytes);
void release(void* memory, size_t bytes);

// A thread's own block, which only grows: at least `bytes`, as `allocate` gives them. Valid until the thread's next
// call; kept for it unless larger than kKeptScratch.
void* scratch(size_t bytes);
void release_large_scratch();

constexpr size_t kKeptScratch = size_t(32) << 20;

}  // namespace fastnn

// What was in these bytes (null: nowhere) is lost, and whole pages go back to the system if it takes them one by one.
extern "C" void fastnn_discard(void* memory, size_t bytes);
