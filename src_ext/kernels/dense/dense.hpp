// The dense layer: z = x @ w + b, a = activation(z), and the two products of its backward pass.
#pragma once

#include "kernels/vector/loops.hpp"
#include "kernels/elementwise/activation_kernels.hpp"
#include "kernels/dense/row_major.hpp"
#include "contract/kernels.hpp"

namespace {

// In place over columns [c0, c1) of rows [r0, r1).
template <class T>
FASTNN_INLINE void activate_block(T* out, ptrdiff_t o, const fastnn::Activation& activation, ptrdiff_t r0, ptrdiff_t r1,
                                  ptrdiff_t c0, ptrdiff_t c1) {
  if (is_row_function(activation.code)) {
    run_row_function<T>(activation.code, out + r0 * o, out + r0 * o, o, r1 - r0, o);
    return;
  }
  if (c0 == 0 && c1 == o) {
    run_activation<T>(activation, out + r0 * o, out + r0 * o, nullptr, (r1 - r0) * o);
    return;
  }
  for (ptrdiff_t r = r0; r < r1; ++r)
    run_activation<T>(activation, out + r * o + c0, out + r * o + c0, nullptr, c1 - c0);
}

// Rows whose output is still in cache when the activation reads it again.
constexpr ptrdiff_t kForwardRows = 8 * kTileRows;

template <class T>
FASTNN_INLINE void forward_rows(const T* x, const T* w, const T* b, T* out, ptrdiff_t i, ptrdiff_t o,
                                const fastnn::Activation& activation, ptrdiff_t r0, ptrdiff_t r1, ptrdiff_t c0,
                                ptrdiff_t c1) {
  ForwardTile<T> policy{out, o, b, activation.code == kRelu};
  const bool done = forward_row_major(x, w, policy, i, o, r0, r1, c0, c1);
  if (!done && is_fused(activation))
    multiply_in_pieces<T, false>(StridedRows<T>{x, i}, PlainColumns<T>{w, o}, i, policy, r0, r1, c0, c1);
  if (is_fused(activation)) return;
  Meter meter;
  for (ptrdiff_t r = r0; r < r1; r += kForwardRows) {
    const ptrdiff_t end = r + kForwardRows < r1 ? r + kForwardRows : r1;
    if (!done) multiply_in_pieces<T, false>(StridedRows<T>{x, i}, PlainColumns<T>{w, o}, i, policy, r, end, c0, c1);
    activate_block<T>(out, o, activation, r, end, c0, c1);
    if (meter.stops((end - r) * (c1 - c0) * (done ? kFunctionWork : i + kFunctionWork))) return;
  }
}

// A team shares the rows; the columns where there are few rows, unless a row has to stay whole.
FASTNN_INLINE bool shares_columns(ptrdiff_t n, const fastnn::Activation& activation, int team) {
  return n < ptrdiff_t(team) * 2 * kTileRows && !is_row_function(activation.code);
}

template <class T> void dense_forward(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::DenseForward<T>*>(arguments);
  const bool by_columns = shares_columns(g.n, g.activation, team);
  const auto rows = by_columns ? fastnn::Share{0, g.n} : fastnn::share_of(g.n, kTileRows, member, team);
  const auto columns = by_columns ? fastnn::share_of(g.o, kPanel<T>, member, team) : fastnn::Share{0, g.o};
  in_pieces(rows, kPieceRows, (g.i + 1) * g.o, [&](ptrdiff_t r0, ptrdiff_t r1) __attribute__((always_inline)) {
    forward_rows<T>(g.x, g.w, g.b, g.out, g.i, g.o, g.activation, r0, r1, columns.begin, columns.end);
  });
}

// --- d_x = d_z @ w.T --------------------------------------------------------------------------------------------
// The transpose of w is packed into panels first, so that d_x is the same product as the forward pass. Few rows are not
// worth a packed copy of all w: they take squares of w that are transposed in registers, and each output is the same
// chain of multiply-adds.

template <class T> constexpr ptrdiff_t packed_size(ptrdiff_t depth, ptrdiff_t columns) {
  return depth * round_up<T>(columns);
}

// Panel c0 of a packed matrix with `columns` columns: how wide it is.
template <class T> FASTNN_INLINE ptrdiff_t panel_width(ptrdiff_t c0, ptrdiff_t columns) {
  const ptrdiff_t left = round_up<T>(columns - c0);
  return left < kPanel<T> ? left : kPanel<T>;
}

// Rows [0, lanes) of the transpose of a square of w that begins at row c and column k; what is beyond w is zero, or the
// last row again, which nobody stores.
template <class T>
FASTNN_INLINE void load_transposed(const T* w, ptrdiff_t i, ptrdiff_t o, ptrdiff_t c, ptrdiff_t k,
                                   Vec<T> (&square)[kLanes<T>]) {
  const Lanes<T> lanes(o - k);
#pragma GCC unroll 16
  for (int r = 0; r < kLanes<T>; ++r) square[r] = load_lanes<T>(w + (c + r < i ? c + r : i - 1) * o + k, lanes);
  transpose_square<T>(square);
}

template <class T> void pack_transpose(const T* w, ptrdiff_t i, ptrdiff_t o, T* packed) {
  constexpr ptrdiff_t lanes = kLanes<T>;
  Meter meter;
  for (ptrdiff_t c = 0; c < i; c += lanes) {
    const ptrdiff_t c0 = c / kPanel<T> * kPanel<T>, width = panel_width<T>(c0, i);
    T* to = packed + o * c0 + (c - c0);
    for (ptrdiff_t k = 0; k < o; k += lanes) {
      Vec<T> square[lanes];
      load_transposed(w, i, o, c, k, square);
#pragma GCC unroll 16
      for (ptrdiff_t r = 0; r < lanes; ++r)
        if (k + r < o) store<T>(to + (k + r) * width, square[r]);
    }
    if (meter.stops(o * lanes * kCopyWork)) return;
  }
}

constexpr int kFewRows = 4;

// Columns [c0, c1) of kRows rows of d_x.
template <class T, int kRows>
void backward_rows(const T* d_z, const T* w, T* out, ptrdiff_t i, ptrdiff_t o, ptrdiff_t c0, ptrdiff_t c1) {
  constexpr ptrdiff_t lanes = kLanes<T>;
  Meter meter;
  for (ptrdiff_t c = c0; c < c1; c += lanes) {
    Vec<T> sums[kRows] = {};
    for (ptrdiff_t k = 0; k < o; k += lanes) {
      Vec<T> square[lanes];
      load_transposed(w, i, o, c, k, square);
#pragma GCC unroll 16
      for (ptrdiff_t s = 0; s < lanes; ++s)
        if (k + s < o) {
#pragma GCC unroll 4
          for (int r = 0; r < kRows; ++r) sums[r] += splat<T>(d_z[r * o + k + s]) * square[s];
        }
    }
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r)
      store_lanes<T>(out + r * i + c, Vec<T>{} + sums[r], int(c1 - c < lanes ? c1 - c : lanes));
    if (meter.stops(o * lanes * kCopyWork)) return;
  }
}

