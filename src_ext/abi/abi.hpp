// The C interface (fastnn/include/fastnn.h) as the binding sees it.
#pragma once

#include "contract/kernels.hpp"
#include "fastnn.h"

namespace fastnn {

// The table of functions, which compute with these kernels from now on; `library` is fastnn.__version__ and stays.
const fastnn_api* offer(const Kernels* kernels, const char* library);

}  // namespace fastnn
