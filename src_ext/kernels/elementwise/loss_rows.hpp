// Losses of rows: the sum of what they weigh, the gradient of the mean, and the links that make predictions.
#pragma once

#include "contract/kernels.hpp"
#include "kernels/elementwise/activation_kernels.hpp"
#include "kernels/elementwise/class_loss.hpp"
#include "kernels/elementwise/loss.hpp"
#include "kernels/network/pieces.hpp"

namespace {

// --- losses of elements: the library's in vectors, a user's in tiles -------------------------------------------------

// Sum of one row's losses; d_z = scale * gradient. The lanes beyond `count` never enter.
template <class T, class L>
FASTNN_INLINE double elementwise_row(const T* z, const T* y, T* d_z, ptrdiff_t count, T parameter, T scale) {
  V<T> total = {};
  ptrdiff_t c = 0;
  V<T> loss, gradient;
  for (; c + kLanes<T> <= count; c += kLanes<T>) {
    L::template eval<T>(load<T>(z + c), load<T>(y + c), parameter, loss, gradient);
    store<T>(d_z + c, gradient * scale);
    total += loss;
  }
  if (c < count) {
    const int tail = int(count - c);
    L::template eval<T>(load_first<T>(z + c, tail), load_first<T>(y + c, tail), parameter, loss, gradient);
    store_first<T>(d_z + c, gradient * scale, tail);
    total += lane_index<T>() < Int<T>(tail) ? loss : V<T>{};
  }
  return double(sum_lanes<T>(total));
}

// One output of an element-wise loss, where z and d_z lie side by side: a lane is a row.
template <class T, class L, class Rows>
FASTNN_INLINE double single_output_rows(const Rows& rows, ptrdiff_t r0, ptrdiff_t r1, T parameter) {
  const V<T> zero = {}, share = splat<T>(T(1 / rows.weight_total));
  V<T> total = {}, loss, gradient;
  for_vectors<T>(r1 - r0, [&](ptrdiff_t c, int lanes) __attribute__((always_inline)) {
    const ptrdiff_t r = r0 + c;
    const V<T> weight = rows.weights(r, lanes);
    L::template eval<T>(load_lanes<T>(rows.z(r), lanes), rows.targets(r, lanes), parameter, loss, gradient);
    store_lanes<T>(rows.d_z(r), gradient * (weight * share), lanes);
    total += first_or<T>(weight * loss, lanes, zero);
  });
  return double(sum_lanes<T>(total));
}

template <class L> struct OfElements {
  template <class T, class Rows>
  static FASTNN_INLINE double rows(const Rows& rows, ptrdiff_t r0, ptrdiff_t r1, ptrdiff_t o, T parameter) {
    if (rows.has_adjacent_z()) return single_output_rows<T, L>(rows, r0, r1, parameter);
    return sum_of_rows<T>(rows, r0, r1, o, [=](auto z, auto y, auto d_z, T scale) __attribute__((always_inline)) {
      return elementwise_row<T, L>(z, y, d_z, o, parameter, scale);
    });
  }
};

constexpr ptrdiff_t kLossTile = 256;  // numbers, of which 2 KB of losses and 2 KB of targets in float64 fit in L1

// A row of a user's loss, tile by tile, weighed and added up as elementwise_row does.
template <class T>
FASTNN_INLINE double users_row(const fastnn::UserLoss& loss, const T* z, const T* y, T* d_z, ptrdiff_t count, T scale) {
  alignas(64) T losses[kLossTile];
  V<T> total = {};
  for (ptrdiff_t first = 0; first < count; first += kLossTile) {
    const ptrdiff_t size = count - first < kLossTile ? count - first : kLossTile;
    loss.tile(loss.parameters, z + first, y + first, losses, d_z + first, size);
    for_vectors<T>(size, [&](ptrdiff_t c, int lanes) __attribute__((always_inline)) {
      store_lanes<T>(d_z + first + c, load_lanes<T>(d_z + first + c, lanes) * scale, lanes);
      total += load_lanes<T>(losses + c, lanes);
    });
  }
  return double(sum_lanes<T>(total));
}

// One output of a user's loss: a tile has a number from each row. Weighed and added up as single_output_rows does.
template <class T, class Rows>
FASTNN_INLINE double users_single_output(const fastnn::UserLoss& loss, const Rows& rows, ptrdiff_t r0, ptrdiff_t r1) {
  alignas(64) T losses[kLossTile], y[kLossTile];
  const V<T> share = splat<T>(T(1 / rows.weight_total));
  V<T> total = {};
  for (; r0 < r1; r0 += kLossTile) {
    const ptrdiff_t size = r1 - r0 < kLossTile ? r1 - r0 : kLossTile;
    for_vectors<T>(size, [&](ptrdiff_t c, int lanes) __attribute__((always_inline)) {
      store_lanes<T>(y + c, rows.targets(r0 + c, lanes), lanes);
    });
    T* const d_z = rows.d_z(r0);
    loss.tile(loss.parameters, rows.z(r0), y, losses, d_z, size);
    for_vectors<T>(size, [&](ptrdiff_t c, int lanes) __attribute__((always_inline)) {
      const V<T> weight = rows.weights(r0 + c, lanes);
      store_lanes<T>(d_z + c, load_lanes<T>(d_z + c, lanes) * (weight * share), lanes);
      total += first_or<T>(weight * load_lanes<T>(losses + c, lanes), lanes, V<T>{});
    });
  }
  return double(sum_lanes<T>(total));
}

template <class T, class Rows>
double users_loss_rows(const fastnn::UserLoss& loss, const Rows& rows, ptrdiff_t r0, ptrdiff_t r1, ptrdiff_t o) {
  if (rows.has_adjacent_z()) return users_single_output<T>(loss, rows, r0, r1);
  return sum_of_rows<T>(rows, r0, r1, o, [&](auto z, auto y, auto d_z, T scale) __attribute__((always_inline)) {
    return users_row<T>(loss, z, y, d_z, o, scale);
  });
}

// --- all losses ------------------------------------------------------------------------------------------------------

// body(the loss of a code). A loss without a struct does not compile; a number that is no code gives NaN.
template <class Body> FASTNN_INLINE double with_loss(int code, const Body& body) {
  switch (fastnn::LossCode(code)) {
#define FASTNN_OF_ELEMENTS(name, Struct, link) \
  case fastnn::k##Struct: return body(OfElements<Struct>{});
#define FASTNN_OF_ROWS(name, Struct, link) \
  case fastnn::k##Struct: return body(Struct{});
    FASTNN_LOSSES(FASTNN_OF_ELEMENTS, FASTNN_OF_ROWS)
#undef FASTNN_OF_ELEMENTS
#undef FASTNN_OF_ROWS
    case fastnn::kLossCount: break;
  }
  return __builtin_nan("");
}

// The sum of weighted losses of rows [r0, r1); d_z gets the gradient of the mean. `rows` has z(r), y(r), d_z(r),
// weight(r) and weight_total; weights(r, count) and targets(r, count) of some rows, the latter for one output, and
// has_adjacent_z() where its z and d_z lie side by side. `g` has the loss.
template <class T, class Block, class Rows>
FASTNN_INLINE double loss_rows(const Block& g, double parameter, const Rows& rows, ptrdiff_t r0, ptrdiff_t r1,
                               ptrdiff_t o) {
  if (o == 0) return 0;
  if (g.users_loss) return users_loss_rows<T>(*g.users_loss, rows, r0, r1, o);
  return with_loss(g.loss, [&](auto loss) __attribute__((always_inline)) {
    return loss.template rows<T>(rows, r0, r1, o, T(parameter));
  });
}

template <class T> struct PlainLossRows {
  const fastnn::LossAndGradient<T>& g;
  double weight_total;
  const T* z(ptrdiff_t r) const { return g.z + r * g.o; }
  const T* y(ptrdiff_t r) const { return g.y + r * g.o; }
  T* d_z(ptrdiff_t r) const { return g.d_z + r * g.o; }
  double weight(ptrdiff_t r) const { return g.sample_weight ? double(g.sample_weight[r]) : 1.0; }
  bool has_adjacent_z() const { return g.o == 1; }
  V<T> weights(ptrdiff_t r, int count) const {
    return g.sample_weight ? load_lanes<T>(g.sample_weight + r, count) : splat<T>(T(1));
  }
  V<T> targets(ptrdiff_t r, int count) const { return load_lanes<T>(g.y + r, count); }
};

// Rows in blocks of kLossRows, one partial sum each, so that the total is the same for every team.
template <class T> void loss_and_gradient(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::LossAndGradient<T>*>(arguments);
  const PlainLossRows<T> view{g, g.weight_total};
  const auto rows = fastnn::share_of(g.n, fastnn::kLossRows, member, team);
  Meter meter;
  for (ptrdiff_t r0 = rows.begin; r0 < rows.end; r0 += fastnn::kLossRows) {
    const ptrdiff_t r1 = r0 + fastnn::kLossRows < rows.end ? r0 + fastnn::kLossRows : rows.end;
    g.partial[r0 / fastnn::kLossRows] = loss_rows<T>(g, g.parameter, view, r0, r1, g.o);
    if (meter.stops(kFunctionWork * (r1 - r0) * g.o)) return;
  }
}

// --- links -----------------------------------------------------------------------------------------------------------

// One function for each: predictions (n, o) of z (n, o), the mean of the loss's distribution. z and out may be the same
// memory.
template <class T> void identity_link(const T* z, T* out, ptrdiff_t n, ptrdiff_t o) {
  run_activation<T>(kIdentity, z, out, nullptr, n * o);
}

template <class T> void sigmoid_link(const T* z, T* out, ptrdiff_t n, ptrdiff_t o) {
  run_activation<T>(kSigmoid, z, out, nullptr, n * o);
}

template <class T> void softmax_link(const T* z, T* out, ptrdiff_t n, ptrdiff_t o) {
  softmax_rows<T, false>(z, out, o, n, o);
}

template <class T> void exp_link(const T* z, T* out, ptrdiff_t n, ptrdiff_t o) {
  const ptrdiff_t count = n * o;
  ptrdiff_t c = 0;
  for (; c + kLanes<T> <= count; c += kLanes<T>) store<T>(out + c, vexp<T>(load<T>(z + c)));
  if (c < count) store_first<T>(out + c, vexp<T>(load_first<T>(z + c, int(count - c))), int(count - c));
}

// The function of a code; a link without one does not compile.
template <class T> void link_rows(int link, const T* z, T* out, ptrdiff_t n, ptrdiff_t o) {
  switch (fastnn::LinkCode(link)) {
#define FASTNN_CASE(name, code) \
  case fastnn::code: return name##_link<T>(z, out, n, o);
    FASTNN_LINKS(FASTNN_CASE)
#undef FASTNN_CASE
    case fastnn::kNoLink:
    case fastnn::kLinkCount: return;
  }
}

template <class T> void link(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::Link<T>*>(arguments);
  const auto rows = fastnn::share_of(g.n, 16, member, team);
  in_pieces(rows, 16, kFunctionWork * g.o,
            [&](ptrdiff_t r0, ptrdiff_t r1) { link_rows<T>(g.link, g.z + r0 * g.o, g.out + r0 * g.o, r1 - r0, g.o); });
}

}  // namespace
