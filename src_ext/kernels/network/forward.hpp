// network_forward: all layers, and the loss's link, for a block of rows at a time, so that activations stay in cache
// and are never stored. Members take one block after the other, whoever is free: no row's result depends on others.
#pragma once

#include "kernels/vector/flat.hpp"
#include "kernels/elementwise/loss_rows.hpp"
#include "kernels/network/forward_transposed.hpp"
#include "kernels/dense/sparse_gemm.hpp"

namespace {

constexpr ptrdiff_t kRowGrain = kTileRows == 8 ? 32 : 48;  // whole tiles and whole panels
constexpr ptrdiff_t kNetworkRows = 4 * kRowGrain;          // at most, of a block

// About eight blocks a member, so that one that comes late takes fewer; where weights are copied for every block
// (forward_rows), as large ones as there may be.
inline ptrdiff_t network_block_rows(ptrdiff_t n, int team, bool wide) {
  const ptrdiff_t rows = n / (8 * team) / kRowGrain * kRowGrain;
  return wide || rows > kNetworkRows ? kNetworkRows : rows < kRowGrain ? kRowGrain : rows;
}

// The widest of the layers [first, end), at least 1; layer 0 is the input.
inline ptrdiff_t widest_layer(const fastnn::NetworkShape& shape, ptrdiff_t first, ptrdiff_t end) {
  ptrdiff_t widest = 1;
  for (ptrdiff_t l = first; l < end; ++l)
    if (shape.widths[l] > widest) widest = shape.widths[l];
  return widest;
}

constexpr ptrdiff_t kTurnedBytes = ptrdiff_t(16) << 20;  // of scratch at most: beyond it turning only moves memory

// Elements of a buffer that holds a panel of any layer, turned, x included.
template <class T> FASTNN_INLINE ptrdiff_t turned_buffer(const fastnn::NetworkShape& shape) {
  return kPanel<T> * widest_layer(shape, 0, shape.layers + 1);
}

// What one input costs a layer of o outputs with a lane for an output, in vector multiply-adds for a row: padding, and
// tiles one vector wide, which load more than they multiply (100 x 10: 1.2 cycles for each).
template <class T> FASTNN_INLINE double plain_cost(ptrdiff_t o) {
  const ptrdiff_t left = o % kPanel<T>;
  return double((o - left) / kLanes<T>) + (left == 0 ? 0 : left > kLanes<T> ? 2 : 1.2);
}

// The same with a lane for a row: the outputs are rows of tiles, of which low ones wait for the latency of an FMA.
template <class T> FASTNN_INLINE double turned_cost(ptrdiff_t o) {
  ptrdiff_t left = o % kTileRows, rows = o - left;
  for (int height = lower_tile(kTileRows); height > 0; height = lower_tile(height))
    for (; left >= height; left -= height) rows += height > kLowestTileRows ? height : kLowestTileRows;
  return double(rows) / kLanes<T>;
}

// The cost model, checked at twenty shapes with AVX-512, AVX2 and SSE2. To turn an element there and back costs so much
// that layers of whole panels stay as they are, and narrow ones on wide inputs too.
template <class T> FASTNN_INLINE bool is_turned(const fastnn::NetworkForward<T>& g) {
  const fastnn::NetworkShape& shape = g.shape;
  if (!g.x || 2 * turned_buffer<T>(shape) * ptrdiff_t(sizeof(T)) > kTurnedBytes) return false;
  constexpr double kTurn = 4.0 / kLanes<T>;
  const ptrdiff_t last = shape.widths[shape.layers];
  double plain = 0, turned = kTurn * double(shape.widths[0] + last);
  for (ptrdiff_t l = 0; l < shape.layers; ++l) {
    const ptrdiff_t i = shape.widths[l], o = shape.widths[l + 1];
    if (is_row_function(shape.activations[l].code) && !softmax_is_narrow<T>(o)) return false;
    plain += double(i) * plain_cost<T>(o);
    turned += double(i) * turned_cost<T>(o);
  }
  if (g.link == fastnn::kSoftmaxLink && softmax_is_narrow<T>(last)) plain += 2 * kTurn * double(last);
  return turned < plain;
}

// Elements of each of a member's two buffers: a panel of any layer, turned, or a block of what a layer hands to the
// next (or, to make pairs, of the one output). Rows of x are read where they are, and may be very long where x is
// sparse.
template <class T> FASTNN_INLINE ptrdiff_t buffer_size(const fastnn::NetworkShape& shape, bool turned) {
  return turned ? turned_buffer<T>(shape) : kNetworkRows * widest_layer(shape, 1, shape.layers);
}

// Multiply-adds of a row.
inline ptrdiff_t row_work(const fastnn::NetworkShape& shape) {
  ptrdiff_t work = 0;
  for (ptrdiff_t l = 0; l < shape.layers; ++l) work += (shape.widths[l] + kFunctionWork) * shape.widths[l + 1];
  return work;
}

// Elements that one member of the team needs.
template <class T> ptrdiff_t network_forward_scratch(const void* arguments) {
  const auto& g = *static_cast<const fastnn::NetworkForward<T>*>(arguments);
  return 2 * buffer_size<T>(g.shape, is_turned(g));
}

// out (count, 2): -z and z.
template <class T> FASTNN_INLINE void write_pairs(const T* z, T* out, ptrdiff_t count) {
  for (ptrdiff_t r = 0; r < count; ++r) {
    out[2 * r] = -z[r];
    out[2 * r + 1] = z[r];
  }
}

// From the last layer's activation z (count, o), which may lie in out already, to what is asked for.
template <class T>
FASTNN_INLINE void finish_rows(const fastnn::NetworkForward<T>& g, const T* z, T* out, ptrdiff_t count) {
  if (g.pairs) write_pairs<T>(z, out, count);
  const ptrdiff_t o = g.pairs ? 2 : g.shape.widths[g.shape.layers];
  if (g.link != fastnn::kNoLink) link_rows<T>(g.link, out, out, count, o);
}

// The first layer from sparse rows [r0, r1), the bits of forward_rows.
template <class T>
__attribute__((noinline)) void forward_sparse_rows(const fastnn::Features& x, const T* w, const T* b, T* out,
                                                   ptrdiff_t o, const fastnn::Activation& activation, ptrdiff_t r0,
                                                   ptrdiff_t r1) {
  ForwardTile<T> policy{out, o, b, activation.code == kRelu};
  Meter meter;
  for (ptrdiff_t r = r0; r < r1; ++r) {
    const auto entries = [&](const auto& use) __attribute__((always_inline)) { for_stored<T>(x, r, use); };
    multiply_sparse_row<T>(entries, PlainColumns<T>{w, o}, policy, r - r0, o);
    if (meter.stops(stored_of(x, r) * o)) return;
  }
  if (!is_fused(activation)) activate_block<T>(out, o, activation, 0, r1 - r0, 0, o);
}

template <class T>
FASTNN_INLINE void forward_plain_rows(const fastnn::NetworkForward<T>& g, T* const (&buffers)[2], ptrdiff_t r0,
                                      ptrdiff_t r1) {
  const fastnn::NetworkShape& shape = g.shape;
  const ptrdiff_t last = shape.widths[shape.layers];
  const T *input = g.x ? g.x + r0 * shape.widths[0] : nullptr, *params = g.params;
  T* const out = g.out + r0 * (g.pairs ? 2 : last);
  for (ptrdiff_t l = 0; l < shape.layers; ++l) {
    const ptrdiff_t i = shape.widths[l], o = shape.widths[l + 1];
    const T* b = shape.has_bias[l] ? params + i * o : nullptr;
    T* a = l + 1 < shape.layers || g.pairs ? buffers[l % 2] : out;
    if (input) forward_rows<T>(input, params, b, a, i, o, shape.activations[l], 0, r1 - r0, 0, o);
    else forward_sparse_rows<T>(g.sparse, params, b, a, o, shape.activations[l], r0, r1);
    input = a;
    params += i * o + (b ? o : 0);
  }
  finish_rows(g, input, out, r1 - r0);
}

template <class T>
FASTNN_INLINE void forward_turned_rows(const fastnn::NetworkForward<T>& g, T* const (&buffers)[2], ptrdiff_t r0,
                                       Vec<T> (&nothing)[2]) {
  const ptrdiff_t o = g.shape.widths[g.shape.layers];
  T* const out = g.out + r0 * (g.pairs ? 2 : o);
  T* const z = forward_turned<T>(g.shape, g.params, g.x + r0 * g.shape.widths[0], buffers, nothing);
  if (o == 1) {  // turned or not, it is the same
    if (!g.pairs) memcpy(out, z, size_t(kPanel<T>) * sizeof(T));
    finish_rows(g, z, out, kPanel<T>);
    return;
  }
  const bool softmax = g.link == fastnn::kSoftmaxLink && softmax_is_narrow<T>(o);
  if (softmax) turned_softmax<T, false>(z, o);
  turn_back<T>(z, o, out);
  if (!softmax) finish_rows(g, out, out, kPanel<T>);
}

template <class T>
void forward_block(const fastnn::NetworkForward<T>& g, bool turned, T* const (&buffers)[2], ptrdiff_t r0, ptrdiff_t r1,
                   Vec<T> (&nothing)[2]) {
  for (; turned && r0 + kPanel<T> <= r1; r0 += kPanel<T>) forward_turned_rows(g, buffers, r0, nothing);
  if (r0 == r1) return;
  const ptrdiff_t i = g.shape.widths[0];
  if (g.x && g.infinite) nothing[0] += zero_if_finite<T>(g.x + r0 * i, (r1 - r0) * i);
  forward_plain_rows(g, buffers, r0, r1);
}

template <class T> void network_forward(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::NetworkForward<T>*>(arguments);
  const bool turned = is_turned(g);
  const ptrdiff_t size = buffer_size<T>(g.shape, turned);
  T* const scratch = g.scratch + 2 * member * size;
  T* const buffers[2] = {scratch, scratch + size};
  const bool wide = widest_layer(g.shape, 1, g.shape.layers + 1) * ptrdiff_t(sizeof(T)) >= kWideBytes;
  const ptrdiff_t rows = network_block_rows(g.n, team, wide), blocks = (g.n + rows - 1) / rows;
  const ptrdiff_t work = blocks > 1 ? rows * row_work(g.shape) : 0;
  Meter meter;
  Vec<T> nothing[2] = {};
  for (;;) {
    const ptrdiff_t block = __atomic_fetch_add(g.claimed, 1, __ATOMIC_RELAXED);
    if (block == blocks + team - 1) __atomic_store_n(g.claimed, 0, __ATOMIC_RELAXED);  // nobody comes after
    if (block >= blocks) break;
    const ptrdiff_t r0 = block * rows;
    forward_block(g, turned, buffers, r0, r0 + rows < g.n ? r0 + rows : g.n, nothing);
    if (meter.stops(work)) return;
  }
  if (g.infinite && !(sum_lanes<T>(nothing[0] + nothing[1]) == T(0))) __atomic_store_n(g.infinite, 1, __ATOMIC_RELAXED);
}

}  // namespace
