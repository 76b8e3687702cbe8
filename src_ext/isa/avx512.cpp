// AVX-512 F, BW, DQ, VL: x86-64-v4.
#define FASTNN_VECTOR_BYTES 64
#include "contract/table.hpp"

FASTNN_DEFINE_PART(avx512)
