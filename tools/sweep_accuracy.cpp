// The vector functions and the values of the activations as C functions f(x, y, count), for tools/sweep_accuracy.py.
// count is a multiple of the vector's width.
#include "kernels/elementwise/activation.hpp"

namespace {

using Function = Vec<float> (*)(Vec<float>);

template <Function function> FASTNN_INLINE void sweep(const float* x, float* y, ptrdiff_t count) {
  for (ptrdiff_t c = 0; c < count; c += kLanes<float>) store<float>(y + c, function(load<float>(x + c)));
}

}  // namespace

#define FASTNN_SWEPT(name, call)                                                                            \
  extern "C" __attribute__((visibility("default"))) void name(const float* x, float* y, ptrdiff_t count) { \
    call;                                                                                                   \
  }
#define FASTNN_SWEPT_FUNCTION(name) FASTNN_SWEPT(sweep_##name, sweep<v##name<float>>(x, y, count))
#define FASTNN_SWEPT_ACTIVATION(name, Struct) \
  FASTNN_SWEPT(sweep_##name, (activation_tile<float, Struct>(x, y, nullptr, count)))

FASTNN_SWEPT_FUNCTION(exp)
FASTNN_SWEPT_FUNCTION(expm1)
FASTNN_SWEPT_FUNCTION(log)
FASTNN_SWEPT_FUNCTION(log1p)
FASTNN_SWEPT_FUNCTION(erf)
FASTNN_SWEPT_FUNCTION(normal_cdf)

FASTNN_SWEPT_ACTIVATION(sigmoid, Sigmoid)
FASTNN_SWEPT_ACTIVATION(tanh, Tanh)
FASTNN_SWEPT_ACTIVATION(sign, Sign)
FASTNN_SWEPT_ACTIVATION(relu, Relu)
FASTNN_SWEPT_ACTIVATION(leaky_relu, LeakyRelu)
FASTNN_SWEPT_ACTIVATION(elu, Elu)
FASTNN_SWEPT_ACTIVATION(selu, Selu)
FASTNN_SWEPT_ACTIVATION(gelu, Gelu)
FASTNN_SWEPT_ACTIVATION(gelu_tanh, GeluTanh)
FASTNN_SWEPT_ACTIVATION(silu, Silu)
FASTNN_SWEPT_ACTIVATION(mish, Mish)
FASTNN_SWEPT_ACTIVATION(softplus, Softplus)
FASTNN_SWEPT_ACTIVATION(softsign, Softsign)
FASTNN_SWEPT_ACTIVATION(hard_sigmoid, HardSigmoid)
FASTNN_SWEPT_ACTIVATION(hard_tanh, HardTanh)
FASTNN_SWEPT_ACTIVATION(hard_swish, HardSwish)
