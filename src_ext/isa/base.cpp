// The baseline of the architecture: SSE2 on x86-64.
#define FASTNN_VECTOR_BYTES 16
#include "contract/table.hpp"

FASTNN_DEFINE_PART(base)
