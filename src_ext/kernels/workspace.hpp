// Everything that training keeps beside the user's arrays: packed weights and optimizer state, the activations of one
// chunk of rows, and the list of weight tasks, in one block of memory whose size is known before it is allocated.
//
// Weights lie in panels (gemm.hpp), padded with zeros to whole vectors. The padding stays zero by itself: padded
// columns have zero d_z, so zero gradient, and every optimizer maps (0, gradient 0) to 0.
#pragma once

#include "kernels/dense.hpp"
#include "runtime/barrier.hpp"

namespace {

template <class T> struct Layer {
  ptrdiff_t i, o;
  ptrdiff_t padded;  // o rounded up to whole vectors: the columns of packed weights and of b
  ptrdiff_t stride;  // from row to row of a, slope and d_z
  int64_t activation;
  double dropout;  // rate on its outputs
  bool has_bias;
  T *w, *b;
  T *slot_w[fastnn::kMaxSlots], *slot_b[fastnn::kMaxSlots];
  T *d_w, *d_b;    // only where gradients are summed over chunks
  T* transposed;   // w.T packed, for d_x; null in the first layer
  T *a, *slope, *d_z;  // slope: null where it is read off a (identity, relu) or the activation works by row
  T* a_before;         // before dropout; only where the activation works by row
};

// Some rows of one panel of one layer's weights: what a member of the team updates at a time.
struct WeightTask {
  int layer;
  bool with_bias;
  ptrdiff_t c0, r0, r1;
  ptrdiff_t cost_before;
};

template <class T> struct Workspace {
  ptrdiff_t layers, chunk, block, stretch, tasks, cost;  // rows: see block_rows and stretch_rows
  bool direct;  // a batch is one chunk: the d_w tile updates the weights there and then
  int slots, average;  // average: the slot of the parameters' average, or -1
  Layer<T>* layer;
  WeightTask* task;
  const T** rows;       // the chunk's rows of x
  double* block_loss;   // one sum for each block of the chunk
  double* task_penalty; // of its weights, one for each task; to be divided by the batch's weight
  double* task_squares; // sum of the squared gradient, one for each task
  T* x_kept;            // the chunk's rows after dropout on the inputs; null without it
  // Of sparse x: the chunk by columns. Those of column k end at ends[k] and begin where column k - 1 ends.
  ptrdiff_t* ends;
  int32_t* entry_row;
  T* entry_value;
  fastnn::Barrier* barrier;
};

// The row of x at a position of the epoch.
template <class T> FASTNN_INLINE ptrdiff_t row_at(const fastnn::Epoch<T>& g, ptrdiff_t position) {
  return g.order ? ptrdiff_t(g.order[position]) : position;
}

// Hands out pieces of one block; with a null base it only adds up their sizes.
struct Arena {
  char* base;
  size_t used;
  template <class E> E* take(ptrdiff_t count) {
    used = (used + 63) & ~size_t(63);
    E* piece = base ? reinterpret_cast<E*>(base + used) : nullptr;
    used += size_t(count) * sizeof(E);
    return piece;
  }
};

constexpr ptrdiff_t kMaxChunk = 1024;
constexpr ptrdiff_t kBlockBytes = 192 * 1024;  // activations of a block: a fraction of the smallest usual L2
constexpr ptrdiff_t kCachedWeightBytes = 512 * 1024;
constexpr ptrdiff_t kStretchRows = 128;

// Rows of a group of weight rows: whole tiles and whole square transposes.
template <class T> constexpr ptrdiff_t group_rows() {
  ptrdiff_t rows = kTileRows;
  while (rows % kLanes<T> != 0) rows += kTileRows;
  return rows;
}

inline ptrdiff_t ceil_div(ptrdiff_t a, ptrdiff_t b) { return (a + b - 1) / b; }

// Rows whose loss is one sum, the least that a member of the team takes.
template <class T> ptrdiff_t block_rows(const fastnn::NetworkShape& shape, ptrdiff_t chunk) {
  ptrdiff_t row_bytes = 0;
  for (ptrdiff_t l = 1; l <= shape.layers; ++l) row_bytes += 3 * round_up<T>(shape.widths[l]) * ptrdiff_t(sizeof(T));
  const ptrdiff_t smallest = 2 * kTileRows;
  const ptrdiff_t cached = kBlockBytes / row_bytes / smallest * smallest;
  const ptrdiff_t shared = ceil_div(ceil_div(chunk, 8), smallest) * smallest;  // a team of 8 finds work
  const ptrdiff_t rows = cached < shared ? cached : shared;
  return rows > smallest ? rows : smallest;
}

// Rows that a member takes through all layers at once: several blocks where the weights, which every stretch reads anew,
// do not fit L2 (784-1024-1024-10 in float64: 128 ms a step by blocks of 16 rows, 104 ms by stretches of 128).
template <class T> ptrdiff_t stretch_rows(const fastnn::NetworkShape& shape, ptrdiff_t block) {
  ptrdiff_t weights = 0;
  for (ptrdiff_t l = 0; l < shape.layers; ++l) weights += packed_size<T>(shape.widths[l], shape.widths[l + 1]);
  const bool are_cached = weights * ptrdiff_t(sizeof(T)) <= kCachedWeightBytes;
  return are_cached || block >= kStretchRows ? block : kStretchRows / block * block;
}

// A power of two between rows would put a column of d_w's left operand into very few cache sets (1024 floats: one L1
// set for all rows): then a cache line more.
template <class T> ptrdiff_t row_stride(ptrdiff_t padded) {
  const ptrdiff_t line = 64 / ptrdiff_t(sizeof(T));
  return padded % (8 * line) == 0 ? padded + line : padded;
}

template <class T> bool needs_slope(const Layer<T>& layer) {
  return layer.dropout > 0 || !(is_fused(layer.activation) || is_row_function(layer.activation));
}

template <class T> void lay_out_layer(Arena& arena, Layer<T>& layer, const Workspace<T>& ws, bool first) {
  const ptrdiff_t packed = packed_size<T>(layer.i, layer.o);
  layer.w = arena.take<T>(packed);
  layer.b = arena.take<T>(layer.padded);
  for (int s = 0; s < ws.slots; ++s) {
    layer.slot_w[s] = arena.take<T>(packed);
    layer.slot_b[s] = arena.take<T>(layer.padded);
  }
  layer.d_w = ws.direct ? nullptr : arena.take<T>(packed);
  layer.d_b = ws.direct ? nullptr : arena.take<T>(layer.padded);
  layer.transposed = first ? nullptr : arena.take<T>(packed_size<T>(layer.o, layer.i));
  layer.a = arena.take<T>(ws.chunk * layer.stride);
  layer.d_z = arena.take<T>(ws.chunk * layer.stride);
  layer.slope = needs_slope<T>(layer) ? arena.take<T>(ws.chunk * layer.stride) : nullptr;
  const bool by_row = layer.dropout > 0 && is_row_function(layer.activation);
  layer.a_before = by_row ? arena.take<T>(ws.chunk * layer.stride) : nullptr;
}

// Fills the task list (or only counts it) for one layer; the bias goes with the last group of a panel's rows.
template <class T> void add_tasks(Workspace<T>& ws, const Layer<T>& layer, int index) {
  const ptrdiff_t group = group_rows<T>(), groups = layer.i > 0 ? ceil_div(layer.i, group) : 1;
  for (ptrdiff_t c0 = 0; c0 < layer.o; c0 += kPanel<T>) {
    for (ptrdiff_t q = 0; q < groups; ++q) {
      const ptrdiff_t r0 = q * group, r1 = r0 + group < layer.i ? r0 + group : layer.i;
      if (ws.task) ws.task[ws.tasks] = {index, q + 1 == groups, c0, r0, r1, ws.cost};
      ws.cost += (r1 - r0 + 2) * panel_width<T>(c0, layer.o);
      ++ws.tasks;
    }
  }
}

template <class T> void add_all_tasks(Workspace<T>& ws, const fastnn::NetworkShape& shape) {
  ws.tasks = ws.cost = 0;
  for (ptrdiff_t l = 0; l < shape.layers; ++l) {
    Layer<T> layer = {};
    layer.i = shape.widths[l];
    layer.o = shape.widths[l + 1];
    add_tasks(ws, layer, int(l));
  }
}

// The rate on the inputs of layer l; a gradient by itself is of the network without dropout.
template <class T> double dropout_of(const fastnn::Epoch<T>& g, ptrdiff_t l) {
  return l < g.shape.layers && g.optimizer != fastnn::kStoreGradient ? g.shape.dropout[l] : 0;
}

template <class T> Workspace<T>* lay_out(Arena& arena, const fastnn::Epoch<T>& g) {
  Workspace<T>* stored = arena.take<Workspace<T>>(1);
  Workspace<T> ws = {};
  const fastnn::NetworkShape& shape = g.shape;
  const ptrdiff_t batch = g.batch_size < g.n ? g.batch_size : g.n;
  ws.layers = shape.layers;
  ws.chunk = batch < kMaxChunk ? batch : kMaxChunk;
  ws.block = block_rows<T>(shape, ws.chunk);
  ws.stretch = stretch_rows<T>(shape, ws.block);
  const bool as_a_whole = g.optimizer == fastnn::kStoreGradient || g.clip_norm < __builtin_inf();
  ws.direct = batch <= kMaxChunk && !as_a_whole;
  ws.slots = fastnn::slots_of(g.optimizer);
  ws.average = g.ema < 0 ? -1 : ws.slots++;
  add_all_tasks(ws, shape);
  ws.layer = arena.take<Layer<T>>(shape.layers);
  ws.task = arena.take<WeightTask>(ws.tasks);
  ws.rows = arena.take<const T*>(ws.chunk);
  ws.block_loss = arena.take<double>(ceil_div(ws.chunk, ws.block) + 1);
  ws.task_penalty = arena.take<double>(ws.tasks);
  ws.task_squares = arena.take<double>(ws.tasks);
  const bool copies = g.x && dropout_of(g, 0) > 0;
  ws.x_kept = copies ? arena.take<T>(ws.chunk * shape.widths[0]) : nullptr;
  const ptrdiff_t entries = g.x ? 0 : ws.chunk * g.longest_row;
  ws.ends = g.x ? nullptr : arena.take<ptrdiff_t>(shape.widths[0] + 1);
  ws.entry_row = arena.take<int32_t>(entries);
  ws.entry_value = arena.take<T>(entries);
  ws.barrier = arena.take<fastnn::Barrier>(1);
  if (ws.task) add_all_tasks(ws, shape);
  for (ptrdiff_t l = 0; l < shape.layers; ++l) {
    Layer<T> layer = {};
    layer.i = shape.widths[l];
    layer.o = shape.widths[l + 1];
    layer.padded = round_up<T>(layer.o);
    layer.stride = row_stride<T>(layer.padded);
    layer.activation = shape.activations[l];
    layer.dropout = dropout_of(g, l + 1);
    layer.has_bias = shape.has_bias[l] != 0;
    lay_out_layer(arena, layer, ws, l == 0);
    if (ws.layer) ws.layer[l] = layer;
  }
  if (stored) *stored = ws;
  return stored;
}

template <class T> size_t epoch_workspace(const void* arguments) {
  Arena arena{nullptr, 0};
  lay_out(arena, *static_cast<const fastnn::Epoch<T>*>(arguments));
  return arena.used + 64;
}

// --- flat parameters <-> panels --------------------------------------------------------------------------------------

template <class T> void pack_columns(const T* w, ptrdiff_t i, ptrdiff_t o, T* packed) {
  for (ptrdiff_t c0 = 0; c0 < o; c0 += kPanel<T>) {
    const ptrdiff_t width = panel_width<T>(c0, o), columns = o - c0 < width ? o - c0 : width;
    for (ptrdiff_t k = 0; k < i; ++k) {
      T* row = packed + i * c0 + k * width;
      memcpy(row, w + k * o + c0, size_t(columns) * sizeof(T));
      memset(row + columns, 0, size_t(width - columns) * sizeof(T));
    }
  }
}

template <class T> void unpack_columns(const T* packed, ptrdiff_t i, ptrdiff_t o, T* w) {
  for (ptrdiff_t c0 = 0; c0 < o; c0 += kPanel<T>) {
    const ptrdiff_t width = panel_width<T>(c0, o), columns = o - c0 < width ? o - c0 : width;
    for (ptrdiff_t k = 0; k < i; ++k)
      memcpy(w + k * o + c0, packed + i * c0 + k * width, size_t(columns) * sizeof(T));
  }
}

// Refreshes w.T for weight rows [r0, r1) and the columns of panel c0; r0 is a multiple of the lanes.
template <class T>
FASTNN_INLINE void transpose_task(const Layer<T>& layer, ptrdiff_t c0, ptrdiff_t r0, ptrdiff_t r1) {
  constexpr ptrdiff_t lanes = kLanes<T>;
  const ptrdiff_t width = panel_width<T>(c0, layer.o);
  for (; r0 < r1; r0 += lanes) {
    const ptrdiff_t panel = r0 / kPanel<T> * kPanel<T>, to_width = panel_width<T>(panel, layer.i);
    for (ptrdiff_t c = 0; c < width && c0 + c < layer.o; c += lanes) {
      Vec<T> rows[lanes];
#pragma GCC unroll 16
      for (ptrdiff_t r = 0; r < lanes; ++r)
        rows[r] = r0 + r < r1 ? load<T>(layer.w + layer.i * c0 + (r0 + r) * width + c) : Vec<T>{};
      transpose_square<T>(rows);
      const ptrdiff_t first = c0 + c, left = layer.o - first < lanes ? layer.o - first : lanes;
      T* to = layer.transposed + layer.o * panel + first * to_width + (r0 - panel);
#pragma GCC unroll 16
      for (ptrdiff_t k = 0; k < lanes; ++k)
        if (k < left) store<T>(to + k * to_width, rows[k]);
    }
  }
}

// The vectors that run parallel to the parameters: the parameters, the optimizer's slots 0, 1, ..., the gradient.
constexpr int kParams = -1, kGradient = -2;

template <class T> T* weights_of(const Layer<T>& layer, int vector) {
  return vector == kParams ? layer.w : vector == kGradient ? layer.d_w : layer.slot_w[vector];
}

template <class T> T* bias_of(const Layer<T>& layer, int vector) {
  return vector == kParams ? layer.b : vector == kGradient ? layer.d_b : layer.slot_b[vector];
}

template <class T> void pack_vector(const Workspace<T>& ws, const T* flat, int vector) {
  for (ptrdiff_t l = 0; l < ws.layers; ++l) {
    const Layer<T>& layer = ws.layer[l];
    pack_columns<T>(flat, layer.i, layer.o, weights_of(layer, vector));
    flat += layer.i * layer.o;
    memset(bias_of(layer, vector), 0, size_t(layer.padded) * sizeof(T));
    if (!layer.has_bias) continue;
    memcpy(bias_of(layer, vector), flat, size_t(layer.o) * sizeof(T));
    flat += layer.o;
  }
}

template <class T> bool are_packed_columns(const T* w, ptrdiff_t i, ptrdiff_t o, const T* packed) {
  for (ptrdiff_t c0 = 0; c0 < o; c0 += kPanel<T>) {
    const ptrdiff_t width = panel_width<T>(c0, o), columns = o - c0 < width ? o - c0 : width;
    for (ptrdiff_t k = 0; k < i; ++k)
      if (memcmp(w + k * o + c0, packed + i * c0 + k * width, size_t(columns) * sizeof(T)) != 0) return false;
  }
  return true;
}

// Whether the packed parameters are the flat ones, bit by bit.
template <class T> bool is_packed(const Workspace<T>& ws, const T* flat) {
  for (ptrdiff_t l = 0; l < ws.layers; ++l) {
    const Layer<T>& layer = ws.layer[l];
    if (!are_packed_columns<T>(flat, layer.i, layer.o, layer.w)) return false;
    flat += layer.i * layer.o;
    if (!layer.has_bias) continue;
    if (memcmp(flat, layer.b, size_t(layer.o) * sizeof(T)) != 0) return false;
    flat += layer.o;
  }
  return true;
}

template <class T> void unpack_vector(const Workspace<T>& ws, T* flat, int vector) {
  for (ptrdiff_t l = 0; l < ws.layers; ++l) {
    const Layer<T>& layer = ws.layer[l];
    unpack_columns<T>(weights_of(layer, vector), layer.i, layer.o, flat);
    flat += layer.i * layer.o;
    if (!layer.has_bias) continue;
    memcpy(flat, bias_of(layer, vector), size_t(layer.o) * sizeof(T));
    flat += layer.o;
  }
}

}  // namespace