// Some columns of the rows from r on: kRows at a time, half as many of what is left, and so on.
template <class T, int kRows>
void backward_few_rows(const fastnn::DenseBackwardInput<T>& g, ptrdiff_t r, fastnn::Share columns) {
  for (; r + kRows <= g.n; r += kRows)
    backward_rows<T, kRows>(g.d_z + r * g.o, g.w, g.out + r * g.i, g.i, g.o, columns.begin, columns.end);
  if constexpr (kRows > 1)
    if (r < g.n) backward_few_rows<T, kRows / 2>(g, r, columns);
}

template <class T> ptrdiff_t dense_backward_input_scratch(ptrdiff_t i, ptrdiff_t o) { return packed_size<T>(o, i); }

// Fills the scratch of dense_backward_input, where it will be read.
template <class T> void pack_transposed(const void* arguments) {
  const auto& g = *static_cast<const fastnn::DenseBackwardInput<T>*>(arguments);
  if (g.n > kFewRows) pack_transpose<T>(g.w, g.i, g.o, g.scratch);
}

// A team shares the rows; the columns where there are few rows.
template <class T> void dense_backward_input(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::DenseBackwardInput<T>*>(arguments);
  if (g.n <= kFewRows) {
    const auto columns = fastnn::share_of(g.i, kLanes<T>, member, team);
    if (columns.begin < columns.end) backward_few_rows<T, kFewRows>(g, 0, columns);
    return;
  }
  const auto rows = fastnn::share_of(g.n, kTileRows, member, team);
  SumTile<T> policy{g.out, g.i, false};
  const PackedColumns<T> columns{g.scratch, g.o};
  in_pieces(rows, kPieceRows, g.i * (g.o + 1), [&](ptrdiff_t r0, ptrdiff_t r1) __attribute__((always_inline)) {
    multiply_in_pieces<T, false>(StridedRows<T>{g.d_z, g.o}, columns, g.o, policy, r0, r1, 0, g.i);
  });
}

