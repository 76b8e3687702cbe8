// The processor's floating-point mode during an epoch, and what is a number.
#pragma once

#include "kernels/vector/simd.hpp"

namespace {

// Subnormal numbers cost 100 cycles and more each; inside an epoch they are zero. Restored on the way out.
struct FlushSubnormals {
#if defined(__SSE2__)
  unsigned saved = _mm_getcsr();
  FlushSubnormals() { _mm_setcsr(saved | 0x8040u); }
  ~FlushSubnormals() { _mm_setcsr(saved); }
#else
  FlushSubnormals() {}
  ~FlushSubnormals() {}
#endif
};

constexpr bool is_finite(double value) { return value - value == 0; }

}  // namespace
