// The rows that a loss is computed of: z and d_z, and the targets and weights that belong to them.
#pragma once

#include "kernels/elementwise/loss.hpp"
#include "kernels/vector/loops.hpp"

namespace {

// a / b, rounded once to double and once to T. The conversions of single numbers leave the rest of a register as it is,
// so that each would wait for the quotient before it: 25 cycles for a row with a weight.
FASTNN_INLINE double quotient_of(double a, double b) { return a / b; }

FASTNN_INLINE float quotient_of(float a, double b) {
  typedef float Pair __attribute__((vector_size(8)));
  typedef double WidePair __attribute__((vector_size(16)));
  const WidePair quotients = __builtin_convertvector((Pair{a, 0}), WidePair) / b;
  return __builtin_convertvector(quotients, Pair)[0];
}

template <class T> class LossRows {
 public:
  // Rows of z and d_z lie z_stride apart. Row r of z has the targets and the weight of row order[first + r], or of row
  // first + r where `order` is null; without sample_weight all weights are 1.
  FASTNN_INLINE LossRows(const T* z, T* d_z, ptrdiff_t z_stride, const T* y, ptrdiff_t y_stride, const T* sample_weight,
                         const int64_t* order, ptrdiff_t first, double weight_total)
      : weight_total(weight_total),
        share(T(1 / weight_total)),
        z_rows(z),
        y_rows(y),
        sample_weight(sample_weight),
        d_z_rows(d_z),
        z_stride(z_stride),
        y_stride(y_stride),
        order(order),
        first(first) {}

  double weight_total;
  T share;  // of a row of weight 1 in the mean

  FASTNN_INLINE const T* z(ptrdiff_t r) const { return z_rows + r * z_stride; }
  FASTNN_INLINE T* d_z(ptrdiff_t r) const { return d_z_rows + r * z_stride; }
  FASTNN_INLINE const T* y(ptrdiff_t r) const { return y_rows + at(r) * y_stride; }
  FASTNN_INLINE T weight(ptrdiff_t r) const { return sample_weight ? sample_weight[at(r)] : T(1); }
  FASTNN_INLINE T scale(ptrdiff_t r) const {
    return sample_weight ? quotient_of(sample_weight[at(r)], weight_total) : share;
  }

  // Of the rows from r on: the weights of some, and the targets of some that have one.
  FASTNN_INLINE V<T> weights(ptrdiff_t r, int count) const {
    return sample_weight ? gather(sample_weight, r, count) : splat<T>(T(1));
  }
  FASTNN_INLINE V<T> targets(ptrdiff_t r, int count) const { return gather(y_rows, r, count); }

  // Whether rows of o elements follow each other without a gap; and whether they are all alike besides.
  bool has_adjacent_z(ptrdiff_t o) const { return z_stride == o; }
  bool has_adjacent_y(ptrdiff_t o) const { return y_stride == o && !order; }
  bool are_alike(ptrdiff_t o) const { return has_adjacent_z(o) && has_adjacent_y(o) && !sample_weight; }

  // The rows from r on; others of the same elements where all are alike.
  LossRows from(ptrdiff_t r) const {
    return {z(r), d_z(r), z_stride, y_rows, y_stride, sample_weight, order, first + r, weight_total};
  }
  LossRows in_rows_of(ptrdiff_t o) const { return {z_rows, d_z_rows, o, y(0), o, nullptr, nullptr, 0, weight_total}; }

 private:
  const T *z_rows, *y_rows, *sample_weight;
  T* d_z_rows;
  ptrdiff_t z_stride, y_stride;
  const int64_t* order;
  ptrdiff_t first;

  FASTNN_INLINE ptrdiff_t at(ptrdiff_t r) const { return order ? ptrdiff_t(order[first + r]) : first + r; }

  FASTNN_INLINE V<T> gather(const T* values, ptrdiff_t r, int count) const {
    if (!order) return load_lanes<T>(values + first + r, count);
    alignas(64) T gathered[kLanes<T>] = {};
    const int64_t* const from = order + first + r;
    for (int k = 0; k < count; ++k) gathered[k] = values[from[k]];
    return load<T>(gathered);
  }
};

}  // namespace