// --- d_w = x.T @ d_z, d_b = column sums of d_z ---------------------------------------------------------------------
// The rows are taken in blocks: a block of x and d_z stays in cache while all tiles pass over it, and the float32
// error grows with the block's 256 rows plus the number of blocks, not with n.

constexpr ptrdiff_t kGradientRows = 256;
constexpr ptrdiff_t kGradientCopyPays = 96;  // tiles' rows from which on panels of d_z are copied

template <class T> void sum_columns(const T* d_z, ptrdiff_t n, ptrdiff_t o, T* d_b, ptrdiff_t c0, ptrdiff_t c1) {
  Meter meter;
  for (ptrdiff_t c = c0; c < c1; c += kLanes<T>) {
    const int tail = int(c1 - c < kLanes<T> ? c1 - c : kLanes<T>);
    Vec<T> total = {};
    for (ptrdiff_t r0 = 0; r0 < n; r0 += kGradientRows) {
      Vec<T> block = {};
      const ptrdiff_t end = r0 + kGradientRows < n ? r0 + kGradientRows : n;
      for (ptrdiff_t r = r0; r < end; ++r) block += load_lanes<T>(d_z + r * o + c, tail);
      total += block;
      if (meter.stops(kGradientRows * kFunctionWork)) return;
    }
    store_first<T>(d_b + c, total, tail);
  }
}

// d_w over the rows of one block (from copied panels of d_z: 79 to 93 % of the peak at 512 x 512 x 512 in float32).
template <class T>
FASTNN_INLINE void add_block(const fastnn::DenseBackwardParams<T>& g, ptrdiff_t k0, ptrdiff_t depth, fastnn::Share rows,
                             fastnn::Share columns) {
  const StridedRows<T> left{g.x + k0 * g.i, g.i};
  const T* d_z = g.d_z + k0 * g.o;
  SumTile<T> policy{g.d_w, g.o, k0 > 0};
  if (rows.end - rows.begin < kGradientCopyPays) {
    const PlainColumns<T> right{d_z, g.o};
    multiply_in_pieces<T, true>(left, right, depth, policy, rows.begin, rows.end, columns.begin, columns.end);
    return;
  }
  alignas(64) T packed[kGradientRows * kPanel<T>];
  Meter meter;
  for (ptrdiff_t c0 = columns.begin; c0 < columns.end; c0 += kPanel<T>) {
    const ptrdiff_t c1 = c0 + kPanel<T> < columns.end ? c0 + kPanel<T> : columns.end;
    copy_block(d_z + c0, g.o, depth, c1 - c0, packed);
    const PackedColumns<T> right{packed, depth, c0};
    multiply<T, true>(left, right, depth, policy, rows.begin, rows.end, c0, c1);
    if (meter.stops((rows.end - rows.begin) * depth * kPanel<T>)) return;
  }
}

template <class T> void dense_backward_params(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::DenseBackwardParams<T>*>(arguments);
  const bool by_columns = g.i < ptrdiff_t(team) * kTileRows;
  const auto rows = by_columns ? fastnn::Share{0, g.i} : fastnn::share_of(g.i, kTileRows, member, team);
  const auto panels = fastnn::share_of(g.o, kPanel<T>, member, team);
  const auto columns = by_columns ? panels : fastnn::Share{0, g.o};
  Meter meter;
  for (ptrdiff_t k0 = 0; k0 < g.n || k0 == 0; k0 += kGradientRows) {
    add_block(g, k0, k0 + kGradientRows < g.n ? kGradientRows : g.n - k0, rows, columns);
    if (meter.stops(kGradientRows * (rows.end - rows.begin) * (columns.end - columns.begin))) return;
  }
  sum_columns<T>(g.d_z, g.n, g.o, g.d_b, panels.begin, panels.end);
}

}  // namespace
