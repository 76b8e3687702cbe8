// AVX2 and FMA: x86-64-v3.
#include "kernels/vector/avx2.hpp"

#include "contract/table.hpp"

FASTNN_DEFINE_PART(avx2)
