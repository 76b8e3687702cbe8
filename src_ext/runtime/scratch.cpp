#include "runtime/scratch.hpp"

#include <stdint.h>

#include <new>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace fastnn {
namespace {

constexpr size_t kHugePage = size_t(2) << 20;
constexpr size_t kWorthACall = size_t(1) << 20;  // less stays until `release`

// Many pages are asked for as huge ones: to touch 50 MB for the first time takes 12 ms less.
bool is_large(size_t bytes) { return bytes >= 4 * kHugePage; }

std::align_val_t alignment_of(size_t bytes) { return std::align_val_t(is_large(bytes) ? kHugePage : 64); }

// What the thread keeps for its next call.
struct Block {
  void* memory = nullptr;
  size_t size = 0;
  ~Block() {
    if (memory) release(memory, size);
  }
};

thread_local Block kept;

}  // namespace

void* allocate(size_t bytes) {
  void* memory = ::operator new(bytes, alignment_of(bytes), std::nothrow);
#if defined(__linux__)
  if (memory && is_large(bytes)) madvise(memory, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);  // or small ones
#endif
  return memory;
}

void release(void* memory, size_t bytes) { ::operator delete(memory, alignment_of(bytes)); }

void* Scratch::take(size_t bytes) {
  Block& block = kept;
  memory = block.memory;
  size = block.size;
  block.memory = nullptr;
  block.size = 0;
  if (memory && size >= bytes) return memory;
  if (memory) release(memory, size);
  memory = allocate(bytes);
  size = bytes;
  return memory;
}

Scratch::~Scratch() {
  if (!memory) return;
  Block& block = kept;
  if (size <= kKeptScratch && size > block.size) {  // block: of a call in the middle of this one
    std::swap(block.memory, memory);
    std::swap(block.size, size);
  }
  if (memory) release(memory, size);
}

}  // namespace fastnn

extern "C" void fastnn_discard([[maybe_unused]] void* memory, [[maybe_unused]] size_t bytes) {
#if defined(__linux__)
  if (!memory || bytes < fastnn::kWorthACall) return;
  const uintptr_t page = uintptr_t(sysconf(_SC_PAGESIZE)), begin = reinterpret_cast<uintptr_t>(memory);
  const uintptr_t first = (begin + page - 1) / page * page, last = (begin + bytes) / page * page;
  madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);  // or it all stays
#endif
}
