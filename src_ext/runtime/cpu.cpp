// Detection by cpuid and xgetbv: a register that the operating system does not save must not be used.
#include "runtime/cpu.hpp"

#if defined(__x86_64__) || defined(_M_X64)
#include <cpuid.h>

extern "C" const fastnn::Kernels fastnn_kernels_base, fastnn_kernels_avx2, fastnn_kernels_avx512;

namespace {

struct Leaf {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  explicit Leaf(unsigned leaf) { __get_cpuid_count(leaf, 0, &eax, &ebx, &ecx, &edx); }
};

bool has(unsigned word, int bit) { return (word >> bit & 1u) != 0; }

// Which register files the operating system saves on a context switch (XCR0).
unsigned saved_state() {
  unsigned low = 0, high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

constexpr unsigned kSavesAvx = 0x06, kSavesAvx512 = 0xe6;

bool has_avx2() {
  const Leaf basic(1), extended(7);
  const bool os_uses_xsave = has(basic.ecx, 27);
  const bool fma_and_avx = has(basic.ecx, 12) && has(basic.ecx, 28);
  const bool avx2_and_bmi = has(extended.ebx, 5) && has(extended.ebx, 3) && has(extended.ebx, 8);
  return os_uses_xsave && fma_and_avx && avx2_and_bmi && (saved_state() & kSavesAvx) == kSavesAvx;
}

bool has_avx512() {
  const Leaf extended(7);
  const bool f = has(extended.ebx, 16), dq = has(extended.ebx, 17), bw = has(extended.ebx, 30),
             vl = has(extended.ebx, 31);
  return has_avx2() && f && dq && bw && vl && (saved_state() & kSavesAvx512) == kSavesAvx512;
}

}  // namespace

int fastnn::available_kernels(const Kernels** tables) {
  int count = 0;
  tables[count++] = &fastnn_kernels_base;
  if (has_avx2()) tables[count++] = &fastnn_kernels_avx2;
  if (has_avx512()) tables[count++] = &fastnn_kernels_avx512;
  return count;
}

#else

extern "C" const fastnn::Kernels fastnn_kernels_base, fastnn_kernels_neon;

int fastnn::available_kernels(const Kernels** tables) {
  tables[0] = &fastnn_kernels_neon;  // NEON is part of 64-bit ARM
  return 1;
}

#endif
