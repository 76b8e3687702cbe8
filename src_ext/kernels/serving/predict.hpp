// The answers of a frozen predictor: blocks of rows through all layers, so that activations stay in cache.
#pragma once

#include "kernels/network/forward.hpp"
#include "kernels/serving/answers.hpp"
#include "kernels/serving/scaling.hpp"
#include "kernels/serving/zeros.hpp"

namespace {

constexpr ptrdiff_t kServedRows = 8 * kTileRows;  // of a block, or a multiple of it; whole panels too
constexpr ptrdiff_t kServedBytes = 64 * 1024;     // of a layer's activations, from which on it is no multiple

// What a member of the team works with, for blocks of so many rows; `size` elements.
template <class T> struct PredictScratch {
  T *scaled, *buffers[2], *z, *turned;
  int32_t* places;
  ptrdiff_t size;
};

// Of a block of n rows. There are at least eight blocks for a team to share, if they can be so many.
template <class T> FASTNN_INLINE ptrdiff_t served_rows(const fastnn::NetworkShape& shape, ptrdiff_t n) {
  if (n <= kServedRows) return n < 1 ? 1 : n;
  const ptrdiff_t widest = widest_layer(shape, 1, shape.layers + 1) * ptrdiff_t(sizeof(T));
  const ptrdiff_t fit = kServedBytes / (widest * kServedRows), shared = n / (8 * kServedRows);
  const ptrdiff_t multiple = fit < shared ? fit : shared;
  return (multiple < 1 ? 1 : multiple) * kServedRows;
}

template <class T> PredictScratch<T> scratch_of(const fastnn::FrozenNetwork<T>& p, T* base, ptrdiff_t rows) {
  const fastnn::NetworkShape& shape = p.shape;
  const ptrdiff_t widest = widest_layer(shape, 1, shape.layers), most_inputs = widest_layer(shape, 0, shape.layers);
  PredictScratch<T> s = {};
  const auto take = [&](ptrdiff_t count) {
    T* const piece = base ? base + s.size : nullptr;
    s.size += round_up<T>(count);
    return piece;
  };
  s.buffers[0] = take(rows * round_up<T>(widest));
  s.buffers[1] = take(rows * round_up<T>(widest));
  s.z = take(p.answer == fastnn::kValuesAnswer ? 0 : rows * shape.widths[shape.layers]);
  s.scaled = take(p.step_count ? rows * shape.widths[0] : 0);
  s.places = reinterpret_cast<int32_t*>(take(most_inputs));
  s.turned = take(rows < kPanel<T> ? 0 : 2 * turned_buffer<T>(shape));
  return s;
}

template <class T> ptrdiff_t predict_scratch(const void* arguments) {
  const auto& g = *static_cast<const fastnn::Prediction<T>*>(arguments);
  const auto& p = *static_cast<const fastnn::FrozenNetwork<T>*>(g.predictor);
  return scratch_of<T>(p, nullptr, served_rows<T>(p.shape, g.n)).size;
}

// A layer's activation over n rows that lie `stride` apart, in place.
template <class T>
FASTNN_INLINE void activate_rows(const fastnn::FrozenNetwork<T>& p, const fastnn::Activation& activation, T* a,
                                 ptrdiff_t n, ptrdiff_t o, ptrdiff_t stride) {
  if (activation.code == fastnn::kIdentity || activation.code == fastnn::kRelu) return;
  const fastnn::ActivationKernel activate = table_of(p).activate[kKindOf<T>];
  if (!fastnn::is_row_function(activation.code)) activate(&activation, a, a, nullptr, n * stride);
  else
    for (ptrdiff_t r = 0; r < n; ++r) activate(&activation, a + r * stride, a + r * stride, nullptr, o);
}

// The last layer's activation of n rows, to out (n, o).
template <class T>
void through_layers(const fastnn::FrozenNetwork<T>& p, const PredictScratch<T>& s, const T* x, T* out, ptrdiff_t n) {
  const fastnn::NetworkShape& shape = p.shape;
  const T* at = p.packed;
  ptrdiff_t stride = shape.widths[0];
  for (ptrdiff_t l = 0; l < shape.layers; ++l) {
    const PackedLayer<T> layer = packed_layer<T>(shape, l, at);
    const bool is_last = l + 1 == shape.layers;
    T* const a = is_last ? out : s.buffers[l % 2];
    const ptrdiff_t columns = is_last ? layer.o : layer.padded;
    const LayerRows<T> g{layer, x, stride, a, columns, columns, shape.activations[l].code == fastnn::kRelu};
    if (n == 1) row_through_layer<T>(g, p.is_finite != 0, s.places);
    else if (l == 0 && p.is_finite && are_mostly_zero<T>(x, n * layer.i)) sparse_rows_through_layer<T>(g, n, s.places);
    else rows_through_layer<T>(g, n);
    activate_rows(p, shape.activations[l], a, n, layer.o, columns);
    x = a;
    stride = columns;
    at += packed_layer_size<T>(layer.i, layer.o);
  }
}

// Whole panels of rows of a network of narrow layers, from its flat parameters, with a lane for a row
// (network/forward_transposed.hpp). Returns how many rows of n that were, if any.
template <class T>
FASTNN_INLINE ptrdiff_t answer_turned(const fastnn::FrozenNetwork<T>& p, const PredictScratch<T>& s, const T* x, T* out,
                                      ptrdiff_t n) {
  ptrdiff_t claimed = 0;
  fastnn::NetworkForward<T> g = {p.shape, p.params, x,       {},      out, s.turned, n / kPanel<T> * kPanel<T>,
                                 p.link,  0,        nullptr, &claimed};
  if (g.n == 0 || !is_turned(g)) return 0;
  const bool is_direct = p.answer == fastnn::kValuesAnswer || p.answer == fastnn::kPairsAnswer;
  g.pairs = p.answer == fastnn::kPairsAnswer;
  if (!is_direct) g.out = s.z;
  table_of(p).network_forward[kKindOf<T>](&g, 0, 1);
  if (!is_direct) answer_rows<T>(p, s.z, out, g.n);
  return g.n;
}

template <class T>
void predict_block(const fastnn::FrozenNetwork<T>& p, const PredictScratch<T>& s, const T* x, T* out, ptrdiff_t n) {
  if (p.answer != fastnn::kOnesAnswer) {
    if (p.step_count) {
      scale_rows(p, x, s.scaled, n);
      x = s.scaled;
    }
    if (n >= kPanel<T>) {
      const ptrdiff_t done = answer_turned<T>(p, s, x, out, n);
      x += done * p.shape.widths[0];
      out += done * p.columns;
      n -= done;
      if (n == 0) return;
    }
    through_layers<T>(p, s, x, p.answer == fastnn::kValuesAnswer ? out : s.z, n);
  }
  answer_rows<T>(p, s.z, out, n);
}

// Rows [r0, r0 + count).
template <class T>
FASTNN_INLINE void predict_rows(const fastnn::Prediction<T>& g, const PredictScratch<T>& s, ptrdiff_t r0,
                                ptrdiff_t count) {
  const auto& p = *static_cast<const fastnn::FrozenNetwork<T>*>(g.predictor);
  const ptrdiff_t i = p.shape.widths[0];
  const T* x = g.x + r0 * i;
  if (g.infinite && !(sum_lanes<T>(zero_if_finite<T>(x, count * i)) == T(0)))
    __atomic_store_n(g.infinite, 1, __ATOMIC_RELAXED);
  predict_block<T>(p, s, x, g.out + r0 * p.columns, count);
}

template <class T> void predict(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::Prediction<T>*>(arguments);
  const auto& p = *static_cast<const fastnn::FrozenNetwork<T>*>(g.predictor);
  const ptrdiff_t rows = served_rows<T>(p.shape, g.n);
  PredictScratch<T> s = scratch_of<T>(p, g.scratch, rows);
  if (g.n <= rows) {  // what all this is about: one block is not claimed, which takes 10 ns
    if (member == 0) predict_rows(g, s, 0, g.n);
    return;
  }
  if (member > 0) s = scratch_of<T>(p, g.scratch + member * s.size, rows);
  const ptrdiff_t blocks = ceil_div(g.n, rows), work = row_work(p.shape);
  Meter meter;
  for (;;) {
    const ptrdiff_t block = __atomic_fetch_add(g.claimed, 1, __ATOMIC_RELAXED);
    if (block == blocks + team - 1) __atomic_store_n(g.claimed, 0, __ATOMIC_RELAXED);  // nobody comes after
    if (block >= blocks) return;
    const ptrdiff_t r0 = block * rows, count = g.n - r0 < rows ? g.n - r0 : rows;
    predict_rows(g, s, r0, count);
    if (meter.stops(count * work)) return;
  }
}

}  // namespace
