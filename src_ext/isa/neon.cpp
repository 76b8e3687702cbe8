// NEON: the baseline of 64-bit ARM.
#include "kernels/vector/neon.hpp"

#include "contract/table.hpp"

FASTNN_DEFINE_PART(neon)
