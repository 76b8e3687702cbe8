// Memory that a thread's kernels need beside their arguments: one block per thread that only grows.
#pragma once

#include <stddef.h>

namespace fastnn {

// At least `bytes`, aligned to 64; null when memory is short. Contents are whatever was there. Valid until the
// thread's next call; kept for it unless larger than kKeptScratch.
void* scratch(size_t bytes);
void release_large_scratch();

constexpr size_t kKeptScratch = size_t(32) << 20;

}  // namespace fastnn
