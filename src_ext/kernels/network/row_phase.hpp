// Phase 1 of a training step: members of the team own blocks of rows. Forward through all layers, the loss, and back
// down to the first layer's d_z, while their activations are in cache. Nothing else is kept for phase 2.
#pragma once

#include "kernels/network/sparse_input.hpp"
#include "kernels/elementwise/loss_rows.hpp"
#include "kernels/network/packing.hpp"

namespace {

// The rows of one chunk and the factor by which a row's loss counts.
template <class T> struct Chunk {
  ptrdiff_t first, count;  // positions in the epoch's order
  double weight_total;     // of the batch
  int64_t step;            // of the optimizer, from 1
};

// d_a times the slope, where the activation's value a tells it.
template <class T> FASTNN_INLINE Vec<T> times_slope(int activation, Vec<T> a, Vec<T> d_a) {
  if (activation == kRelu) return a > Vec<T>{} ? d_a : Vec<T>{};
  if (activation == kTanh) return d_a * Tanh::slope<T>(a, a);
  return activation == kSigmoid ? d_a * Sigmoid::slope<T>(a, a) : d_a;
}

// d_a of the layer below: the product, times the slope on the way out. Rows are padded, so there are no tails.
template <class T> struct BackwardTile {
  T* d_z;
  const T *a, *slope;  // of the layer below; slope null: `a` tells it
  ptrdiff_t stride;
  int activation;  // its code

  template <int MR, int NV> FASTNN_INLINE void start(Tile<T, MR, NV>& tile, ptrdiff_t, ptrdiff_t, int) {
#pragma GCC unroll 16
    for (int r = 0; r < MR; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v) tile.acc[r][v] = Vec<T>{};
  }

  template <int MR, int NV> FASTNN_INLINE void finish(Tile<T, MR, NV>& tile, ptrdiff_t r0, ptrdiff_t c0, int) {
#pragma GCC unroll 16
    for (int r = 0; r < MR; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v) {
        const ptrdiff_t at = (r0 + r) * stride + c0 + v * kLanes<T>;
        const Vec<T> d_a = tile.acc[r][v];
        store<T>(d_z + at, slope ? d_a * load<T>(slope + at) : times_slope<T>(activation, load<T>(a + at), d_a));
      }
  }
};

// A user's slope at zero may be anything, and padding must not become a NaN by it.
template <class T> void clear_slope_of_padding(const Layer<T>& layer, ptrdiff_t r0, ptrdiff_t r1) {
  if (layer.single) return;
  for (ptrdiff_t r = r0; r < r1; ++r)
    for (ptrdiff_t c = layer.o; c < layer.padded; ++c) layer.slope[r * layer.stride + c] = T(0);
}

// a, and slope, of what is not fused into the product.
template <class T> FASTNN_INLINE void activate(const Layer<T>& layer, ptrdiff_t r0, ptrdiff_t r1) {
  if (is_fused(layer.activation)) return;
  const ptrdiff_t at = r0 * layer.stride;
  if (!is_row_function(layer.activation.code)) {
    T* slope = layer.slope ? layer.slope + at : nullptr;
    run_activation<T>(layer.activation, layer.a + at, layer.a + at, slope, (r1 - r0) * layer.stride);
    if (is_users(layer.activation)) clear_slope_of_padding(layer, r0, r1);
    return;
  }
  run_row_function<T>(layer.activation.code, layer.a + at, layer.a + at, layer.stride, r1 - r0, layer.o);
}

// From w packed.
template <class T, class Rows>
FASTNN_INLINE void forward_layer(const Layer<T>& layer, const T* w, const Rows& rows, ptrdiff_t r0, ptrdiff_t r1) {
  ForwardTile<T> policy{layer.a, layer.stride, layer.b, layer.activation.code == kRelu};
  const PackedColumns<T> columns{w, layer.i};
  multiply_in_pieces<T, false>(rows, columns, layer.i, policy, r0, r1, 0, layer.padded);
  activate(layer, r0, r1);
}

// The one output of a last layer: sums over inputs side by side, kLanes rows at a time, instead of one lane of many.
template <class T>
void forward_single(const Layer<T>& layer, const Layer<T>& below, ptrdiff_t r0, ptrdiff_t r1) {
  constexpr ptrdiff_t lanes = kLanes<T>;
  for (ptrdiff_t r = r0; r < r1; r += lanes) {
    const ptrdiff_t last = r1 - 1 - r;
    Vec<T> sums[lanes] = {};
    for (ptrdiff_t c = 0; c < layer.i; c += lanes) {
      const Vec<T> w = load<T>(layer.w + c);
#pragma GCC unroll 16
      for (ptrdiff_t k = 0; k < lanes; ++k)
        sums[k] += load<T>(below.a + (r + (k < last ? k : last)) * below.stride + c) * w;
    }
    transpose_square<T>(sums);
#pragma GCC unroll 4
    for (ptrdiff_t half = lanes / 2; half > 0; half /= 2)
#pragma GCC unroll 8
      for (ptrdiff_t k = 0; k < half; ++k) sums[k] += sums[k + half];
    const Vec<T> z = sums[0] + splat<T>(layer.b[0]);
    store_lanes<T>(layer.a + r, layer.activation.code == kRelu ? relu<T>(z) : z, int(last < lanes ? last + 1 : lanes));
  }
  activate(layer, r0, r1);
}

template <class T>
FASTNN_INLINE void forward_above(const Workspace<T>& ws, const Member<T>& me, ptrdiff_t l, ptrdiff_t r0, ptrdiff_t r1) {
  const Layer<T>&layer = ws.layer[l], &below = ws.layer[l - 1];
  if (layer.single) return forward_single(layer, below, r0, r1);
  const T* w = layer.turned ? mirror_of(layer, me) : layer.w;
  forward_layer(layer, w, StridedRows<T>{below.a, below.stride}, r0, r1);
}

// d_z = d_a * slope, in place, for what the tile's epilogue could not do.
template <class T> FASTNN_INLINE void apply_row_slope(const Layer<T>& layer, ptrdiff_t r0, ptrdiff_t r1) {
  const T* a = layer.a_before ? layer.a_before : layer.a;
  with_row_function(layer.activation.code, [&](auto f) {
    for (ptrdiff_t at = r0 * layer.stride; at < r1 * layer.stride; at += layer.stride)
      f.template backward_row<T>(a + at, layer.d_z + at, layer.d_z + at, layer.o);
  });
}

// Zeroes some of a layer's outputs and scales the others; the slope gets the same factors, so that the way down needs
// no mask.
template <class T>
void drop_outputs(const Layer<T>& layer, const DropoutRule& rule, ptrdiff_t first, ptrdiff_t r0, ptrdiff_t r1) {
  const Vec<T> zero = {};
  for (ptrdiff_t r = r0; r < r1; ++r) {
    const uint64_t key = dropout_key<T>(rule, first + r);
    for (ptrdiff_t c = 0; c < layer.padded; c += kLanes<T>) {
      const ptrdiff_t at = r * layer.stride + c;
      const Vec<T> factor = dropout_factors<T>(rule, key, c), a = load<T>(layer.a + at);
      Vec<T> slope = factor;
      if (layer.activation.code == kRelu) slope = a > zero ? factor : zero;
      else if (layer.a_before) store<T>(layer.a_before + at, a);
      else if (layer.activation.code != kIdentity) slope = drop<T>(load<T>(layer.slope + at), factor);
      store<T>(layer.slope + at, slope);
      store<T>(layer.a + at, drop<T>(a, factor));
    }
  }
}

// The rows of x after dropout, in memory of the workspace; `rows` points to them from then on.
template <class T>
void drop_inputs(const Workspace<T>& ws, const DropoutRule& rule, ptrdiff_t first, ptrdiff_t r0, ptrdiff_t r1) {
  const ptrdiff_t i = ws.layer[0].i;
  for (ptrdiff_t r = r0; r < r1; ++r) {
    drop_row<T>(rule, first + r, ws.rows[r], ws.x_kept + r * i, i);
    ws.rows[r] = ws.x_kept + r * i;
  }
}

template <class T> FASTNN_INLINE void apply_slope(const Layer<T>& layer, ptrdiff_t r0, ptrdiff_t r1) {
  if (layer.activation.code == kIdentity) return;
  if (is_row_function(layer.activation.code)) {
    apply_row_slope(layer, r0, r1);
    return;
  }
  const ptrdiff_t first = r0 * layer.stride;
  for_vectors<T>((r1 - r0) * layer.stride, [&](ptrdiff_t c, int lanes) __attribute__((always_inline)) {
    const ptrdiff_t at = first + c;
    const Vec<T> d_a = load_lanes<T>(layer.d_z + at, lanes);
    const Vec<T> d_z = layer.slope ? d_a * load_lanes<T>(layer.slope + at, lanes)
                                   : times_slope<T>(layer.activation.code, load_lanes<T>(layer.a + at, lanes), d_a);
    store_lanes<T>(layer.d_z + at, d_z, lanes);
  });
}

// From w.T packed.
template <class T>
FASTNN_INLINE void backward_layer(const Layer<T>& layer, const T* transposed, const Layer<T>& below, ptrdiff_t r0,
                                  ptrdiff_t r1) {
  BackwardTile<T> policy{below.d_z, below.a, below.slope, below.stride, below.activation.code};
  const PackedColumns<T> columns{transposed, layer.o};
  const StridedRows<T> rows{layer.d_z, layer.stride};
  multiply_in_pieces<T, false>(rows, columns, layer.o, policy, r0, r1, 0, below.padded);
  if (is_row_function(below.activation.code)) apply_row_slope(below, r0, r1);
}

template <class T>
void forward_first(const fastnn::Epoch<T>& g, const Workspace<T>& ws, const Chunk<T>& chunk, ptrdiff_t r0,
                   ptrdiff_t r1) {
  const DropoutRule rule = dropout_rule(g.seed, chunk.step, 0, g.shape.dropout[0]);
  if (!g.x) {
    forward_sparse(g, ws.layer[0], dropout_of(g, 0) > 0 ? &rule : nullptr, chunk.first, r0, r1);
    activate(ws.layer[0], r0, r1);
    return;
  }
  for (ptrdiff_t r = r0; r < r1; ++r) ws.rows[r] = g.x + row_at(g, chunk.first + r) * ws.layer[0].i;
  if (ws.x_kept) drop_inputs(ws, rule, chunk.first, r0, r1);
  forward_layer(ws.layer[0], ws.layer[0].w, GatheredRows<T>{ws.rows}, r0, r1);
}

// The loss of whole blocks, each a sum of its own.
template <class T>
void loss_of_blocks(const fastnn::Epoch<T>& g, const Workspace<T>& ws, const Chunk<T>& chunk, ptrdiff_t r0,
                    ptrdiff_t r1) {
  const Layer<T>& last = ws.layer[ws.layers - 1];
  const LossRows<T> rows(last.a, last.d_z, last.stride, g.y, last.o, g.sample_weight, g.order, chunk.first,
                         chunk.weight_total);
  for (ptrdiff_t r = r0; r < r1; r += ws.block) {
    const ptrdiff_t end = r + ws.block < r1 ? r + ws.block : r1;
    ws.block_loss[r / ws.block] = loss_rows<T>(g, g.loss_parameter, rows, r, end, last.o);
  }
}

template <class T>
void train_rows(const fastnn::Epoch<T>& g, const Workspace<T>& ws, const Chunk<T>& chunk, const Member<T>& me,
                ptrdiff_t r0, ptrdiff_t r1) {
  const auto rule = [&](ptrdiff_t l) { return dropout_rule(g.seed, chunk.step, l, g.shape.dropout[l]); };
  for (ptrdiff_t l = 0; l < ws.layers; ++l) {
    if (l == 0) forward_first(g, ws, chunk, r0, r1);
    else forward_above(ws, me, l, r0, r1);
    if (ws.layer[l].dropout > 0) drop_outputs(ws.layer[l], rule(l + 1), chunk.first, r0, r1);
  }
  loss_of_blocks(g, ws, chunk, r0, r1);
  apply_slope(ws.layer[ws.layers - 1], r0, r1);
  for (ptrdiff_t l = ws.layers - 1; l > 0; --l) {
    const Layer<T>& layer = ws.layer[l];
    backward_layer(layer, layer.turned ? layer.w : mirror_of(layer, me), ws.layer[l - 1], r0, r1);
  }
}

// Rows of sparse x that begin at a position of the epoch, by columns for d_w.
template <class T>
void turn_sparse(const fastnn::Epoch<T>& g, const Workspace<T>& ws, int64_t step, ptrdiff_t strip, ptrdiff_t first,
                 ptrdiff_t count) {
  const DropoutRule rule = dropout_rule(g.seed, step, 0, g.shape.dropout[0]);
  sort_entries_by_column(g, entries_of(ws, strip), dropout_of(g, 0) > 0 ? &rule : nullptr, first, count);
}

// Whether Ctrl-C has come. Every phase asks before it begins: the phase before may have left some of its work undone,
// also pointers unset. All members keep on meeting at the barriers of the step, which ends the run.
template <class T> FASTNN_INLINE bool is_interrupted(const Member<T>& me) {
  return __atomic_load_n(me.interrupted, __ATOMIC_RELAXED) != 0;
}

template <class T>
void row_phase(const fastnn::Epoch<T>& g, const Workspace<T>& ws, const Chunk<T>& chunk, const Member<T>& me) {
  if (is_interrupted(me)) return;
  if (!g.x && me.index == me.team - 1) turn_sparse(g, ws, chunk.step, 0, chunk.first, chunk.count);
  const auto rows = fastnn::share_of(chunk.count, ws.block, me.index, me.team);
  Meter meter;
  for (ptrdiff_t r0 = rows.begin; r0 < rows.end; r0 += ws.stretch) {
    const ptrdiff_t r1 = r0 + ws.stretch < rows.end ? r0 + ws.stretch : rows.end;
    train_rows(g, ws, chunk, me, r0, r1);
    if (meter.stops((r1 - r0) * ws.cost)) return;
  }
}

}  // namespace
