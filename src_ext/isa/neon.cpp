// NEON: the baseline of 64-bit ARM.
#define FASTNN_VECTOR_BYTES 16
#include "contract/table.hpp"

FASTNN_DEFINE_PART(neon)
