// AVX2 and FMA: x86-64-v3.
#define FASTNN_VECTOR_BYTES 32
#include "contract/table.hpp"

FASTNN_DEFINE_PART(avx2)
