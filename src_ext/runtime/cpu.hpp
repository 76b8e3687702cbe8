// Which instruction sets this processor and its operating system support.
#pragma once

#include "contract/kernels.hpp"

namespace fastnn {

// How many instruction sets this build has kernels for.
extern const int level_count;

// The table of kernels of an instruction set, 0 being the lowest; null where it cannot run here.
const Kernels* kernels_of(int level);

}  // namespace fastnn
