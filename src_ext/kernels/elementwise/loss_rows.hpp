// Losses of rows: the sum of what they weigh, the gradient of the mean, and the links that make predictions.
#pragma once

#include "contract/kernels.hpp"
#include "kernels/elementwise/activation_kernels.hpp"
#include "kernels/elementwise/class_loss.hpp"
#include "kernels/elementwise/loss.hpp"
#include "kernels/elementwise/loss_view.hpp"
#include "kernels/vector/flat.hpp"

namespace {

// --- losses of elements ----------------------------------------------------------------------------------------------
// An element-wise loss does not care where a row ends, and a row of ten outputs fills 10 of 16 lanes. Where rows lie side
// by side and count alike, they are taken as rows of a tile's length instead. Sums go by vectors: lanes are added up
// only in the end, and in T only within a tile (squared error of 2,000 x 10 float32: from 9.0 to 2.0 us).

constexpr ptrdiff_t kLossTile = 256;  // numbers, of which 2 KB of losses and 2 KB of targets in float64 fit in L1

// What is read of a row.
template <class T> struct RowInputs {
  const T *first, *second;
};

// The weighted losses of rows [r0, r1); d_z = scale * gradient. eval(first, second, lanes, loss, gradient) has those of
// some elements, of what inputs(r) has of a row. The lanes beyond `o` never enter.
template <class T, class Inputs, class Eval>
FASTNN_INLINE Wide<T> weighed_rows(const LossRows<T>& rows, ptrdiff_t r0, ptrdiff_t r1, ptrdiff_t o,
                                   const Inputs& inputs, const Eval& eval) {
  const ptrdiff_t height = o < kLossTile ? kLossTile / o : 1;
  Wide<T> total = {};
  Meter meter;
  for (; r0 < r1 && !meter.stops(kFunctionWork * kLossTile); r0 += height) {
    const ptrdiff_t end = r1 - r0 < height ? r1 : r0 + height;
    V<T> sum = {}, loss, gradient;
    for (ptrdiff_t r = r0; r < end; ++r) {
      const V<T> weight = splat<T>(rows.weight(r)), scale = splat<T>(rows.scale(r));
      const RowInputs<T> from = inputs(r);
      T* const d_z = rows.d_z(r);
      V<T> of_row = {};  // so that rows wait for one addition of the row before, not for all
      for_vectors<T>(o, FASTNN_BODY {
        eval(from.first + c, from.second + c, lanes, loss, gradient);
        store_lanes<T>(d_z + c, gradient * scale, lanes);
        of_row += first_or<T>(loss, lanes, V<T>{});
      });
      sum += weight * of_row;
    }
    add(total, widen(sum));
    __asm__("" : "+m"(total));  // else it has two registers all along, and AVX2 too few for the loop over a row
  }
  return total;
}

template <class T, class L>
Wide<T> element_rows(const LossRows<T>& given, ptrdiff_t r0, ptrdiff_t r1, ptrdiff_t o, T parameter) {
  const LossRows<T> rows = given;  // whose fields no store can change
  const auto inputs = [&](ptrdiff_t r) { return RowInputs<T>{rows.z(r), rows.y(r)}; };
  const auto eval = [&](const T* z, const T* y, int lanes, V<T>& loss, V<T>& gradient) __attribute__((always_inline)) {
    L::template eval<T>(load_lanes<T>(z, lanes), load_lanes<T>(y, lanes), parameter, loss, gradient);
  };
  return weighed_rows(rows, r0, r1, o, inputs, eval);
}

// One output of an element-wise loss, where z and d_z lie side by side: a lane is a row.
template <class T, class L>
double single_output_rows(const LossRows<T>& given, ptrdiff_t r0, ptrdiff_t r1, T parameter) {
  const LossRows<T> rows = given;  // whose fields no store can change
  const V<T> zero = {}, share = splat<T>(rows.share);
  V<T> total = {}, loss, gradient;
  for_vectors<T>(r1 - r0, FASTNN_BODY {
    const ptrdiff_t r = r0 + c;
    const V<T> weight = rows.weights(r, lanes);
    L::template eval<T>(load_lanes<T>(rows.z(r), lanes), rows.targets(r, lanes), parameter, loss, gradient);
    store_lanes<T>(rows.d_z(r), gradient * (weight * share), lanes);
    total += first_or<T>(weight * loss, lanes, zero);
  });
  return double(sum_lanes<T>(total));
}

template <class L> struct OfElements {
  template <class T>
  static FASTNN_INLINE double rows(const LossRows<T>& rows, ptrdiff_t r0, ptrdiff_t r1, ptrdiff_t o, T parameter) {
    // Rows that are alike could go below: for 2,000 of one output that takes 5 to 27 % longer with AVX-512, and with AVX2
    // from 3 % less to 16 % more.
    if (o == 1 && rows.has_adjacent_z(o)) return single_output_rows<T, L>(rows, r0, r1, parameter);
    if (!rows.are_alike(o)) return sum_wide(element_rows<T, L>(rows, r0, r1, o, parameter));
    const ptrdiff_t count = (r1 - r0) * o, tiles = count / kLossTile, rest = count % kLossTile;
    const LossRows<T> flat = rows.from(r0).in_rows_of(kLossTile);
    Wide<T> total = element_rows<T, L>(flat, 0, tiles, kLossTile, parameter);
    if (rest > 0) add(total, element_rows<T, L>(flat, tiles, tiles + 1, rest, parameter));
    return sum_wide(total);
  }
};

// --- a user's loss, in tiles -----------------------------------------------------------------------------------------

// Rows of a user's loss that fit in a tile, weighed and added up as those of elements. What does not lie side by side is
// copied for its function; vectors are stored whole, also where their last lanes are the next row's.
template <class T>
Wide<T> users_tile(const fastnn::UserLoss& loss, const LossRows<T>& rows, ptrdiff_t r0, ptrdiff_t r1, ptrdiff_t o) {
  constexpr ptrdiff_t room = kLossTile + kLanes<T>;
  alignas(64) T z[room], y[room], losses[room], d_z[room];
  z[0] = y[0] = T(0);  // GCC takes it that there may be no rows
  const auto copied = [&](T* to, const auto& row) __attribute__((always_inline)) {
    const T* const copy = to;
    for (ptrdiff_t r = r0; r < r1; ++r, to += o)
      for_vectors<T>(o, FASTNN_BODY { store<T>(to + c, load_lanes<T>(row(r) + c, lanes)); });
    return copy;
  };
  const bool is_one = r1 - r0 == 1;
  const T *all_z = rows.z(r0), *all_y = rows.y(r0);
  if (!is_one && !rows.has_adjacent_z(o)) all_z = copied(z, [&](ptrdiff_t r) { return rows.z(r); });
  if (!is_one && !rows.has_adjacent_y(o)) all_y = copied(y, [&](ptrdiff_t r) { return rows.y(r); });
  loss.tile(loss.parameters, all_z, all_y, losses, d_z, (r1 - r0) * o);
  const auto inputs = [&](ptrdiff_t r) { return RowInputs<T>{losses + (r - r0) * o, d_z + (r - r0) * o}; };
  const auto eval = [&](const T* of_row, const T* slopes, int, V<T>& value, V<T>& gradient)
                        __attribute__((always_inline)) {
                          value = load<T>(of_row);
                          gradient = load<T>(slopes);
                        };
  return weighed_rows(rows, r0, r1, o, inputs, eval);
}

// What users_run does, by a function that sums up by itself.
template <class T>
double users_own_run(const fastnn::UserLoss& loss, const LossRows<T>& rows, ptrdiff_t count) {
  const double scale = double(rows.scale(0));
  double total = 0;
  in_pieces({0, count}, kLossTile, kFunctionWork, [&](ptrdiff_t begin, ptrdiff_t end) {
    total += loss.run(loss.parameters, rows.z(0) + begin, rows.y(0) + begin, rows.d_z(0) + begin, scale, end - begin);
  });
  return total * double(rows.weight(0));
}

// Numbers that lie side by side and have one weight: the first row, or the same of rows that are alike. Losses go into
// two sums, because one chain of 16 additions takes longer than all else.
template <class T>
double users_run(const fastnn::UserLoss& loss, const LossRows<T>& rows, ptrdiff_t count) {
  if (loss.run) return users_own_run<T>(loss, rows, count);
  constexpr ptrdiff_t vector = kLanes<T>;
  alignas(64) T losses[kLossTile], slopes[kLossTile];
  const T *const z = rows.z(0), *const y = rows.y(0);
  T* const d_z = rows.d_z(0);
  const V<T> scale = splat<T>(rows.scale(0));
  Wide<T> total = {};
  Meter meter;
  for (ptrdiff_t first = 0; first < count && !meter.stops(kFunctionWork * kLossTile); first += kLossTile) {
    const ptrdiff_t size = count - first < kLossTile ? count - first : kLossTile;
    loss.tile(loss.parameters, z + first, y + first, losses, slopes, size);
    V<T> even = {}, odd = {};
    const auto weigh = [&](ptrdiff_t c, int lanes, V<T>& sum) __attribute__((always_inline)) {
      store_lanes<T>(d_z + first + c, load_lanes<T>(slopes + c, lanes) * scale, lanes);
      sum += load_lanes<T>(losses + c, lanes);
    };
    ptrdiff_t c = 0;
    for (; c + 2 * vector <= size; c += 2 * vector) {
      weigh(c, kLanes<T>, even);
      weigh(c + vector, kLanes<T>, odd);
    }
    for (; c < size; c += vector) weigh(c, int(size - c < vector ? size - c : vector), even);
    add(total, widen(even + odd));
  }
  return sum_wide(total) * double(rows.weight(0));
}

// One output of a user's loss: a tile has a number from each row. Weighed and added up as single_output_rows does.
template <class T>
double users_single_output(const fastnn::UserLoss& loss, const LossRows<T>& rows, ptrdiff_t r0, ptrdiff_t r1) {
  alignas(64) T losses[kLossTile], y[kLossTile];
  const V<T> share = splat<T>(rows.share);
  V<T> total = {};
  for (; r0 < r1; r0 += kLossTile) {
    const ptrdiff_t size = r1 - r0 < kLossTile ? r1 - r0 : kLossTile;
    for_vectors<T>(size, FASTNN_BODY { store_lanes<T>(y + c, rows.targets(r0 + c, lanes), lanes); });
    T* const d_z = rows.d_z(r0);
    loss.tile(loss.parameters, rows.z(r0), y, losses, d_z, size);
    for_vectors<T>(size, FASTNN_BODY {
      const V<T> weight = rows.weights(r0 + c, lanes);
      store_lanes<T>(d_z + c, load_lanes<T>(d_z + c, lanes) * (weight * share), lanes);
      total += first_or<T>(weight * load_lanes<T>(losses + c, lanes), lanes, V<T>{});
    });
  }
  return double(sum_lanes<T>(total));
}

template <class T>
double users_loss_rows(const fastnn::UserLoss& loss, const LossRows<T>& rows, ptrdiff_t r0, ptrdiff_t r1, ptrdiff_t o) {
  if (rows.are_alike(o)) return users_run<T>(loss, rows.from(r0), (r1 - r0) * o);
  if (o == 1 && rows.has_adjacent_z(o)) return users_single_output<T>(loss, rows, r0, r1);
  Meter meter;
  if (o > kLossTile) {
    double total = 0;
    for (; r0 < r1 && !meter.stops(kFunctionWork * o); ++r0) total += users_run<T>(loss, rows.from(r0), o);
    return total;
  }
  Wide<T> total = {};
  const ptrdiff_t height = kLossTile / o;
  for (; r0 < r1 && !meter.stops(kFunctionWork * kLossTile); r0 += height)
    add(total, users_tile<T>(loss, rows, r0, r1 - r0 < height ? r1 : r0 + height, o));
  return sum_wide(total);
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

// The sum of weighted losses of rows [r0, r1); d_z gets the gradient of the mean. `g` has the loss.
template <class T, class Block>
FASTNN_INLINE double loss_rows(const Block& g, double parameter, const LossRows<T>& rows, ptrdiff_t r0, ptrdiff_t r1,
                               ptrdiff_t o) {
  if (o == 0) return 0;
  if (g.users_loss) return users_loss_rows<T>(*g.users_loss, rows, r0, r1, o);
  return with_loss(g.loss, [&](auto loss) __attribute__((always_inline)) {
    return loss.template rows<T>(rows, r0, r1, o, T(parameter));
  });
}

// Rows in blocks of kLossRows, one partial sum each, so that the total is the same for every team.
template <class T> void loss_and_gradient(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::LossAndGradient<T>*>(arguments);
  const LossRows<T> all(g.z, g.d_z, g.o, g.y, g.o, g.sample_weight, nullptr, 0, g.weight_total);
  const auto rows = fastnn::share_of(g.n, fastnn::kLossRows, member, team);
  Meter meter;
  for (ptrdiff_t r0 = rows.begin; r0 < rows.end; r0 += fastnn::kLossRows) {
    const ptrdiff_t r1 = r0 + fastnn::kLossRows < rows.end ? r0 + fastnn::kLossRows : rows.end;
    g.partial[r0 / fastnn::kLossRows] = loss_rows<T>(g, g.parameter, all, r0, r1, g.o);
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
