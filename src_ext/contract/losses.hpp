// Every loss once: all that enumerates, names or tells losses apart in C++ comes from this list.
#pragma once

#include <stddef.h>

// A loss's position is its code, which pickled models hold, so a new one goes to the end, here and in
// fastnn/loss_functions.py. A row has the name, the struct of kernels/elementwise/loss.hpp (of class_loss.hpp for losses
// of whole rows) that computes it, and the link that makes predictions of the raw output.
#define FASTNN_LOSSES(ELEMENTS, ROWS)                              \
  ELEMENTS(squared_error, SquaredError, kIdentityLink)             \
  ELEMENTS(binary_cross_entropy, BinaryCrossEntropy, kSigmoidLink) \
  ROWS(cross_entropy, CrossEntropy, kSoftmaxLink)                  \
  ELEMENTS(absolute, Absolute, kIdentityLink)                      \
  ELEMENTS(huber, Huber, kIdentityLink)                            \
  ELEMENTS(log_cosh, LogCosh, kIdentityLink)                       \
  ELEMENTS(poisson, Poisson, kExpLink)                             \
  ELEMENTS(pinball, Pinball, kIdentityLink)                        \
  ELEMENTS(hinge, Hinge, kIdentityLink)                            \
  ELEMENTS(tweedie, Tweedie, kExpLink)                             \
  ROWS(focal, Focal, kSoftmaxLink)

namespace fastnn {

#define FASTNN_CODE(name, Struct, link) k##Struct,
enum LossCode : int { FASTNN_LOSSES(FASTNN_CODE, FASTNN_CODE) kLossCount };
#undef FASTNN_CODE

// What makes predictions of the raw output, by the names that fastnn/loss_functions.py has for them.
#define FASTNN_LINKS(LINK)      \
  LINK(identity, kIdentityLink) \
  LINK(sigmoid, kSigmoidLink)   \
  LINK(softmax, kSoftmaxLink)   \
  LINK(exp, kExpLink)

#define FASTNN_CODE(name, code) code,
enum LinkCode : int { kNoLink = -1, FASTNN_LINKS(FASTNN_CODE) kLinkCount };
#undef FASTNN_CODE

#define FASTNN_NAME(name, code) #name,
constexpr const char* kLinkNames[] = {FASTNN_LINKS(FASTNN_NAME)};
#undef FASTNN_NAME

struct ListedLoss {
  const char* name;
  LinkCode link;
};

#define FASTNN_ROW(name, Struct, link) {#name, link},
constexpr ListedLoss kListedLosses[] = {FASTNN_LOSSES(FASTNN_ROW, FASTNN_ROW)};
#undef FASTNN_ROW

// A user's own element-wise loss, compiled for the element type of its arrays: for `count` numbers each, z and y are
// read, `losses` and `d_z` written, the derivative of each loss by its z. The arrays are small enough to stay in the
// level 1 cache and may be the kernel's own copies. Weights and sums are the kernel's affair, so that one output with
// weighted rows, a number from each row, is one call too.
typedef void (*LossTile)(const void* parameters, const void* z, const void* y, void* losses, void* d_z,
                         ptrdiff_t count);

// The same loss over any number of elements that lie side by side and have one weight: d_z is written, the derivative of
// each loss by its z times `scale`, a number of the arrays' type. Returns the sum of the losses, in float64 but for blocks
// of at most 256 float32 numbers; its order is decided by `count` alone. Losses and slopes stay in registers, which makes
// up to a third of the time of a loss that is cheap to compute.
typedef double (*LossRun)(const void* parameters, const void* z, const void* y, void* d_z, double scale,
                          ptrdiff_t count);

struct UserLoss {
  LossTile tile;
  const void* parameters;  // of the user's; handed on
  LossRun run;             // null where only the tile is known, as of functions from C
};

}  // namespace fastnn
