// Phase 2 of a training step: members of the team own tiles of weights. A d_w tile is summed over the chunk's rows in
// registers and handed to the optimizer there and then; no gradient is stored, and the sum's order knows no threads.
// Where a batch has several chunks, or the gradient itself is wanted, the tile is added to d_w instead.
#pragma once

#include "kernels/epoch_rows.hpp"
#include "kernels/optimizer.hpp"

namespace {

// The "optimizer" of a gradient that is only summed up.
template <class T> struct AddGradient {};

// One tile's end: the rule applied to weights, slots and gradient at the same place of their panels.
template <class T, class Rule> struct UpdateTile {
  const Layer<T>& layer;
  Rule rule;
  T decay;  // alpha over the batch's weight
  bool first_chunk;
  ptrdiff_t width;  // of the panel
  Vec<T> squares;   // sum of w * w before the update

  template <int MR, int NV> FASTNN_INLINE void start(Tile<T, MR, NV>& tile, ptrdiff_t, ptrdiff_t, int) {
#pragma GCC unroll 16
    for (int r = 0; r < MR; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v) tile.acc[r][v] = Vec<T>{};
  }

  FASTNN_INLINE void dispose(Vec<T> gradient, ptrdiff_t at) {
    if constexpr (__is_same(Rule, AddGradient<T>)) {
      store<T>(layer.d_w + at, first_chunk ? gradient : load<T>(layer.d_w + at) + gradient);
    } else {
      Vec<T> w = load<T>(layer.w + at), slot_0 = load<T>(layer.slot_w[0] + at), slot_1 = {};
      if constexpr (Rule::kSlots > 1) slot_1 = load<T>(layer.slot_w[1] + at);
      squares += w * w;
      rule.update(w, gradient + decay * w, slot_0, slot_1);
      store<T>(layer.w + at, w);
      store<T>(layer.slot_w[0] + at, slot_0);
      if constexpr (Rule::kSlots > 1) store<T>(layer.slot_w[1] + at, slot_1);
    }
  }

  template <int MR, int NV> FASTNN_INLINE void finish(Tile<T, MR, NV>& tile, ptrdiff_t r0, ptrdiff_t c0, int) {
#pragma GCC unroll 16
    for (int r = 0; r < MR; ++r)
#pragma GCC unroll 4
      for (int v = 0; v < NV; ++v)
        dispose(tile.acc[r][v], layer.i * c0 + (r0 + r) * width + v * kLanes<T>);
  }
};

template <class T, class Rule>
FASTNN_INLINE void update_bias(const Layer<T>& layer, const Rule& rule, Vec<T> gradient, ptrdiff_t c, bool first) {
  if constexpr (__is_same(Rule, AddGradient<T>)) {
    store<T>(layer.d_b + c, first ? gradient : load<T>(layer.d_b + c) + gradient);
  } else {
    Vec<T> b = load<T>(layer.b + c), slot_0 = load<T>(layer.slot_b[0] + c), slot_1 = {};
    if constexpr (Rule::kSlots > 1) slot_1 = load<T>(layer.slot_b[1] + c);
    rule.update(b, gradient, slot_0, slot_1);
    store<T>(layer.b + c, b);
    store<T>(layer.slot_b[0] + c, slot_0);
    if constexpr (Rule::kSlots > 1) store<T>(layer.slot_b[1] + c, slot_1);
  }
}

// d_b of a panel: four chains of additions hide their latency; they are joined in a fixed order.
template <class T, class Rule>
FASTNN_INLINE void bias_task(const Layer<T>& layer, const Rule& rule, ptrdiff_t c0, ptrdiff_t count, bool first) {
  for (ptrdiff_t c = c0; c < c0 + panel_width<T>(c0, layer.o); c += kLanes<T>) {
    const T* d_z = layer.d_z + c;
    Vec<T> sum[4] = {};
    ptrdiff_t r = 0;
    for (; r + 4 <= count; r += 4)
#pragma GCC unroll 4
      for (int q = 0; q < 4; ++q) sum[q] += load<T>(d_z + (r + q) * layer.stride);
    for (; r < count; ++r) sum[0] += load<T>(d_z + r * layer.stride);
    update_bias(layer, rule, (sum[0] + sum[1]) + (sum[2] + sum[3]), c, first);
  }
}

template <class T, class Rule>
FASTNN_INLINE double weight_task(const Workspace<T>& ws, const WeightTask& task, const Rule& rule, T decay,
                                 ptrdiff_t count, bool first) {
  const Layer<T>& layer = ws.layer[task.layer];
  const ptrdiff_t width = panel_width<T>(task.c0, layer.o);
  UpdateTile<T, Rule> policy{layer, rule, decay, first, width, {}};
  const PlainColumns<T> columns{layer.d_z, layer.stride, layer.padded};
  const ptrdiff_t c1 = task.c0 + width;
  if (task.layer == 0) {
    multiply<T, true>(GatheredRows<T>{ws.rows}, columns, count, policy, task.r0, task.r1, task.c0, c1);
  } else {
    const Layer<T>& below = ws.layer[task.layer - 1];
    multiply<T, true>(StridedRows<T>{below.a, below.stride}, columns, count, policy, task.r0, task.r1, task.c0, c1);
  }
  if (layer.has_bias && task.with_bias) bias_task(layer, rule, task.c0, count, first);
  if (!__is_same(Rule, AddGradient<T>) && layer.transposed) transpose_task(layer, task.c0, task.r0, task.r1);
  return double(sum_lanes<T>(policy.squares));
}

// Tasks whose middle lies in the member's share of the total cost.
template <class T>
FASTNN_INLINE bool owns(const Workspace<T>& ws, ptrdiff_t t, int member, int team) {
  const ptrdiff_t end = t + 1 < ws.tasks ? ws.task[t + 1].cost_before : ws.cost;
  return (ws.task[t].cost_before + end) / 2 * team / ws.cost == member;
}

template <class T, class Rule>
void weight_phase(const Workspace<T>& ws, const Rule& rule, double decay, ptrdiff_t count, bool first, int member,
                  int team) {
  for (ptrdiff_t t = 0; t < ws.tasks; ++t)
    if (owns(ws, t, member, team))
      ws.task_penalty[t] = weight_task(ws, ws.task[t], rule, T(decay), count, first);
}

// After the last chunk: the optimizer on the summed gradient; a gradient that is wanted itself gets its decay.
template <class T, class Rule>
FASTNN_INLINE double gradient_task(const Workspace<T>& ws, const WeightTask& task, const Rule& rule, T decay) {
  const Layer<T>& layer = ws.layer[task.layer];
  const ptrdiff_t width = panel_width<T>(task.c0, layer.o);
  UpdateTile<T, Rule> policy{layer, rule, decay, true, width, {}};
  const ptrdiff_t begin = layer.i * task.c0 + task.r0 * width, end = layer.i * task.c0 + task.r1 * width;
  for (ptrdiff_t at = begin; at < end; at += kLanes<T>) {
    const Vec<T> gradient = load<T>(layer.d_w + at);
    if constexpr (__is_same(Rule, AddGradient<T>)) {
      const Vec<T> w = load<T>(layer.w + at);
      policy.squares += w * w;
      store<T>(layer.d_w + at, gradient + decay * w);
    } else {
      policy.dispose(gradient, at);
    }
  }
  if (layer.has_bias && task.with_bias)
    for (ptrdiff_t c = task.c0; c < task.c0 + width; c += kLanes<T>)
      update_bias(layer, rule, load<T>(layer.d_b + c), c, true);
  if (!__is_same(Rule, AddGradient<T>) && layer.transposed) transpose_task(layer, task.c0, task.r0, task.r1);
  return double(sum_lanes<T>(policy.squares));
}

template <class T, class Rule>
void gradient_phase(const Workspace<T>& ws, const Rule& rule, double decay, int member, int team) {
  for (ptrdiff_t t = 0; t < ws.tasks; ++t)
    if (owns(ws, t, member, team)) ws.task_penalty[t] = gradient_task(ws, ws.task[t], rule, T(decay));
}

}  // namespace
