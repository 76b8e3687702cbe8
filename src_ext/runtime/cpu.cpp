// Detection by cpuid and xgetbv: a register that the operating system does not save must not be used.
#include "runtime/cpu.hpp"

#if defined(__x86_64__) || defined(_M_X64)
#include <cpuid.h>
#endif

namespace {

#if defined(__x86_64__) || defined(_M_X64)
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

// LEVEL(name, whether it can run here) for the instruction sets that this machine's objects are compiled for, lowest
// first.
#define FASTNN_LEVELS(LEVEL) LEVEL(base, true) LEVEL(avx2, has_avx2()) LEVEL(avx512, has_avx512())

#else

#define FASTNN_LEVELS(LEVEL) LEVEL(neon, true)  // NEON is part of 64-bit ARM

#endif

}  // namespace

#define FASTNN_DECLARE_PART(level, part, element) extern "C" void FASTNN_FILL(level, part, element)(fastnn::Kernels*);
#define FASTNN_DECLARE_LEVEL(level, can_run) FASTNN_PARTS(FASTNN_DECLARE_PART, level)
FASTNN_LEVELS(FASTNN_DECLARE_LEVEL)

namespace {

// An object file has code of its instruction set everywhere, so nothing of it runs before the processor was asked.
struct Level {
  bool can_run;
  const fastnn::Kernels* (*kernels)();
};

#define FASTNN_FILL_PART(level, part, element) FASTNN_FILL(level, part, element)(&filled);
#define FASTNN_DEFINE_LEVEL(level, can_run)     \
  const fastnn::Kernels* kernels_of_##level() { \
    static const fastnn::Kernels table = [] {   \
      fastnn::Kernels filled = {};              \
      filled.name = #level;                     \
      FASTNN_PARTS(FASTNN_FILL_PART, level)     \
      return filled;                            \
    }();                                        \
    return &table;                              \
  }
FASTNN_LEVELS(FASTNN_DEFINE_LEVEL)

#define FASTNN_LIST_LEVEL(level, can_run) {can_run, kernels_of_##level},
const Level levels[] = {FASTNN_LEVELS(FASTNN_LIST_LEVEL)};

}  // namespace

const int fastnn::level_count = int(sizeof levels / sizeof *levels);

const fastnn::Kernels* fastnn::kernels_of(int level) {
  return levels[level].can_run ? levels[level].kernels() : nullptr;
}
