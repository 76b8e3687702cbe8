// The default of every loss's parameter, by its code. Do not edit: tools/generate_abi.py writes this file.
#pragma once

namespace fastnn {

constexpr double kLossParameters[] = {0.0, 0.0, 0.0, 0.0, 1.35, 0.0, 0.0, 0.5, 0.0, 1.5, 2.0};

}  // namespace fastnn
