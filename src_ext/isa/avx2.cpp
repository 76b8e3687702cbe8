// AVX2 and FMA: x86-64-v3.
#define FASTNN_VECTOR_BYTES 32
#include "kernels/table.hpp"

FASTNN_DEFINE_TABLE(avx2);
