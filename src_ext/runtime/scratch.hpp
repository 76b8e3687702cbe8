// Memory that kernels need beside their arguments.
#pragma once

#include <stddef.h>

namespace fastnn {

// `bytes`, aligned to 64; null when memory is short. Contents are whatever was there. Goes back by `release`.
void* allocate(size_t bytes);
void release(void* memory, size_t bytes);

constexpr size_t kKeptScratch = size_t(32) << 20;

// Memory of one call, for as long as the call lasts. A thread keeps a block for its next call, unless it is larger than
// kKeptScratch. A call takes the block away with it: one that Python code makes in the middle of another, as a handler
// of a signal may in any kernel, finds none and allocates its own.
class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();

  // At least `bytes`, as `allocate` gives them; once.
  void* take(size_t bytes);

 private:
  void* memory = nullptr;
  size_t size = 0;
};

}  // namespace fastnn

// What was in these bytes (null: nowhere) is lost, and whole pages go back to the system if it takes them one by one.
extern "C" void fastnn_discard(void* memory, size_t bytes);
