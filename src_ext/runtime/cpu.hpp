// Which instruction sets this processor and its operating system support.
#pragma once

#include "contract/kernels.hpp"

namespace fastnn {

constexpr int kMaxLevels = 3;

// Kernel tables that can run here, lowest first; returns how many.
int available_kernels(const Kernels** tables);

}  // namespace fastnn
