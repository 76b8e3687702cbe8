// Every activation once: the list from which its number, its name and the defaults of its parameters come.
//
// A number is a place in the list, so new activations go to its end. A line VALUE is of a function of single numbers, a
// line ROW of one of whole rows; each gives the name of its struct (kernels/elementwise/activation.hpp, softmax.hpp)
// and in parentheses its name for users and the defaults of its parameters, in the order of fastnn/activations.py.
#pragma once

#include <stddef.h>

#define FASTNN_ACTIVATIONS(VALUE, ROW)                          \
  VALUE(Identity, ("identity"))                                 \
  VALUE(Sigmoid, ("sigmoid"))                                   \
  VALUE(Tanh, ("tanh"))                                         \
  VALUE(Sign, ("sign"))                                         \
  VALUE(Relu, ("relu"))                                         \
  VALUE(LeakyRelu, ("leaky_relu", 0.01))                        \
  VALUE(Elu, ("elu", 1.0))                                      \
  VALUE(Selu, ("selu", 1.6732632423543772, 1.0507009873554805)) \
  VALUE(Gelu, ("gelu"))                                         \
  VALUE(GeluTanh, ("gelu_tanh"))                                \
  VALUE(Silu, ("silu"))                                         \
  VALUE(Mish, ("mish"))                                         \
  VALUE(Softplus, ("softplus", 1.0))                            \
  VALUE(Softsign, ("softsign"))                                 \
  VALUE(HardSigmoid, ("hard_sigmoid", 1.0 / 6, 0.5))            \
  VALUE(HardTanh, ("hard_tanh"))                                \
  VALUE(HardSwish, ("hard_swish"))                              \
  ROW(Softmax, ("softmax"))                                     \
  ROW(LogSoftmax, ("log_softmax"))                              \
  VALUE(Celu, ("celu", 1.0))                                    \
  VALUE(Softshrink, ("softshrink", 0.5))                        \
  VALUE(HardShrink, ("hard_shrink", 0.5))                       \
  VALUE(TanhShrink, ("tanh_shrink"))                            \
  VALUE(LogSigmoid, ("log_sigmoid"))                            \
  VALUE(Relu6, ("relu6"))                                       \
  VALUE(ThresholdedRelu, ("thresholded_relu", 1.0))

namespace fastnn {

constexpr int kMaxActivationParameters = 2;

// kUsersOwn is a function that the list does not have.
#define FASTNN_CODE(Struct, facts) k##Struct,
enum ActivationCode : int { kUsersOwn = -1, FASTNN_ACTIVATIONS(FASTNN_CODE, FASTNN_CODE) kActivationCount };
#undef FASTNN_CODE

// a = activation(z), and where `slope` is not null slope = da/dz, of `count` elements of one type. z and a may be the
// same memory. The library's functions and users' own have this form; `parameters` are doubles of the library's, and
// whatever a user's function reads.
using ActivationTile = void (*)(const void* parameters, const void* z, void* a, void* slope, ptrdiff_t count);

// A user's own function, compiled for the element type of the call, and its parameters.
struct UserActivation {
  ActivationTile tile;
  const void* parameters;
};

// An activation as kernels read it: one of the list with its parameters, or, where the code is kUsersOwn, a user's.
struct Activation {
  int code;
  double parameters[kMaxActivationParameters];
  const UserActivation* users;
};

struct ActivationFacts {
  const char* name;
  int parameters;  // how many it has
  double defaults[kMaxActivationParameters];
};

template <class... Numbers> static constexpr ActivationFacts facts_of(const char* name, Numbers... defaults) {
  return {name, int(sizeof...(Numbers)), {defaults...}};
}

constexpr ActivationFacts kActivationFacts[] = {
#define FASTNN_FACTS(Struct, facts) facts_of facts,
    FASTNN_ACTIVATIONS(FASTNN_FACTS, FASTNN_FACTS)
#undef FASTNN_FACTS
};

// One of the list with the defaults of its parameters.
static inline Activation listed_activation(int code) {
  Activation listed = {code, {}, nullptr};
  for (int k = 0; k < kMaxActivationParameters; ++k) listed.parameters[k] = kActivationFacts[code].defaults[k];
  return listed;
}

// Whether it works on whole rows instead of single numbers.
static inline constexpr bool is_row_function(int code) {
  switch (code) {
#define FASTNN_NO(Struct, facts)
#define FASTNN_YES(Struct, facts) \
  case k##Struct: return true;
    FASTNN_ACTIVATIONS(FASTNN_NO, FASTNN_YES)
#undef FASTNN_NO
#undef FASTNN_YES
    default: return false;
  }
}

}  // namespace fastnn
