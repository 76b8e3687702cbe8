// fit_epoch: steps of two phases, run by every member of the team side by side.
#pragma once

#include "kernels/network/weight_phase.hpp"
#include "kernels/vector/floating_point.hpp"
#include "runtime/clock.hpp"
#include "runtime/scratch.hpp"

namespace {

template <class T> FASTNN_INLINE Workspace<T>& workspace_of(const fastnn::Epoch<T>& g) {
  const uintptr_t base = (reinterpret_cast<uintptr_t>(g.workspace) + 63) & ~uintptr_t(63);
  return *reinterpret_cast<Workspace<T>*>(base);
}

template <class T> void pack_params(const Workspace<T>& ws, const T* params) {
  pack_vector<T>(ws, params, kParams);
  for (ptrdiff_t l = 0; l < ws.layers; ++l)
    if (ws.layer[l].mirror) mirror_layer(ws.layer[l], ws.layer[l].mirror);
}

// A workspace that is not resumed arrives as it is. Tiles write whole padded rows, so only the last layer's d_z, which
// the loss writes without padding, has to be cleared.
template <class T> void epoch_prepare(void* arguments) {
  const auto& g = *static_cast<fastnn::Epoch<T>*>(arguments);
  Workspace<T>& ws = workspace_of(g);
  if (!g.resumes) {
    Arena arena{reinterpret_cast<char*>(&ws), 0};
    lay_out(arena, g);
    for (int s = 0; s < ws.slots; ++s) pack_vector<T>(ws, g.slots[s], s);
    const Layer<T>& last = ws.layer[ws.layers - 1];
    memset(last.d_z, 0, size_t(ws.room * last.stride) * sizeof(T));
  }
  if (!g.resumes || !is_packed(ws, g.params)) pack_params(ws, g.params);
  *ws.barrier = fastnn::Barrier{};
}

template <class T> bool is_finite_vector(const Workspace<T>& ws, int vector) {
  Vec<T> nothing = {};
  for (ptrdiff_t l = 0; l < ws.layers; ++l) {
    const Layer<T>& layer = ws.layer[l];
    nothing += zero_if_finite<T>(weights_of(layer, vector), weights_size(layer));
    nothing += zero_if_finite<T>(bias_of(layer, vector), layer.padded);
  }
  return sum_lanes<T>(nothing) == T(0);
}

// Nothing is written where what others would see is not finite: a loss is taken before its step, so none knows what the
// last step has done.
template <class T> void epoch_finish(void* arguments) {
  auto& g = *static_cast<fastnn::Epoch<T>*>(arguments);
  const Workspace<T>& ws = workspace_of(g);
  if (g.optimizer == fastnn::kStoreGradient) {
    unpack_vector<T>(ws, g.d_params, kGradient);
    return;
  }
  g.stopped = !is_finite(g.loss_sum + g.penalty_sum) || !is_finite_vector(ws, kParams) ||
      (ws.average >= 0 && !is_finite_vector(ws, ws.average));
  if (g.stopped) return;
  unpack_vector<T>(ws, g.params, kParams);
  if (ws.average >= 0) unpack_vector<T>(ws, g.slots[ws.average], ws.average);
}

template <class T> void discard_weights(const Workspace<T>& ws, int vector) {
  for (ptrdiff_t l = 0; l < ws.layers; ++l) {
    const Layer<T>& layer = ws.layer[l];
    fastnn_discard(weights_of(layer, vector), size_t(weights_size(layer)) * sizeof(T));
  }
}

// All that is as large as the parameters, or a batch's activations, but the optimizer's slots.
template <class T> void discard_steps(const Workspace<T>& ws) {
  discard_weights(ws, kParams);
  if (ws.average >= 0) discard_weights(ws, ws.average);
  if (!ws.direct) discard_weights(ws, kGradient);
  for (ptrdiff_t l = 0; l < ws.layers; ++l) {
    const Layer<T>& layer = ws.layer[l];
    fastnn_discard(layer.mirror, size_t(mirror_size(layer)) * sizeof(T));
    T* const of_rows[] = {layer.a, layer.d_z, layer.slope, layer.a_before};
    for (T* rows : of_rows) fastnn_discard(rows, size_t(ws.room * layer.stride) * sizeof(T));
  }
}

// What the optimizer remembers, but for the average, which was written with the parameters. When the workspace `ends`,
// memory is given back before it is needed there.
template <class T> void epoch_slots(void* arguments) {
  const auto& g = *static_cast<fastnn::Epoch<T>*>(arguments);
  const Workspace<T>& ws = workspace_of(g);
  if (g.ends) discard_steps(ws);
  for (int s = 0; s < ws.slots; ++s) {
    if (s == ws.average) continue;
    unpack_vector<T>(ws, g.slots[s], s);
    if (g.ends) discard_weights(ws, s);
  }
}

template <class T> double weight_of_batch(const fastnn::Epoch<T>& g, ptrdiff_t first, ptrdiff_t count) {
  if (!g.sample_weight) return double(count);
  double total = 0;
  for (ptrdiff_t r = first; r < first + count; ++r) total += double(g.sample_weight[row_at(g, r)]);
  return total > 0 ? total : 1;  // a batch of zero weights has zero loss and gradient
}

// One chunk: rows, barrier, weights; or strips, barrier. Member 0 adds up the loss, which nobody else touches.
template <class T, class Rule>
FASTNN_INLINE void run_chunk(fastnn::Epoch<T>& g, const Workspace<T>& ws, const Rule& rule, const Chunk<T>& chunk,
                             bool first, const Member<T>& me) {
  if (ws.by_strips) strip_phase(g, ws, chunk, first, me);
  else row_phase(g, ws, chunk, me);
  fastnn::wait(ws.barrier, me.team);
  if constexpr (!__is_same(Rule, KeepGradient<T>))
    if (ws.direct) update_phase(ws, rule, treatment_of(g, chunk.weight_total, me), chunk.count, me);
  if (!ws.direct && !ws.by_strips) add_phase(ws, chunk.count, first, me);
  if (me.index != 0) return;
  if (first) g.batch_loss = 0;
  const ptrdiff_t sums = ws.by_strips ? kStrips : ceil_div(chunk.count, ws.block);
  for (ptrdiff_t q = 0; q < sums; ++q) g.batch_loss += ws.block_loss[q];
}

// The chunks of one batch from `done` on, then, where they were only summed, the optimizer. False when the deadline
// came between two chunks: a batch of a million rows must not keep Ctrl-C waiting.
template <class T, class Rule>
FASTNN_INLINE bool run_batch(fastnn::Epoch<T>& g, const Workspace<T>& ws, const Rule& rule, ptrdiff_t first,
                             ptrdiff_t count, ptrdiff_t done, double total, int64_t step, const Member<T>& me) {
  make_mirrors(ws, me);
  for (;;) {
    const ptrdiff_t rows = count - done < ws.chunk ? count - done : ws.chunk;
    run_chunk(g, ws, rule, Chunk<T>{first + done, rows, total, step}, done == 0, me);
    done += rows;
    if (done == count) break;
    if (me.index == 0) {
      g.rows_done = done;
      g.paused = is_interrupted(me) || fastnn_seconds() > g.deadline;
    }
    fastnn::wait(ws.barrier, me.team);
    if (g.paused) return false;
  }
  if (!ws.direct) {
    if (!ws.by_strips) fastnn::wait(ws.barrier, me.team);
    if constexpr (!__is_same(Rule, KeepGradient<T>)) {
      if (g.clip_norm < __builtin_inf()) {
        clipped_phase(ws, rule, treatment_of(g, total, me), g.clip_norm, me);
        return true;
      }
    }
    finish_phase(ws, rule, treatment_of(g, total, me), me);
  }
  return true;
}

template <class T> double penalty_of(const Workspace<T>& ws) {
  double penalty = 0;
  for (ptrdiff_t t = 0; t < ws.tasks; ++t) penalty += ws.task_penalty[t];
  return penalty;
}

// Member 0 keeps the books; the others see `stopped` and `last_step` after the barrier. False: paused.
template <class T, class Rule>
FASTNN_INLINE bool run_step(fastnn::Epoch<T>& g, const Workspace<T>& ws, const Rule& rule, ptrdiff_t step,
                            ptrdiff_t done, const Member<T>& me) {
  const ptrdiff_t first = step * g.batch_size;
  const ptrdiff_t count = g.n - first < g.batch_size ? g.n - first : g.batch_size;
  const double total = weight_of_batch(g, first, count);
  if (!run_batch(g, ws, rule, first, count, done, total, g.first_step + step + 1, me)) return false;
  double loss = 0;
  if (me.index == 0) {
    loss = g.batch_loss / total;
    g.next_step = step + 1;
    g.rows_done = 0;
    const bool interrupted = is_interrupted(me);
    if (!interrupted && !is_finite(loss)) g.stopped = 1;
    const bool is_too_large = me.team > 1 && fastnn_is_crowded();
    if (g.stopped || interrupted || is_too_large || fastnn_seconds() > g.deadline) g.last_step = g.next_step;
  }
  fastnn::wait(ws.barrier, me.team);
  if (me.index == 0) {
    g.loss_sum += loss * double(count);
    g.penalty_sum += penalty_of(ws) / total * double(count);
  }
  return true;
}

template <class T> FASTNN_INLINE bool more_steps(const fastnn::Epoch<T>& g, ptrdiff_t step) {
  return step < __atomic_load_n(&g.last_step, __ATOMIC_RELAXED);
}

template <class T>
__attribute__((noinline)) void run_steps(fastnn::Epoch<T>& g, const Workspace<T>& ws, const Member<T>& me) {
  const FlushSubnormals flush;
  ptrdiff_t done = g.rows_done;
  bool running = true;
  for (ptrdiff_t step = g.next_step; running && more_steps(g, step); ++step, done = 0) {
    const auto run = [&](const auto& rule) { running = run_step(g, ws, rule, step, done, me); };
    if (g.optimizer == fastnn::kStoreGradient) run(KeepGradient<T>{});
    else with_rule<T>(g.optimizer, g.hyper, g.learning_rates[step], g.first_step + step + 1, run);
  }
}

template <class T>
__attribute__((noinline)) void run_as_worker(fastnn::Epoch<T>& g, const Workspace<T>& ws, int member, int team) {
  alignas(64) T mirrors[kMirrorBytes / sizeof(T)];
  run_steps(g, ws, Member<T>{member, team, mirrors, g.interrupted});
}

template <class T> void epoch_run(void* arguments, int member, int team) {
  auto& g = *static_cast<fastnn::Epoch<T>*>(arguments);
  const Workspace<T>& ws = workspace_of(g);
  if (member == 0) run_steps(g, ws, Member<T>{member, team, ws.mirrors, g.interrupted});
  else run_as_worker(g, ws, member, team);
}

}  // namespace
