// The optimizers: their names, the vectors that each keeps for every parameter, and their hyper-parameters.
//
// Codes, names, counts and the choice of a rule (kernels/elementwise/optimizer.hpp) all come from the one list below,
// whose rows are the classes of fastnn/optimizers/kinds.py in their order.
#pragma once

namespace fastnn {

// X(Name, name, vectors of its state, hyper-parameters but the learning rate in the order of the class).
// tools/generate_optimizers.py writes this: list
#define FASTNN_OPTIMIZERS(X)                                \
  X(SGD, sgd, 1, momentum, nesterov)                        \
  X(Adam, adam, 2, beta_1, beta_2, epsilon)                 \
  X(RMSprop, rmsprop, 1, rho, epsilon)                      \
  X(Adagrad, adagrad, 1, epsilon)                           \
  X(AdamW, adamw, 2, beta_1, beta_2, epsilon, weight_decay) \
  X(NAdam, nadam, 2, beta_1, beta_2, epsilon)               \
  X(Adamax, adamax, 2, beta_1, beta_2, epsilon)             \
  X(Adadelta, adadelta, 2, rho, epsilon)                    \
  X(Lion, lion, 1, beta_1, beta_2, weight_decay)
// until here

// Each optimizer's hyper-parameters by name, all of them doubles, as SGDHyper and so on.
#define FASTNN_HYPER(Name, name, slots, ...) \
  struct Name##Hyper {                       \
    double __VA_ARGS__;                      \
  };
FASTNN_OPTIMIZERS(FASTNN_HYPER)
#undef FASTNN_HYPER

// kStoreGradient stands for none, where the gradient itself is wanted; kOptimizers is how many there are.
#define FASTNN_CODE(Name, ...) k##Name,
enum Optimizer : int { kStoreGradient = -1, FASTNN_OPTIMIZERS(FASTNN_CODE) kOptimizers };
#undef FASTNN_CODE

struct OptimizerTraits {
  const char* name;
  int slots, hyper;
};

// By code.
constexpr OptimizerTraits kOptimizerTraits[] = {
#define FASTNN_TRAITS(Name, name, slots, ...) {#name, slots, int(sizeof(Name##Hyper) / sizeof(double))},
    FASTNN_OPTIMIZERS(FASTNN_TRAITS)
#undef FASTNN_TRAITS
};

static constexpr int largest(int OptimizerTraits::* number) {
  int found = 0;
  for (const OptimizerTraits& each : kOptimizerTraits)
    if (each.*number > found) found = each.*number;
  return found;
}

constexpr int kMaxRuleSlots = largest(&OptimizerTraits::slots);
constexpr int kMaxSlots = kMaxRuleSlots + 1;  // and the parameters' average
constexpr int kMaxHyper = largest(&OptimizerTraits::hyper);

static constexpr int slots_of(int optimizer) {
  return optimizer == kStoreGradient ? 0 : kOptimizerTraits[optimizer].slots;
}

}  // namespace fastnn
