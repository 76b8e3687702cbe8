// A network's forward pass in the C interface.
#pragma once

#include "abi/calls.hpp"

namespace fastnn {

template <class T>
int network_forward(const fastnn_network* network, const T* params, const T* x, const fastnn_loss* loss, int pairs,
                    T* out, ptrdiff_t n) {
  if (n == 0) return FASTNN_OK;
  const NetworkShape shape{network->widths, contracts(network->activations), network->has_bias, nullptr,
                           network->layers};
  ptrdiff_t claimed = 0;
  NetworkForward<T> block = {shape, params,  x,       {}, out, nullptr, n, loss ? loss->link : kNoLink,
                             pairs, nullptr, &claimed};
  Scratch memory;
  block.scratch = take<T>(memory, in_use->network_forward_scratch[kKind<T>](&block));
  return block.scratch ? run(in_use->network_forward[kKind<T>], block) : FASTNN_NO_MEMORY;
}

}  // namespace fastnn
