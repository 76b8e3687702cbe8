// Losses of whole rows, which work on all outputs of a row: value in float64, d_z = d loss / d z.
//
// Each is a struct with `rows`, the sum of the weighted losses of some rows as loss_rows.hpp asks for it. Like those of
// elements they are written on z.
#pragma once

#include "kernels/vector/loops.hpp"
#include "kernels/elementwise/loss.hpp"
#include "kernels/elementwise/loss_view.hpp"
#include "kernels/elementwise/softmax.hpp"
#include "kernels/network/pieces.hpp"
#include "kernels/vector/math.hpp"

namespace {

// Rows one after the other: row(z, y, d_z, scale) is the loss of one, and puts scale * gradient to d_z.
template <class T, class Row>
FASTNN_INLINE double sum_of_rows(const LossRows<T>& rows, ptrdiff_t r0, ptrdiff_t r1, ptrdiff_t o, const Row& row) {
  double total = 0;
  Meter meter;
  for (; r0 < r1; ++r0) {
    total += double(rows.weight(r0)) * row(rows.z(r0), rows.y(r0), rows.d_z(r0), rows.scale(r0));
    if (meter.stops(o)) break;
  }
  return total;
}

// log(sum exp z) * sum y - sum y z, shifted by the largest z: terms y (max - z) + sum y * log(sum exp(z - max)).
template <class T> FASTNN_INLINE double cross_entropy_row(const T* z, const T* y, T* d_z, ptrdiff_t count, T scale) {
  const V<T> zero = {}, lowest = splat<T>(-__builtin_inff());
  V<T> top = lowest;
  for_vectors<T>(count, FASTNN_BODY {
    const V<T> row = first_or<T>(load_lanes<T>(z + c, lanes), lanes, lowest);
    top = row > top ? row : top;
  });
  const V<T> largest = splat<T>(max_lanes<T>(top));
  V<T> sum = zero, sum_y = zero, linear = zero;
  for_vectors<T>(count, FASTNN_BODY {
    const V<T> target = load_lanes<T>(y + c, lanes), below = load_lanes<T>(z + c, lanes) - largest;
    const V<T> e = first_or<T>(exp_of_negative<T>(below), lanes, zero);
    sum += e;
    sum_y += target;
    linear += target == zero ? zero : target * below;
    store_lanes<T>(d_z + c, e, lanes);
  });
  const T mass = sum_lanes<T>(sum_y), normaliser = sum_lanes<T>(sum);
  const V<T> factor = splat<T>(scale * mass / normaliser);
  for_vectors<T>(count, FASTNN_BODY {
    store_lanes<T>(d_z + c, load_lanes<T>(d_z + c, lanes) * factor - load_lanes<T>(y + c, lanes) * scale, lanes);
  });
  const T log_sum = vlog<T>(splat<T>(normaliser))[0];
  return double(mass) * double(log_sum) - double(sum_lanes<T>(linear));
}

// Cross-entropy of kLanes rows of at most kSquares * kLanes outputs, turned so that a lane is a row: no sums across
// lanes, one logarithm for all rows. Rows beyond `count` repeat the last one and count nothing.
template <class T, int kSquares>
FASTNN_INLINE double cross_entropy_narrow(const LossRows<T>& rows, ptrdiff_t r0, int count, int o) {
  constexpr int lanes = kLanes<T>;
  V<T> z_squares[kSquares][lanes], y_squares[kSquares][lanes];
  const V<T> weight = rows.weights(r0, count);
#pragma GCC unroll 2
  for (int s = 0; s < kSquares; ++s) {
    const int first = s * lanes, left = o - first < lanes ? o - first : lanes;
#pragma GCC unroll 16
    for (int r = 0; r < lanes; ++r) {
      const ptrdiff_t row = r0 + (r < count ? r : count - 1);
      z_squares[s][r] = load_first<T>(rows.z(row) + first, left);
      y_squares[s][r] = load_first<T>(rows.y(row) + first, left);
    }
    transpose_square<T>(z_squares[s]);
    transpose_square<T>(y_squares[s]);
  }
  V<T>*const z = z_squares[0], *const y = y_squares[0];
  const V<T> scale = weight * rows.share;
  V<T> largest = z[0], zero = {};
  for (int c = 1; c < o; ++c) largest = maximum<T>(largest, z[c]);
  V<T> sum = zero, mass = zero, linear = zero;
  for (int c = 0; c < o; ++c) {
    const V<T> below = z[c] - largest;
    z[c] = exp_of_negative<T>(below);
    sum += z[c];
    mass += y[c];
    linear += y[c] == zero ? zero : y[c] * below;
  }
  const V<T> factor = scale * mass / sum, loss = weight * (mass * vlog<T>(sum) - linear);
  for (int c = 0; c < o; ++c) z[c] = z[c] * factor - y[c] * scale;
#pragma GCC unroll 2
  for (int s = 0; s < kSquares; ++s) {
    const int first = s * lanes, left = o - first < lanes ? o - first : lanes;
    transpose_square<T>(z_squares[s]);
    for (int r = 0; r < count; ++r) store_first<T>(rows.d_z(r0 + r) + first, z_squares[s][r], left);
  }
  return double(sum_lanes<T>(first_or<T>(loss, count, zero)));
}

template <class T, int kSquares>
double cross_entropy_narrow_rows(const LossRows<T>& rows, ptrdiff_t r0, ptrdiff_t r1, int o) {
  double total = 0;
  for (; r0 < r1; r0 += kLanes<T>)
    total += cross_entropy_narrow<T, kSquares>(rows, r0, int(r1 - r0 < kLanes<T> ? r1 - r0 : kLanes<T>), o);
  return total;
}

struct CrossEntropy {
  template <class T>
  static FASTNN_INLINE double rows(const LossRows<T>& rows, ptrdiff_t r0, ptrdiff_t r1, ptrdiff_t o, T) {
    if (o <= 2 * kLanes<T> && kLanes<T> >= 8)
      return o <= kLanes<T> ? cross_entropy_narrow_rows<T, 1>(rows, r0, r1, int(o))
                            : cross_entropy_narrow_rows<T, 2>(rows, r0, r1, int(o));
    return sum_of_rows<T>(rows, r0, r1, o, [o](auto z, auto y, auto d_z, T scale) __attribute__((always_inline)) {
      return cross_entropy_row<T>(z, y, d_z, o, scale);
    });
  }
};

// A row of the focal loss sum y (1 - p)^gamma (-log p) with p = softmax(z): its largest z and its first place, the sum
// of exp(z - largest) but for that place, `rest`, and 1 + rest. The rest alone gives 1 - p of the likeliest class
// without cancellation.
template <class T> struct FocalRow {
  V<T> largest, rest, total, log_total;
  IVec<T> place;  // in all lanes; beyond the row where z has NaN

  // Which lanes of the vector that begins at element c hold it.
  FASTNN_INLINE auto is_largest(ptrdiff_t c) const { return lane_index<T>() + Int<T>(c) == place; }
};

// p and 1 - p of some elements, from e = exp(z - largest).
template <class T> struct Share {
  V<T> p, others;
};

template <class T> FASTNN_INLINE Share<T> share_of_class(const FocalRow<T>& row, V<T> e, ptrdiff_t c) {
  return {e / row.total, (row.is_largest(c) ? row.rest : row.total - e) / row.total};
}

template <class T> FASTNN_INLINE V<T> exp_below(const FocalRow<T>& row, const T* z, ptrdiff_t c, int lanes) {
  return first_or<T>(exp_of_negative<T>(load_lanes<T>(z + c, lanes) - row.largest), lanes, V<T>{});
}

template <class T> FASTNN_INLINE FocalRow<T> focal_row(const T* z, ptrdiff_t count) {
  const V<T> lowest = splat<T>(-__builtin_inff());
  V<T> top = lowest, sum = {};
  for_vectors<T>(count, [&](ptrdiff_t c, int lanes) __attribute__((always_inline)) {
    top = maximum<T>(first_or<T>(load_lanes<T>(z + c, lanes), lanes, lowest), top);
  });
  const T largest = max_lanes<T>(top);
  FocalRow<T> row;
  ptrdiff_t place = 0;
  while (place < count && !(z[place] == largest)) ++place;
  row.largest = splat<T>(largest);
  row.place = IVec<T>{} + Int<T>(place);
  for_vectors<T>(count, [&](ptrdiff_t c, int lanes) __attribute__((always_inline)) {
    sum += row.is_largest(c) ? V<T>{} : exp_below<T>(row, z, c, lanes);
  });
  row.rest = splat<T>(sum_lanes<T>(sum));
  row.total = T(1) + row.rest;
  row.log_total = vlog1p<T>(row.rest);
  return row;
}

struct Focal {
  // With l = -log p and f = (1 - p)^gamma (1 + gamma p l / (1 - p)), of which the last quotient goes to 1 where p does:
  // d_z = p (sum y f - y f) - (1 - p) y f.
  template <class T>
  static FASTNN_INLINE double row(const T* z, const T* y, T* d_z, ptrdiff_t count, T gamma, T scale) {
    const V<T> zero = {}, one = splat<T>(T(1));
    const FocalRow<T> row = focal_row<T>(z, count);
    V<T> loss = zero, mass = zero;
    for_vectors<T>(count, [&](ptrdiff_t c, int lanes) __attribute__((always_inline)) {
      const V<T> target = load_lanes<T>(y + c, lanes), below = load_lanes<T>(z + c, lanes) - row.largest;
      const V<T> minus_log = row.log_total - below;
      const Share<T> share = share_of_class<T>(row, exp_below<T>(row, z, c, lanes), c);
      const V<T> weight = gamma == T(0) ? one : exp_of_negative<T>(gamma * vlog<T>(share.others));
      const V<T> quotient = share.p == zero ? zero : share.others == zero ? one : share.p * minus_log / share.others;
      const V<T> slope = target == zero ? zero : target * weight * (T(1) + gamma * quotient);
      loss += target == zero ? zero : target * weight * minus_log;
      mass += slope;
      store_lanes<T>(d_z + c, slope, lanes);
    });
    const V<T> total = splat<T>(sum_lanes<T>(mass));
    for_vectors<T>(count, [&](ptrdiff_t c, int lanes) __attribute__((always_inline)) {
      const V<T> slope = load_lanes<T>(d_z + c, lanes);
      const Share<T> share = share_of_class<T>(row, exp_below<T>(row, z, c, lanes), c);
      store_lanes<T>(d_z + c, scale * (share.p * (total - slope) - share.others * slope), lanes);
    });
    return double(sum_lanes<T>(loss));
  }

  template <class T>
  static FASTNN_INLINE double rows(const LossRows<T>& rows, ptrdiff_t r0, ptrdiff_t r1, ptrdiff_t o, T gamma) {
    return sum_of_rows<T>(rows, r0, r1, o, [=](auto z, auto y, auto d_z, T scale) __attribute__((always_inline)) {
      return row<T>(z, y, d_z, o, gamma, scale);
    });
  }
};

}  // namespace
