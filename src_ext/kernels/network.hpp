// network_forward: all layers for a block of rows at a time, so that activations stay in cache and are never stored.
#pragma once

#include "kernels/dense.hpp"
#include "kernels/sparse.hpp"

namespace {

constexpr ptrdiff_t kNetworkRows = 16 * kTileRows;

inline ptrdiff_t widest_hidden(const fastnn::NetworkShape& shape) {
  ptrdiff_t widest = 0;
  for (ptrdiff_t l = 1; l < shape.layers; ++l)
    if (shape.widths[l] > widest) widest = shape.widths[l];
  return widest;
}

// Elements that one member of the team needs: the outputs of two successive hidden layers.
template <class T> ptrdiff_t network_forward_scratch(const void* arguments) {
  const auto& g = *static_cast<const fastnn::NetworkForward<T>*>(arguments);
  return 2 * kNetworkRows * widest_hidden(g.shape);
}

// The first layer from sparse rows [r0, r1), the bits of forward_rows.
template <class T>
__attribute__((noinline)) void forward_sparse_rows(const fastnn::Features& x, const T* w, const T* b, T* out, ptrdiff_t o,
                                                   int64_t activation, ptrdiff_t r0, ptrdiff_t r1) {
  ForwardTile<T> policy{out, o, b, activation == kRelu};
  for (ptrdiff_t r = r0; r < r1; ++r) {
    const auto entries = [&](const auto& use) __attribute__((always_inline)) { for_stored<T>(x, r, use); };
    multiply_sparse_row<T>(entries, PlainColumns<T>{w, o}, policy, r - r0, o);
  }
  if (!is_fused(activation)) activate_block<T>(out, o, activation, 0, r1 - r0, 0, o);
}

template <class T>
FASTNN_INLINE void forward_network_rows(const fastnn::NetworkForward<T>& g, T* scratch, ptrdiff_t r0, ptrdiff_t r1) {
  const fastnn::NetworkShape& shape = g.shape;
  const T* input = g.x ? g.x + r0 * shape.widths[0] : nullptr;
  const T* params = g.params;
  T* const buffers[2] = {scratch, scratch + kNetworkRows * widest_hidden(shape)};
  for (ptrdiff_t l = 0; l < shape.layers; ++l) {
    const ptrdiff_t i = shape.widths[l], o = shape.widths[l + 1];
    const T* b = shape.has_bias[l] ? params + i * o : nullptr;
    T* out = l + 1 == shape.layers ? g.out + r0 * o : buffers[l % 2];
    if (input) forward_rows<T>(input, params, b, out, i, o, shape.activations[l], 0, r1 - r0, 0, o);
    else forward_sparse_rows<T>(g.sparse, params, b, out, o, shape.activations[l], r0, r1);
    input = out;
    params += i * o + (b ? o : 0);
  }
}

template <class T> void network_forward(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::NetworkForward<T>*>(arguments);
  T* scratch = g.scratch + member * network_forward_scratch<T>(arguments);
  const auto rows = fastnn::share_of(g.n, kTileRows, member, team);
  for (ptrdiff_t r = rows.begin; r < rows.end; r += kNetworkRows)
    forward_network_rows<T>(g, scratch, r, r + kNetworkRows < rows.end ? r + kNetworkRows : rows.end);
}

}  // namespace
