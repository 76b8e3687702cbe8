// Between flat parameters, as users have them, and the panels of a workspace; and the weights' mirrors.
#pragma once

#include "kernels/network/workspace.hpp"

namespace {

// Calls action(row of a panel, the w of the same place, from column to column of w, columns, columns with padding) for
// each row of each panel of one layer's weights, or of what runs parallel to them.
template <class T, class E, class Action>
FASTNN_INLINE void for_panel_rows(const Layer<T>& layer, T* packed, E* w, const Action& action) {
  Meter meter;
  const ptrdiff_t by_row = layer.turned ? 1 : layer.o, by_column = layer.turned ? layer.o : 1;
  for (ptrdiff_t c0 = 0; c0 < layer.columns; c0 += kPanel<T>) {
    const ptrdiff_t width = panel_width<T>(c0, layer.columns), left = layer.columns - c0;
    for (ptrdiff_t k = 0; k < layer.rows; ++k)
      action(packed + layer.rows * c0 + k * width, w + k * by_row + c0 * by_column, by_column,
             left < width ? left : width, width);
    if (meter.stops(kCopyWork * layer.rows * width)) return;
  }
}

template <class T> void pack_weights(const Layer<T>& layer, const T* w, T* packed) {
  for_panel_rows(layer, packed, w, [](T* row, const T* from, ptrdiff_t step, ptrdiff_t columns, ptrdiff_t width) {
    if (step == 1) memcpy(row, from, size_t(columns) * sizeof(T));
    else
      for (ptrdiff_t c = 0; c < columns; ++c) row[c] = from[c * step];
    memset(row + columns, 0, size_t(width - columns) * sizeof(T));
  });
}

template <class T> void unpack_weights(const Layer<T>& layer, T* packed, T* w) {
  for_panel_rows(layer, packed, w, [](const T* row, T* to, ptrdiff_t step, ptrdiff_t columns, ptrdiff_t) {
    if (step == 1) memcpy(to, row, size_t(columns) * sizeof(T));
    else
      for (ptrdiff_t c = 0; c < columns; ++c) to[c * step] = row[c];
  });
}

// Refreshes the mirror of weight rows [r0, r1) in the columns of panel c0; r0 is a multiple of the lanes.
template <class T>
FASTNN_INLINE void mirror_rows(const Layer<T>& layer, T* mirror, ptrdiff_t c0, ptrdiff_t r0, ptrdiff_t r1) {
  constexpr ptrdiff_t lanes = kLanes<T>;
  const ptrdiff_t width = panel_width<T>(c0, layer.columns);
  for (; r0 < r1; r0 += lanes) {
    const ptrdiff_t panel = r0 / kPanel<T> * kPanel<T>, to_width = panel_width<T>(panel, layer.rows);
    for (ptrdiff_t c = 0; c < width && c0 + c < layer.columns; c += lanes) {
      Vec<T> rows[lanes];
#pragma GCC unroll 16
      for (ptrdiff_t r = 0; r < lanes; ++r)
        rows[r] = r0 + r < r1 ? load<T>(layer.w + layer.rows * c0 + (r0 + r) * width + c) : Vec<T>{};
      transpose_square<T>(rows);
      const ptrdiff_t first = c0 + c, left = layer.columns - first < lanes ? layer.columns - first : lanes;
      T* to = mirror + layer.columns * panel + first * to_width + (r0 - panel);
#pragma GCC unroll 16
      for (ptrdiff_t k = 0; k < lanes; ++k)
        if (k < left) store<T>(to + k * to_width, rows[k]);
    }
  }
}

template <class T> void mirror_layer(const Layer<T>& layer, T* mirror) {
  in_pieces({0, layer.columns}, kPanel<T>, kCopyWork * layer.rows, [&](ptrdiff_t begin, ptrdiff_t end) {
    for (ptrdiff_t c0 = begin; c0 < end; c0 += kPanel<T>) mirror_rows(layer, mirror, c0, 0, layer.rows);
  });
}

template <class T> FASTNN_INLINE T* mirror_of(const Layer<T>& layer, const Member<T>& me) {
  return layer.mirror ? layer.mirror : me.mirrors + layer.mirror_at;
}

// A member's own mirrors.
template <class T> FASTNN_INLINE void make_mirrors(const Workspace<T>& ws, const Member<T>& me) {
  if (ws.shares_mirrors) return;
  for (ptrdiff_t l = 0; l < ws.layers; ++l)
    if (has_mirror(ws.layer[l], l)) mirror_layer(ws.layer[l], mirror_of(ws.layer[l], me));
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
    pack_weights(layer, flat, weights_of(layer, vector));
    flat += layer.i * layer.o;
    memset(bias_of(layer, vector), 0, size_t(layer.padded) * sizeof(T));
    if (!layer.has_bias) continue;
    memcpy(bias_of(layer, vector), flat, size_t(layer.o) * sizeof(T));
    flat += layer.o;
  }
}

template <class T> bool are_packed_weights(const Layer<T>& layer, const T* w) {
  bool same = true;
  for_panel_rows(layer, layer.w, w, [&](const T* row, const T* as, ptrdiff_t step, ptrdiff_t columns, ptrdiff_t) {
    if (step == 1) same = same && memcmp(as, row, size_t(columns) * sizeof(T)) == 0;
    else
      for (ptrdiff_t c = 0; c < columns; ++c) same = same && memcmp(as + c * step, row + c, sizeof(T)) == 0;
  });
  return same;
}

// Whether the packed parameters are the flat ones, bit by bit.
template <class T> bool is_packed(const Workspace<T>& ws, const T* flat) {
  for (ptrdiff_t l = 0; l < ws.layers; ++l) {
    const Layer<T>& layer = ws.layer[l];
    if (!are_packed_weights(layer, flat)) return false;
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
    unpack_weights(layer, weights_of(layer, vector), flat);
    flat += layer.i * layer.o;
    if (!layer.has_bias) continue;
    memcpy(flat, bias_of(layer, vector), size_t(layer.o) * sizeof(T));
    flat += layer.o;
  }
}

}  // namespace
