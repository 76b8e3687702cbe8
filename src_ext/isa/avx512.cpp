// AVX-512 F, BW, DQ, VL: x86-64-v4.
#include "kernels/vector/avx512.hpp"

#include "contract/table.hpp"

FASTNN_DEFINE_PART(avx512)
