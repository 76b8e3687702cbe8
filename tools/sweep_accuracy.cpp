// The vector functions and the values of the activations as C functions, for tools/sweep_accuracy.py. count is a
// multiple of the vector's width.
#include "kernels/elementwise/activation_kernels.hpp"

namespace {

using Function = Vec<float> (*)(Vec<float>);

template <Function function> FASTNN_INLINE void sweep(const float* x, float* y, ptrdiff_t count) {
  for (ptrdiff_t c = 0; c < count; c += kLanes<float>) store<float>(y + c, function(load<float>(x + c)));
}

}  // namespace

#define FASTNN_SWEPT extern "C" __attribute__((visibility("default"))) void
#define FASTNN_SWEPT_FUNCTION(name) \
  FASTNN_SWEPT sweep_##name(const float* x, float* y, ptrdiff_t count) { sweep<v##name<float>>(x, y, count); }

FASTNN_SWEPT_FUNCTION(exp)
FASTNN_SWEPT_FUNCTION(expm1)
FASTNN_SWEPT_FUNCTION(log)
FASTNN_SWEPT_FUNCTION(log1p)
FASTNN_SWEPT_FUNCTION(erf)
FASTNN_SWEPT_FUNCTION(normal_cdf)

// The activation of that number in the contract's list.
FASTNN_SWEPT sweep_activation(int code, const float* x, float* y, ptrdiff_t count) {
  run_activation<float>(fastnn::listed_activation(code), x, y, nullptr, count);
}
