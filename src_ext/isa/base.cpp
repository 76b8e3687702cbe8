// The baseline of the architecture: SSE2 on x86-64.
#include "kernels/vector/sse2.hpp"

#include "contract/table.hpp"

FASTNN_DEFINE_PART(base)
