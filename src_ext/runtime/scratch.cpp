#include "runtime/scratch.hpp"

#include <new>

namespace fastnn {
namespace {

constexpr std::align_val_t kAlignment{64};

struct Block {
  void* memory = nullptr;
  size_t bytes = 0;
  void free() {
    ::operator delete(memory, kAlignment);
    memory = nullptr;
    bytes = 0;
  }
  ~Block() { free(); }
};

thread_local Block block;

}  // namespace

void* scratch(size_t bytes) {
  if (bytes > block.bytes) {
    block.free();
    block.memory = ::operator new(bytes, kAlignment, std::nothrow);
    if (block.memory) block.bytes = bytes;
  }
  return block.memory;
}

void release_large_scratch() {
  if (block.bytes > kKeptScratch) block.free();
}

}  // namespace fastnn
