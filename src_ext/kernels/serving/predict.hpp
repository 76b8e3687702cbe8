// The answers of a frozen predictor: blocks of rows through all layers, so that activations stay in cache.
#pragma once

#include "kernels/serving/answers.hpp"
#include "kernels/serving/scaling.hpp"
#include "kernels/serving/zeros.hpp"
#include "kernels/vector/flat.hpp"

namespace {

constexpr ptrdiff_t kServedRows = 8 * kTileRows;  // at most, of a block

// What a member of the team works with, for blocks of so many rows; `size` elements.
template <class T> struct PredictScratch {
  T *scaled, *buffers[2], *z;
  int32_t* places;
  ptrdiff_t size;
};

template <class T> PredictScratch<T> scratch_of(const fastnn::FrozenNetwork<T>& p, T* base, ptrdiff_t rows) {
  const fastnn::NetworkShape& shape = p.shape;
  ptrdiff_t widest = 0, most_inputs = 0;
  for (ptrdiff_t l = 0; l < shape.layers; ++l) {
    if (l > 0 && shape.widths[l] > widest) widest = shape.widths[l];
    if (shape.widths[l] > most_inputs) most_inputs = shape.widths[l];
  }
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
  return s;
}

inline ptrdiff_t served_rows(ptrdiff_t n) { return n < 1 ? 1 : n < kServedRows ? n : kServedRows; }

template <class T> ptrdiff_t predict_scratch(const void* arguments) {
  const auto& g = *static_cast<const fastnn::Prediction<T>*>(arguments);
  const auto& p = *static_cast<const fastnn::FrozenNetwork<T>*>(g.predictor);
  return scratch_of<T>(p, nullptr, served_rows(g.n)).size;
}

// Multiply-adds of a row.
inline ptrdiff_t work_of_row(const fastnn::NetworkShape& shape) {
  ptrdiff_t work = 0;
  for (ptrdiff_t l = 0; l < shape.layers; ++l) work += (shape.widths[l] + kFunctionWork) * shape.widths[l + 1];
  return work;
}

// A layer's activation over n rows that lie `stride` apart, in place.
template <class T>
FASTNN_INLINE void activate_rows(const fastnn::FrozenNetwork<T>& p, const fastnn::Activation& activation, T* a, ptrdiff_t n,
                                 ptrdiff_t o, ptrdiff_t stride) {
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
    else rows_through_layer<T>(g, n);
    activate_rows(p, shape.activations[l], a, n, layer.o, columns);
    x = a;
    stride = columns;
    at += packed_layer_size<T>(layer.i, layer.o);
  }
}

template <class T>
void predict_block(const fastnn::FrozenNetwork<T>& p, const PredictScratch<T>& s, const T* x, T* out, ptrdiff_t n) {
  if (p.answer != fastnn::kOnesAnswer) {
    if (p.step_count) {
      scale_rows(p, x, s.scaled, n);
      x = s.scaled;
    }
    through_layers<T>(p, s, x, p.answer == fastnn::kValuesAnswer ? out : s.z, n);
  }
  answer_rows<T>(p, s.z, out, n);
}

template <class T> void predict(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::Prediction<T>*>(arguments);
  const auto& p = *static_cast<const fastnn::FrozenNetwork<T>*>(g.predictor);
  const ptrdiff_t rows = served_rows(g.n), blocks = ceil_div(g.n, rows), i = p.shape.widths[0];
  PredictScratch<T> s = scratch_of<T>(p, g.scratch, rows);
  if (member > 0) s = scratch_of<T>(p, g.scratch + member * s.size, rows);
  Meter meter;
  for (;;) {
    const ptrdiff_t block = __atomic_fetch_add(g.claimed, 1, __ATOMIC_RELAXED);
    if (block == blocks + team - 1) __atomic_store_n(g.claimed, 0, __ATOMIC_RELAXED);  // nobody comes after
    if (block >= blocks) return;
    const ptrdiff_t r0 = block * rows, count = g.n - r0 < rows ? g.n - r0 : rows;
    const T* x = g.x + r0 * i;
    if (g.infinite && !(sum_lanes<T>(zero_if_finite<T>(x, count * i)) == T(0)))
      __atomic_store_n(g.infinite, 1, __ATOMIC_RELAXED);
    predict_block<T>(p, s, x, g.out + r0 * p.columns, count);
    if (blocks > 1 && meter.stops(count * work_of_row(p.shape))) return;
  }
}

}  // namespace
