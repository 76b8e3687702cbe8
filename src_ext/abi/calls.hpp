// What the functions of the C interface share: the kernels in use, one share of work for one thread, and the structs of
// the header as the contract has them.
#pragma once

#include <string.h>

#include "contract/kernels.hpp"
#include "fastnn.h"
#include "runtime/scratch.hpp"

namespace fastnn {

// The binding chooses them before anybody else has the table.
static const Kernels* in_use = nullptr;

// Place of the element type in the table of kernels.
template <class T> constexpr int kKind = sizeof(T) / 8;

// What a function becomes that is taken away: its place stays, for programs that were compiled when it was there.
template <class... Arguments> int removed(Arguments...) { return FASTNN_REMOVED; }

template <class Block> int run(TeamKernel kernel, const Block& block) {
  kernel(&block, 0, 1);
  return FASTNN_OK;
}

// The structs of the header are laid out as the contract's, so that arrays of them need no copy. Where the contract's
// change one day, those of the header stay, and are copied.
template <class Ours, class Theirs> constexpr bool kSameLayout =
    sizeof(Ours) == sizeof(Theirs) && alignof(Ours) == alignof(Theirs);
static_assert(kSameLayout<Activation, fastnn_activation> && kSameLayout<UserActivation, fastnn_own_activation>);
static_assert(offsetof(Activation, parameters) == offsetof(fastnn_activation, parameters) &&
              offsetof(Activation, users) == offsetof(fastnn_activation, own));
static_assert(offsetof(UserActivation, tile) == offsetof(fastnn_own_activation, function));
static_assert(int(kUsersOwn) == int(FASTNN_ACTIVATION_OWN) &&
              sizeof(Activation::parameters) == sizeof(fastnn_activation::parameters));

static inline const Activation* contracts(const fastnn_activation* activation) {
  return reinterpret_cast<const Activation*>(activation);
}

// A loss as the contract has it; `users` points to `own`, unless the loss is one of the library's.
struct OwnLoss {
  explicit OwnLoss(const fastnn_loss& loss) {
    if (loss.code == FASTNN_LOSS_OWN) own = {loss.own->function, loss.own->parameters, nullptr}, users = &own;
  }
  OwnLoss(const OwnLoss&) = delete;

  UserLoss own = {};
  const UserLoss* users = nullptr;
};

// `count` elements for the time of a call.
template <class Element> Element* take(Scratch& memory, ptrdiff_t count) {
  return static_cast<Element*>(memory.take(size_t(count > 0 ? count : 1) * sizeof(Element)));
}

}  // namespace fastnn
