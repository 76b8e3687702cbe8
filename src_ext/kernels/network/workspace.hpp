// Everything that training keeps beside the user's arrays: packed weights and optimizer state, the activations of one
// chunk of rows, and the list of weight tasks, in one block of memory whose size is known before it is allocated.
//
// Weights lie in panels (kernels/dense/gemm.hpp), padded with zeros to whole vectors. The padding stays zero by itself:
// padded columns have zero d_z (or, where w is turned, zero a), so zero gradient, and an optimizer maps (0, gradient 0)
// to 0.
//
// A layer with few outputs is trained turned, as w.T (o, i): 10 outputs are 10 rows of d_w's tiles instead of 10 lanes
// of 16, and 10 rows to update. The other orientation, which its forward product wants, as d_x wants the other layers',
// is the weights' mirror. Small mirrors are made by every member of the team for itself: what one core writes and
// another reads costs 20 cycles and more for each cache line.
#pragma once

#include "kernels/dense/dense.hpp"
#include "runtime/barrier.hpp"

namespace {

template <class T> struct Layer {
  ptrdiff_t i, o;
  ptrdiff_t padded;  // o rounded up to whole vectors: the columns of packed weights and of b
  ptrdiff_t stride;  // from row to row of a, slope and d_z
  fastnn::Activation activation;
  double dropout;  // rate on its outputs
  bool has_bias;
  bool turned;              // the weights are w.T
  bool single;              // the one output of a last layer, turned: a and d_z are one element a row, side by side
  ptrdiff_t rows, columns;  // of the weights: (i, o), or (o, i) where turned
  T *w, *b;
  T *slot_w[fastnn::kMaxSlots], *slot_b[fastnn::kMaxSlots];
  T *d_w, *d_b;         // only where gradients are summed over chunks
  T* mirror;            // the weights' transpose, packed, where the members share it
  ptrdiff_t mirror_at;  // where they do not: its place among a member's mirrors
  T *a, *slope, *d_z;   // slope: null where a tells it or the activation works by row
  T* a_before;          // before dropout; only where the activation works by row
};

// Some rows of one panel of one layer's weights, and some of its biases: what a member of the team updates at a time.
struct WeightTask {
  int layer;
  ptrdiff_t c0, r0, r1;
  ptrdiff_t b0, b1;
  ptrdiff_t cost_before;
};

// One of those who run an epoch together.
template <class T> struct Member {
  int index, team;
  T* mirrors;
  const int32_t* interrupted;
};

// Rows of sparse x by columns. The entries of column k end at ends[k] and begin where those of column k - 1 end.
template <class T> struct ColumnEntries {
  ptrdiff_t* ends;  // null: x is dense
  int32_t* row;
  T* value;
};

template <class T> struct Workspace {
  ptrdiff_t layers, tasks, cost;
  ptrdiff_t chunk, block, stretch;  // rows: what chunk_rows, block_rows and stretch_rows choose
  ptrdiff_t room;                   // rows whose activations there is memory for: a chunk, or a block for each strip
  bool direct;                      // a batch is one chunk: the d_w tile updates the weights there and then
  bool by_strips;                   // a member takes a strip of the batch through all layers (kStrips)
  bool shares_mirrors;              // too large for each member to make its own
  int slots, average;               // average: the slot of the parameters' average, or -1
  Layer<T>* layer;
  WeightTask* task;
  const T** rows;              // the chunk's rows of x
  double* block_loss;          // one sum for each block of the chunk, or for each strip
  double* task_penalty;        // of its weights, one for each task; to be divided by the batch's weight
  double* task_squares;        // sum of the squared gradient, one for each task
  T* x_kept;                   // the chunk's rows after dropout on the inputs; null without it
  T* mirrors;                  // member 0's own: the caller's stack may be small
  ColumnEntries<T> entries;    // of sparse x; by strips, the first of kStrips
  ptrdiff_t room_for_entries;  // of each of them
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

  // A piece that a loop reads and writes beside the one at `from`: `step` quarters of 4 KB away from it, modulo 4 KB,
  // since loads and stores whose addresses agree in their last 12 bits are taken for each other (an epoch of 64-32-10:
  // always 280 us, instead of 280 to 310).
  template <class E> E* take_apart(ptrdiff_t count, size_t from, int step) {
    constexpr size_t kPage = 4096;
    used = (used + 63) & ~size_t(63);
    used += (from + size_t(step) * (kPage / 4) - used) % kPage;
    return take<E>(count);
  }
};

constexpr ptrdiff_t kMaxChunk = 1024;
constexpr ptrdiff_t kChunkBytes = ptrdiff_t(8) << 20;  // activations of a chunk where a batch has several
constexpr ptrdiff_t kBlockBytes = 192 * 1024;          // activations of a block: a fraction of the smallest usual L2
constexpr ptrdiff_t kCachedWeightBytes = 512 * 1024;
constexpr ptrdiff_t kStretchRows = 128;
// A small network's large batch is cut into strips: a member takes a strip's rows through all layers and adds their
// gradient to a sum of the strip's own, a block at a time, so that no core reads what another has just written
// (4-32-16-4 with 10,000 rows on two cores: 470 us an epoch where they share a cache and 1,100 where not; by strips 366
// us at most). There are as many for every team, added up in their order.
constexpr ptrdiff_t kStrips = 16;
constexpr ptrdiff_t kStripBytes = 128 * 1024;          // of weights at most
constexpr ptrdiff_t kStripsWork = ptrdiff_t(1) << 26;  // rows times weights between two looks at the clock
constexpr ptrdiff_t kMirrorBytes = 64 * 1024;  // of a member's own mirrors; a worker's stack has at least twice as much

// Rows of a group of weight rows: whole tiles and whole square transposes.
template <class T> constexpr ptrdiff_t group_rows() {
  ptrdiff_t rows = kTileRows;
  while (rows % kLanes<T> != 0) rows += kTileRows;
  return rows;
}

// Packed weights, without biases.
template <class T> ptrdiff_t weights_of_network(const fastnn::NetworkShape& shape) {
  ptrdiff_t size = 0;
  for (ptrdiff_t l = 0; l < shape.layers; ++l) size += packed_size<T>(shape.widths[l], shape.widths[l + 1]);
  return size;
}

template <class T> ptrdiff_t bytes_of_weights(const fastnn::NetworkShape& shape) {
  return weights_of_network<T>(shape) * ptrdiff_t(sizeof(T));
}

// Activations, slopes and d_z of a row.
template <class T> ptrdiff_t bytes_of_row(const fastnn::NetworkShape& shape) {
  ptrdiff_t bytes = 0;
  for (ptrdiff_t l = 1; l <= shape.layers; ++l) bytes += 3 * round_up<T>(shape.widths[l]) * ptrdiff_t(sizeof(T));
  return bytes;
}

// Rows between two barriers: a batch, or where it is large pieces of it, of which one may be in memory.
template <class T> ptrdiff_t chunk_rows(const fastnn::NetworkShape& shape, ptrdiff_t batch) {
  if (batch <= kMaxChunk) return batch;
  const ptrdiff_t rows = kChunkBytes / bytes_of_row<T>(shape) / kStretchRows * kStretchRows;
  return rows < kStretchRows ? kStretchRows : rows < kMaxChunk ? rows : kMaxChunk;
}

// The same by strips, whose blocks alone are in memory: as many as are worked on between two looks at the clock.
template <class T> ptrdiff_t strips_chunk_rows(const fastnn::NetworkShape& shape) {
  const ptrdiff_t rows = kStripsWork / (weights_of_network<T>(shape) + 1) / kMaxChunk * kMaxChunk;
  return rows < kMaxChunk ? kMaxChunk : rows < 16 * kMaxChunk ? rows : 16 * kMaxChunk;
}

// Rows whose loss is one sum, the least that a member of the team takes.
template <class T> ptrdiff_t block_rows(const fastnn::NetworkShape& shape, ptrdiff_t chunk) {
  const ptrdiff_t smallest = 2 * kTileRows;
  const ptrdiff_t cached = kBlockBytes / bytes_of_row<T>(shape) / smallest * smallest;
  const ptrdiff_t shared = ceil_div(ceil_div(chunk, 8), smallest) * smallest;  // a team of 8 finds work
  const ptrdiff_t rows = cached < shared ? cached : shared;
  return rows > smallest ? rows : smallest;
}

// Rows that a member takes through all layers at once: several blocks where the weights, which every stretch reads
// anew, do not fit L2 (784-1024-1024-10 in float64: 128 ms a step by blocks of 16 rows, 104 ms by stretches of 128).
template <class T> ptrdiff_t stretch_rows(const fastnn::NetworkShape& shape, ptrdiff_t block) {
  const bool are_cached = bytes_of_weights<T>(shape) <= kCachedWeightBytes;
  return are_cached || block >= kStretchRows ? block : kStretchRows / block * block;
}

// A power of two between rows would put a column of d_w's left operand into very few cache sets (1024 floats: one L1
// set for all rows): then a cache line more.
template <class T> ptrdiff_t row_stride(ptrdiff_t padded) {
  const ptrdiff_t line = 64 / ptrdiff_t(sizeof(T));
  return padded % (8 * line) == 0 ? padded + line : padded;
}

// Whether an activation's value tells its slope.
constexpr bool tells_slope(const fastnn::Activation& activation) {
  return is_fused(activation) || activation.code == kTanh || activation.code == kSigmoid;
}

template <class T> bool needs_slope(const Layer<T>& layer) {
  return layer.dropout > 0 || !(tells_slope(layer.activation) || is_row_function(layer.activation.code));
}

// Whether the weights have a mirror: d_x of the first layer is never asked for, and a single output needs none.
template <class T> FASTNN_INLINE bool has_mirror(const Layer<T>& layer, ptrdiff_t l) { return l > 0 && !layer.single; }

// Whether padding of zeros comes out as zeros.
constexpr bool keeps_zero(const fastnn::Activation& activation) {
  return is_fused(activation) || activation.code == kTanh;
}

// Shape and orientation of layer l, without memory. It is turned where that pads less, on inputs whose padding is zero.
template <class T> Layer<T> layer_of(const fastnn::NetworkShape& shape, ptrdiff_t l, double dropout) {
  Layer<T> layer = {};
  layer.i = shape.widths[l];
  layer.o = shape.widths[l + 1];
  layer.activation = shape.activations[l];
  layer.has_bias = shape.has_bias[l] != 0;
  layer.dropout = dropout;
  layer.padded = round_up<T>(layer.o);
  const bool is_narrow = layer.o * round_up<T>(layer.i) < layer.i * layer.padded && layer.o <= kPanel<T>;
  const bool is_clean = l > 0 && (layer.i == round_up<T>(layer.i) || keeps_zero(shape.activations[l - 1]));
  layer.turned = is_narrow && is_clean;
  layer.rows = layer.turned ? layer.o : layer.i;
  layer.columns = layer.turned ? layer.i : layer.o;
  layer.single = layer.turned && layer.o == 1 && l + 1 == shape.layers && !is_row_function(layer.activation.code);
  layer.stride = layer.single ? 1 : row_stride<T>(layer.padded);
  return layer;
}

template <class T> ptrdiff_t weights_size(const Layer<T>& layer) { return packed_size<T>(layer.rows, layer.columns); }

template <class T> ptrdiff_t mirror_size(const Layer<T>& layer) { return packed_size<T>(layer.columns, layer.rows); }

template <class T> void lay_out_layer(Arena& arena, Layer<T>& layer, const Workspace<T>& ws, ptrdiff_t l) {
  layer.w = arena.take<T>(weights_size(layer));
  const size_t at_w = arena.used - size_t(weights_size(layer)) * sizeof(T);
  layer.b = arena.take<T>(layer.padded);
  for (int s = 0; s < ws.slots; ++s) {
    layer.slot_w[s] = arena.take_apart<T>(weights_size(layer), at_w, s + 1);
    layer.slot_b[s] = arena.take<T>(layer.padded);
  }
  const ptrdiff_t sums = ws.direct ? 0 : ws.by_strips ? kStrips : 1;
  layer.d_w = sums ? arena.take<T>(sums * weights_size(layer)) : nullptr;
  layer.d_b = sums ? arena.take<T>(sums * layer.padded) : nullptr;
  layer.mirror = ws.shares_mirrors && has_mirror(layer, l) ? arena.take<T>(mirror_size(layer)) : nullptr;
  layer.a = arena.take<T>(ws.room * layer.stride);
  layer.d_z = arena.take<T>(ws.room * layer.stride);
  layer.slope = needs_slope<T>(layer) ? arena.take<T>(ws.room * layer.stride) : nullptr;
  const bool by_row = layer.dropout > 0 && is_row_function(layer.activation.code);
  layer.a_before = by_row ? arena.take<T>(ws.room * layer.stride) : nullptr;
}

// Rows of the weights that a task has in a panel so wide: whole tiles, and where the mirror is shared whole squares for
// it. Few, so that a team shares the work of a small network evenly.
template <class T> ptrdiff_t task_rows(const Workspace<T>& ws, ptrdiff_t width) {
  if (ws.shares_mirrors) return group_rows<T>();
  return width == kPanel<T> ? kTileRows : kTileRows * kTileVectors;
}

// Fills the task list (or only counts it) for one layer. The bias goes with the last rows of the panel whose columns
// are its own, or all of it with the last task.
template <class T> void add_tasks(Workspace<T>& ws, const Layer<T>& layer, int index) {
  for (ptrdiff_t c0 = 0; c0 < layer.columns; c0 += kPanel<T>) {
    const ptrdiff_t width = panel_width<T>(c0, layer.columns), group = task_rows(ws, width);
    const ptrdiff_t groups = layer.rows > 0 ? ceil_div(layer.rows, group) : 1;
    for (ptrdiff_t q = 0; q < groups; ++q) {
      const ptrdiff_t r0 = q * group, r1 = r0 + group < layer.rows ? r0 + group : layer.rows;
      WeightTask task = {index, c0, r0, r1, 0, 0, ws.cost};
      const bool with_bias = layer.has_bias && q + 1 == groups;
      if (with_bias && !layer.turned) task.b0 = c0, task.b1 = c0 + width;
      if (with_bias && layer.turned && c0 + width >= layer.columns) task.b1 = layer.padded;
      if (ws.task) ws.task[ws.tasks] = task;
      ws.cost += (r1 - r0 + 2) * width;
      ++ws.tasks;
    }
  }
}

template <class T> void add_all_tasks(Workspace<T>& ws, const fastnn::NetworkShape& shape) {
  ws.tasks = ws.cost = 0;
  for (ptrdiff_t l = 0; l < shape.layers; ++l) add_tasks(ws, layer_of<T>(shape, l, 0), int(l));
}

template <class T> bool are_large_mirrors(const fastnn::NetworkShape& shape) {
  ptrdiff_t size = 0;
  for (ptrdiff_t l = 0; l < shape.layers; ++l) {
    const Layer<T> layer = layer_of<T>(shape, l, 0);
    if (has_mirror(layer, l)) size += mirror_size(layer);
  }
  return size * ptrdiff_t(sizeof(T)) > kMirrorBytes;
}

// The rate on the inputs of layer l; a gradient by itself is of the network without dropout.
template <class T> double dropout_of(const fastnn::Epoch<T>& g, ptrdiff_t l) {
  return l < g.shape.layers && g.optimizer != fastnn::kStoreGradient ? g.shape.dropout[l] : 0;
}

// Room for the entries of sparse x, of a chunk or of a block for each strip.
template <class T> void lay_out_entries(Arena& arena, Workspace<T>& ws, const fastnn::Epoch<T>& g) {
  if (g.x) return;
  const ptrdiff_t pieces = ws.by_strips ? kStrips : 1;
  ws.room_for_entries = ws.room / pieces * g.longest_row;
  ws.entries.ends = arena.take<ptrdiff_t>(pieces * (g.shape.widths[0] + 1));
  ws.entries.row = arena.take<int32_t>(pieces * ws.room_for_entries);
  ws.entries.value = arena.take<T>(pieces * ws.room_for_entries);
}

template <class T> Workspace<T>* lay_out(Arena& arena, const fastnn::Epoch<T>& g) {
  Workspace<T>* stored = arena.take<Workspace<T>>(1);
  Workspace<T> ws = {};
  const fastnn::NetworkShape& shape = g.shape;
  const ptrdiff_t batch = g.batch_size < g.n ? g.batch_size : g.n;
  ws.layers = shape.layers;
  ws.by_strips = batch > kMaxChunk && bytes_of_weights<T>(shape) <= kStripBytes;
  ws.block = block_rows<T>(shape, batch < kMaxChunk ? batch : kMaxChunk);
  ws.chunk = ws.by_strips ? strips_chunk_rows<T>(shape) : chunk_rows<T>(shape, batch);
  ws.room = ws.by_strips ? kStrips * ws.block : ws.chunk;
  ws.stretch = stretch_rows<T>(shape, ws.block);
  const bool as_a_whole = g.optimizer == fastnn::kStoreGradient || g.clip_norm < __builtin_inf();
  ws.direct = batch <= kMaxChunk && !as_a_whole;
  ws.slots = fastnn::slots_of(g.optimizer);
  ws.average = g.ema < 0 ? -1 : ws.slots++;
  ws.shares_mirrors = are_large_mirrors<T>(shape);
  add_all_tasks(ws, shape);
  ws.layer = arena.take<Layer<T>>(shape.layers);
  ws.task = arena.take<WeightTask>(ws.tasks);
  ws.rows = arena.take<const T*>(ws.room);
  ws.block_loss = arena.take<double>(ceil_div(ws.room, ws.block) + 1);
  ws.task_penalty = arena.take<double>(ws.tasks);
  ws.task_squares = arena.take<double>(ws.tasks);
  const bool copies = g.x && dropout_of(g, 0) > 0;
  ws.x_kept = copies ? arena.take<T>(ws.room * shape.widths[0]) : nullptr;
  lay_out_entries(arena, ws, g);
  ws.barrier = arena.take<fastnn::Barrier>(1);
  if (ws.task) add_all_tasks(ws, shape);
  ptrdiff_t mirrors = 0;
  for (ptrdiff_t l = 0; l < shape.layers; ++l) {
    Layer<T> layer = layer_of<T>(shape, l, dropout_of(g, l + 1));
    lay_out_layer(arena, layer, ws, l);
    layer.mirror_at = mirrors;
    if (has_mirror(layer, l)) mirrors += mirror_size(layer);
    if (ws.layer) ws.layer[l] = layer;
  }
  ws.mirrors = arena.take<T>(ws.shares_mirrors ? 0 : mirrors);
  if (stored) *stored = ws;
  return stored;
}

template <class T> size_t epoch_workspace(const void* arguments) {
  Arena arena{nullptr, 0};
  lay_out(arena, *static_cast<const fastnn::Epoch<T>*>(arguments));
  return arena.used + 64;
}

}  // namespace
