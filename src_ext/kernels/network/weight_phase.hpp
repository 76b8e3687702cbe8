// Phase 2 of a training step: members of the team own tiles of weights. The d_w of a task (8x32 or 16x32 floats with
// AVX-512) is summed over the chunk's rows in registers, put down in a buffer that stays in L1, and handed to the
// optimizer there and then; no gradient is stored, and the sum's order knows no threads. Where a batch has several
// chunks, or the gradient itself is wanted, tasks are added to d_w instead; by strips (workspace.hpp) by who has run
// the rows.
#pragma once

#include "kernels/network/row_phase.hpp"
#include "kernels/elementwise/clip.hpp"
#include "kernels/elementwise/optimizer.hpp"

namespace {

// The "optimizer" of a gradient that is wanted itself.
template <class T> struct KeepGradient {};

// A piece of the vectors that run parallel to the parameters, whole vectors long.
template <class T> struct Piece {
  T *w, *slot[fastnn::kMaxRuleSlots], *average, *gradient;
  ptrdiff_t count;
};

// What a batch does to a raw gradient before the rule sees it, and to the parameters' average after it.
template <class T> struct Treatment {
  double alpha, l1;  // the penalty is (alpha / 2 * sum of w^2 + l1 * sum of |w|) / weight of the batch
  T decay, sign;     // alpha and l1 over that weight
  T limit;           // of each component of the gradient; infinite where there is none
  T rest;            // how far the average moves to the parameters; 0 where there is none
  bool corrects;     // more than decay, which the rule's own pass adds
  bool is_shared;    // other members read the weights

  // The same for b, which no penalty reaches.
  Treatment of_bias() const { return {0, 0, T(0), T(0), limit, rest, corrects, is_shared}; }
};

template <class T> Treatment<T> treatment_of(const fastnn::Epoch<T>& g, double total, const Member<T>& me) {
  const bool corrects = g.l1 > 0 || g.clip_value < __builtin_inf() || g.clip_norm < __builtin_inf();
  const T rest = g.ema < 0 ? T(0) : T(1 - g.ema);
  return {g.alpha, g.l1, T(g.alpha / total), T(g.l1 / total), T(g.clip_value), rest, corrects, me.team > 1};
}

// Penalty of the piece's weights, and the squares of its gradient.
struct PieceSums {
  double penalty, squares;
};

// gradient = clipped(gradient + decay * w + sign * sign(w)), in place.
template <class T> PieceSums correct_piece(const Piece<T>& p, const Treatment<T>& t) {
  const Vec<T> zero = {}, sign = splat<T>(t.sign);
  Vec<T> squares = {}, magnitudes = {};
  Wide<T> norm = {};
  for (ptrdiff_t at = 0; at < p.count; at += kLanes<T>) {
    const Vec<T> w = load<T>(p.w + at);
    Vec<T> gradient = load<T>(p.gradient + at) + t.decay * w + (w > zero ? sign : w < zero ? -sign : zero);
    gradient = clip<T>(gradient, t.limit);
    store<T>(p.gradient + at, gradient);
    squares += w * w;
    magnitudes += absolute<T>(w);
    add(norm, square(widen(gradient)));
  }
  const double ridge = t.alpha > 0 ? 0.5 * t.alpha * double(sum_lanes<T>(squares)) : 0;
  return {ridge + (t.l1 > 0 ? t.l1 * double(sum_lanes<T>(magnitudes)) : 0), sum_wide(norm)};
}

template <class T> void average_piece(const Piece<T>& p, T* average, T rest) {
  for (ptrdiff_t at = 0; at < p.count; at += kLanes<T>)
    store<T>(average + at, averaged<T>(load<T>(average + at), load<T>(p.w + at), rest));
}

// Applies the rule to w, with d_w = gradient + decay * w; returns the sum of w * w before.
//
// A store to a cache line that another core has read takes about 20 cycles, in which those behind it wait. So shared
// weights are stored last, all at once: they leave the store buffer during the next task's products (an epoch of
// 64-64-64-10 on two cores: 641 to 606 us).
template <class T, class Rule>
FASTNN_INLINE double apply_rule(const Piece<T>& p, const Rule& rule, T decay, bool is_shared) {
  Vec<T> squares = {};
  T* const out = is_shared ? p.gradient : p.w;
  for (ptrdiff_t at = 0; at < p.count; at += kLanes<T>) {
    Vec<T> w = load<T>(p.w + at);
    const Vec<T> gradient = load<T>(p.gradient + at) + decay * w;
    squares += w * w;
    if constexpr (__is_same(Rule, KeepGradient<T>)) {
      store<T>(p.gradient + at, gradient);
    } else {
      Vec<T> slot[Rule::kSlots];
#pragma GCC unroll 4
      for (int k = 0; k < Rule::kSlots; ++k) slot[k] = load<T>(p.slot[k] + at);
      rule.update(w, gradient, slot);
      store<T>(out + at, w);
#pragma GCC unroll 4
      for (int k = 0; k < Rule::kSlots; ++k) store<T>(p.slot[k] + at, slot[k]);
    }
  }
  if (out != p.w && !__is_same(Rule, KeepGradient<T>))
    for (ptrdiff_t at = 0; at < p.count; at += kLanes<T>) store<T>(p.w + at, load<T>(out + at));
  return double(sum_lanes<T>(squares));
}

// Correction, rule and average; returns the penalty of the weights before.
template <class T, class Rule>
FASTNN_INLINE double update_piece(const Piece<T>& p, const Rule& rule, const Treatment<T>& t) {
  const double corrected = t.corrects ? correct_piece(p, t).penalty : 0;
  const double squares = apply_rule(p, rule, t.corrects ? T(0) : t.decay, t.is_shared);
  if (t.rest != T(0)) average_piece(p, p.average, t.rest);
  if (t.corrects) return corrected;
  return t.alpha > 0 ? 0.5 * t.alpha * squares : 0;
}

// The same where it is not the inner loop of a step: compiled once for each rule.
template <class T, class Rule>
__attribute__((noinline)) double update_piece_apart(const Piece<T>& p, const Rule& rule, const Treatment<T>& t) {
  return update_piece(p, rule, t);
}

// What lies from `at` on, `count` long, in vectors that begin where w and slots do.
template <class T>
FASTNN_INLINE Piece<T> piece_at(T* w, T* const* slots, int average, T* gradient, ptrdiff_t at, ptrdiff_t count) {
  Piece<T> piece{w + at, {}, average < 0 ? nullptr : slots[average] + at, gradient, count};
#pragma GCC unroll 4
  for (int k = 0; k < fastnn::kMaxRuleSlots; ++k) piece.slot[k] = slots[k] + at;
  return piece;
}

// The task's weights, and the task's part of b; gradients from d_w and d_b where they are not given.
template <class T>
FASTNN_INLINE Piece<T> weights_piece(const Layer<T>& layer, const WeightTask& task, int average, T* gradient) {
  const ptrdiff_t width = panel_width<T>(task.c0, layer.columns), at = layer.rows * task.c0 + task.r0 * width;
  return piece_at(layer.w, layer.slot_w, average, gradient ? gradient : layer.d_w + at, at,
                  (task.r1 - task.r0) * width);
}

template <class T>
FASTNN_INLINE Piece<T> bias_piece(const Layer<T>& layer, const WeightTask& task, int average, T* gradient) {
  const ptrdiff_t at = task.b0;
  return piece_at(layer.b, layer.slot_b, average, gradient ? gradient : layer.d_b + at, at, task.b1 - at);
}

// Some of the rows in memory, and whose sum their gradient goes to.
struct SumRows {
  ptrdiff_t first, count;
  ptrdiff_t strip = 0;
};

// d_w of the task over some rows, stored to `out` or added to it; rows of `out` are as wide as the panel.
template <class T>
FASTNN_INLINE void sum_weights(const Workspace<T>& ws, const WeightTask& task, const SumRows& rows, T* out, bool add) {
  const Layer<T>& layer = ws.layer[task.layer];
  const ptrdiff_t width = panel_width<T>(task.c0, layer.columns), c1 = task.c0 + width;
  SumTile<T> policy{out, width, add, task.r0, task.c0};
  const T* d_z = layer.d_z + rows.first * layer.stride;
  if (task.layer == 0 && ws.entries.ends) {
    sum_sparse(entries_of(ws, rows.strip), layer, task, d_z, out, add);
    return;
  }
  const auto sum = [&](const auto& left, const T* right, ptrdiff_t stride) {
    multiply<T, true>(left, PlainColumns<T>{right, stride}, rows.count, policy, task.r0, task.r1, task.c0, c1);
  };
  if (task.layer == 0) return sum(GatheredRows<T>{ws.rows + rows.first}, d_z, layer.stride);
  const Layer<T>& below = ws.layer[task.layer - 1];
  const T* a = below.a + rows.first * below.stride;
  if (layer.turned) sum(StridedRows<T>{d_z, layer.stride}, a, below.stride);
  else sum(StridedRows<T>{a, below.stride}, d_z, layer.stride);
}

// d_b of a last layer with one output.
template <class T> FASTNN_INLINE Vec<T> sum_single_bias(const T* d_z, ptrdiff_t count) {
  Vec<T> sum = {}, total = {};
  for_vectors<T>(count,
                 [&](ptrdiff_t r, int lanes) __attribute__((always_inline)) { sum += load_lanes<T>(d_z + r, lanes); });
  total[0] = sum_lanes<T>(sum);
  return total;
}

// d_b of a vector of outputs: four chains of additions hide their latency; they are joined in a fixed order.
template <class T> FASTNN_INLINE Vec<T> sum_bias_vector(const T* d_z, ptrdiff_t stride, ptrdiff_t count) {
  Vec<T> sum[4] = {};
  ptrdiff_t r = 0;
  for (; r + 4 <= count; r += 4)
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) sum[q] += load<T>(d_z + (r + q) * stride);
  for (; r < count; ++r) sum[0] += load<T>(d_z + r * stride);
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

// d_b of the task over some rows, stored to `out` or added to it.
template <class T>
FASTNN_INLINE void sum_bias(const Layer<T>& layer, const WeightTask& task, const SumRows& rows, T* out, bool add) {
  for (ptrdiff_t c = task.b0; c < task.b1; c += kLanes<T>, out += kLanes<T>) {
    const T* d_z = layer.d_z + rows.first * layer.stride + c;
    const ptrdiff_t n = rows.count;
    const Vec<T> total = layer.single ? sum_single_bias(d_z, n) : sum_bias_vector(d_z, layer.stride, n);
    store<T>(out, add ? load<T>(out) + total : total);
  }
}

FASTNN_INLINE bool has_bias(const WeightTask& task) { return task.b1 > task.b0; }

template <class T> FASTNN_INLINE void mirror_task(const Layer<T>& layer, const WeightTask& task) {
  if (layer.mirror) mirror_rows(layer, layer.mirror, task.c0, task.r0, task.r1);
}

// Gradient and update of one task.
template <class T, class Rule>
FASTNN_INLINE double update_task(const Workspace<T>& ws, const WeightTask& task, const Rule& rule,
                                 const Treatment<T>& treatment, ptrdiff_t count) {
  const Layer<T>& layer = ws.layer[task.layer];
  alignas(64) T d_w[group_rows<T>() * kPanel<T>];
  alignas(64) T d_b[kPanel<T>];
  sum_weights(ws, task, {0, count}, d_w, false);
  const double penalty = update_piece(weights_piece(layer, task, ws.average, d_w), rule, treatment);
  if (has_bias(task)) {
    sum_bias(layer, task, {0, count}, d_b, false);
    update_piece_apart(bias_piece(layer, task, ws.average, d_b), rule, treatment.of_bias());
  }
  mirror_task(layer, task);
  return penalty;
}

// Gradient of one task over some of a batch's rows, stored or added.
template <class T>
FASTNN_INLINE void add_task(const Workspace<T>& ws, const WeightTask& task, const SumRows& rows, bool add) {
  const Layer<T>& layer = ws.layer[task.layer];
  T* d_w = weights_piece<T>(layer, task, ws.average, nullptr).gradient + rows.strip * weights_size(layer);
  sum_weights(ws, task, rows, d_w, add);
  if (has_bias(task)) sum_bias(layer, task, rows, layer.d_b + rows.strip * layer.padded + task.b0, add);
}

template <class T> void add_strips(const Piece<T>& p, ptrdiff_t size) {
  for (ptrdiff_t at = 0; at < p.count; at += kLanes<T>) {
    Vec<T> sum = load<T>(p.gradient + at);
    for (ptrdiff_t q = 1; q < kStrips; ++q) sum += load<T>(p.gradient + q * size + at);
    store<T>(p.gradient + at, sum);
  }
}

// The task's gradient as one sum.
template <class T> FASTNN_INLINE void join_strips(const Workspace<T>& ws, const WeightTask& task) {
  if (!ws.by_strips) return;
  const Layer<T>& layer = ws.layer[task.layer];
  add_strips(weights_piece<T>(layer, task, ws.average, nullptr), weights_size(layer));
  if (has_bias(task)) add_strips(bias_piece<T>(layer, task, ws.average, nullptr), layer.padded);
}

// Update from the summed gradient; a gradient that is wanted itself gets its decay.
template <class T, class Rule>
FASTNN_INLINE double finish_task(const Workspace<T>& ws, const WeightTask& task, const Rule& rule,
                                 const Treatment<T>& treatment) {
  const Layer<T>& layer = ws.layer[task.layer];
  join_strips(ws, task);
  const double penalty = update_piece_apart(weights_piece<T>(layer, task, ws.average, nullptr), rule, treatment);
  if (has_bias(task)) update_piece_apart(bias_piece<T>(layer, task, ws.average, nullptr), rule, treatment.of_bias());
  if (!__is_same(Rule, KeepGradient<T>)) mirror_task(layer, task);
  return penalty;
}

// Corrects the summed gradient of one task, for the norm of all of them.
template <class T> void correct_task(const Workspace<T>& ws, ptrdiff_t t, const Treatment<T>& treatment) {
  const WeightTask& task = ws.task[t];
  const Layer<T>& layer = ws.layer[task.layer];
  join_strips(ws, task);
  const PieceSums sums = correct_piece(weights_piece<T>(layer, task, ws.average, nullptr), treatment);
  ws.task_penalty[t] = sums.penalty;
  ws.task_squares[t] = sums.squares;
  if (has_bias(task))
    ws.task_squares[t] += correct_piece(bias_piece<T>(layer, task, ws.average, nullptr), treatment.of_bias()).squares;
}

// What brings the gradient's norm down to the limit, the same number in every member.
template <class T> T factor_of_norm(const Workspace<T>& ws, double limit) {
  double squares = 0;
  for (ptrdiff_t t = 0; t < ws.tasks; ++t) squares += ws.task_squares[t];
  const double norm = scalar_sqrt(squares);
  return norm > limit ? T(limit / norm) : T(1);
}

template <class T, class Rule>
void scaled_piece(const Piece<T>& p, const Rule& rule, const Treatment<T>& treatment, T factor) {
  for (ptrdiff_t at = 0; at < p.count; at += kLanes<T>) store<T>(p.gradient + at, load<T>(p.gradient + at) * factor);
  update_piece_apart(p, rule, treatment);
}

// Update from a gradient that is corrected but for the factor of its norm.
template <class T, class Rule>
void scaled_task(const Workspace<T>& ws, const WeightTask& task, const Rule& rule, const Treatment<T>& t, T factor) {
  const Layer<T>& layer = ws.layer[task.layer];
  const Treatment<T> only_average = {0, 0, T(0), T(0), T(0), t.rest, false, t.is_shared};
  scaled_piece(weights_piece<T>(layer, task, ws.average, nullptr), rule, only_average, factor);
  if (has_bias(task)) scaled_piece(bias_piece<T>(layer, task, ws.average, nullptr), rule, only_average, factor);
  mirror_task(layer, task);
}

// Tasks whose middle lies in the member's share of the total cost.
template <class T>
FASTNN_INLINE bool owns(const Workspace<T>& ws, ptrdiff_t t, const Member<T>& me) {
  const ptrdiff_t end = t + 1 < ws.tasks ? ws.task[t + 1].cost_before : ws.cost;
  return (ws.task[t].cost_before + end) / 2 * me.team / ws.cost == me.index;
}

// run(t) for the member's tasks, each of which is done as a whole; `depth` is what an element of it costs.
template <class T, class Run>
FASTNN_INLINE void for_tasks(const Workspace<T>& ws, ptrdiff_t depth, const Member<T>& me, const Run& run) {
  if (is_interrupted(me)) return;
  Meter meter;
  for (ptrdiff_t t = 0; t < ws.tasks; ++t) {
    if (!owns(ws, t, me)) continue;
    run(t);
    if (meter.stops((ws.task[t].r1 - ws.task[t].r0) * kPanel<T> * depth)) return;
  }
}

template <class T, class Rule>
void update_phase(const Workspace<T>& ws, const Rule& rule, const Treatment<T>& treatment, ptrdiff_t count,
                  const Member<T>& me) {
  for_tasks(ws, count, me, [&](ptrdiff_t t) __attribute__((always_inline)) {
    ws.task_penalty[t] = update_task(ws, ws.task[t], rule, treatment, count);
  });
}

template <class T> void add_phase(const Workspace<T>& ws, ptrdiff_t count, bool first, const Member<T>& me) {
  for_tasks(ws, count, me,
            [&](ptrdiff_t t) __attribute__((always_inline)) { add_task(ws, ws.task[t], {0, count}, !first); });
}

template <class T> void clear_strip(const Workspace<T>& ws, ptrdiff_t strip) {
  for (ptrdiff_t l = 0; l < ws.layers; ++l) {
    const Layer<T>& layer = ws.layer[l];
    memset(layer.d_w + strip * weights_size(layer), 0, size_t(weights_size(layer)) * sizeof(T));
    memset(layer.d_b + strip * layer.padded, 0, size_t(layer.padded) * sizeof(T));
  }
}

// A strip of the chunk's rows, block by block in the strip's own memory for activations.
template <class T>
void run_strip(const fastnn::Epoch<T>& g, const Workspace<T>& ws, const Chunk<T>& chunk, ptrdiff_t strip,
               const Member<T>& me) {
  const auto rows = fastnn::share_of(chunk.count, ws.block, strip, kStrips);
  const ptrdiff_t at = strip * ws.block;  // where its activations lie
  double loss = 0;
  for (ptrdiff_t r0 = rows.begin; r0 < rows.end; r0 += ws.block) {
    const ptrdiff_t count = rows.end - r0 < ws.block ? rows.end - r0 : ws.block;
    const Chunk<T> block{chunk.first + r0 - at, at + count, chunk.weight_total, chunk.step};
    if (!g.x) turn_sparse(g, ws, chunk.step, strip, chunk.first + r0, count);
    train_rows(g, ws, block, me, at, at + count);
    for (ptrdiff_t t = 0; t < ws.tasks; ++t) add_task(ws, ws.task[t], {at, count, strip}, true);
    loss += ws.block_loss[strip];
  }
  ws.block_loss[strip] = loss;
}

// Both phases at once, for the member's strips.
template <class T>
void strip_phase(const fastnn::Epoch<T>& g, const Workspace<T>& ws, const Chunk<T>& chunk, bool first,
                 const Member<T>& me) {
  const auto strips = fastnn::share_of(kStrips, 1, me.index, me.team);
  for (ptrdiff_t q = strips.begin; q < strips.end; ++q) {
    if (is_interrupted(me)) return;
    if (first) clear_strip(ws, q);
    run_strip(g, ws, chunk, q, me);
  }
}

template <class T, class Rule>
void finish_phase(const Workspace<T>& ws, const Rule& rule, const Treatment<T>& treatment, const Member<T>& me) {
  for_tasks(ws, kFunctionWork, me, [&](ptrdiff_t t) __attribute__((always_inline)) {
    ws.task_penalty[t] = finish_task(ws, ws.task[t], rule, treatment);
  });
}

// As finish_phase, with the gradient as a whole no longer than the limit.
template <class T, class Rule>
void clipped_phase(const Workspace<T>& ws, const Rule& rule, const Treatment<T>& treatment, double limit,
                   const Member<T>& me) {
  for_tasks(ws, kFunctionWork, me, [&](ptrdiff_t t) __attribute__((always_inline)) { correct_task(ws, t, treatment); });
  fastnn::wait(ws.barrier, me.team);
  const T factor = factor_of_norm(ws, limit);
  for_tasks(ws, kFunctionWork, me,
            [&](ptrdiff_t t) __attribute__((always_inline)) { scaled_task(ws, ws.task[t], rule, treatment, factor); });
}

}  // namespace
