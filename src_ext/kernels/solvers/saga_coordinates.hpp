// The coordinates of SAGA: one parameter each, with all that its steps need, in the order in which rows want them.
#pragma once

#include "kernels/elementwise/softmax.hpp"
#include "kernels/logistic/sums.hpp"
#include "kernels/vector/math.hpp"
#include "contract/kernels.hpp"

namespace {

constexpr ptrdiff_t kSagaAhead = 6;          // turns
constexpr ptrdiff_t kSagaPrefetched = 1024;  // elements of a row; the processor sees the rest coming

// Elements from one place on.
struct At {
  ptrdiff_t c;
  FASTNN_INLINE VecF64 operator()(const double* p) const { return load<double>(p + c); }
};

FASTNN_INLINE VecF64 load_double(const double* p, int lanes) { return load_lanes<double>(p, lanes); }

FASTNN_INLINE VecF64 load_double(const float* p, int lanes) {
  HalfF32 half = {};
  if (lanes == kLanes<double>) memcpy(&half, p, sizeof half);
  else
    for (int k = 0; k < lanes; ++k) half[k] = p[k];
  return __builtin_convertvector(half, VecF64);
}

template <class T> FASTNN_INLINE ptrdiff_t saga_row(const fastnn::Saga<T>& g, ptrdiff_t turn) {
  return g.order ? ptrdiff_t(g.order[turn]) : turn;
}

// Dense rows go through the features of an output, sparse ones through the outputs of a feature. What runs along is
// padded to whole vectors with coordinates that stay 0; the biases come last.
struct SagaSpace {
  ptrdiff_t features, by_feature, by_output, biases, count;
  double *v, *d, *l1, *shrink, *lower, *upper;  // of every coordinate
  double *rate, *reach;                         // of sparse rows' coordinates: what `drift` takes
  double *shift, *scale, *row, *last;           // of every feature
  double *z, *change;                           // of every output

  template <class T> SagaSpace(const fastnn::Saga<T>& g, bool is_sparse) {
    const ptrdiff_t outputs = round_up<double>(g.o), wide = g.o == 1 ? 1 : outputs;
    features = round_up<double>(g.x.i);
    by_feature = is_sparse ? wide : 1;
    by_output = is_sparse ? 1 : features;
    biases = round_up<double>(is_sparse ? g.x.i * wide : g.o * features);
    count = biases + outputs;
    double* const of_coordinates = static_cast<double*>(g.workspace);
    double** const first[] = {&v, &d, &l1, &shrink, &lower, &upper, &rate, &reach};
    double **const second[] = {&shift, &scale, &row, &last}, **const third[] = {&z, &change};
    for (int k = 0; k < 8; ++k) *first[k] = of_coordinates + k * count;
    for (int k = 0; k < 4; ++k) *second[k] = of_coordinates + 8 * count + k * features;
    for (int k = 0; k < 2; ++k) *third[k] = of_coordinates + 8 * count + 4 * features + k * outputs;
    size = size_t(8 * count + 4 * features + 2 * outputs) * sizeof(double);
  }

  FASTNN_INLINE ptrdiff_t place(ptrdiff_t j, ptrdiff_t k, ptrdiff_t i) const {
    return j < i ? j * by_feature + k * by_output : biases + k;
  }

  size_t size;  // bytes
};

template <class T> size_t saga_workspace(const void* arguments) {
  const auto& g = *static_cast<const fastnn::Saga<T>*>(arguments);
  return SagaSpace(g, g.x.starts != nullptr).size;
}

// The minimiser of (v - t)^2 / 2 + step (l1 |v| + l2 v^2 / 2) between the bounds; where not kFull there is l2 alone.
template <bool kFull, class Read>
FASTNN_INLINE VecF64 proximal(const SagaSpace& space, VecF64 step, VecF64 t, const Read& at) {
  if constexpr (!kFull) return t * at(space.shrink);
  const VecF64 size = maximum<double>(VecF64{}, absolute<double>(t) - step * at(space.l1));
  const VecF64 v = copy_sign<double>(size, t) * at(space.shrink);
  return minimum<double>(at(space.upper), maximum<double>(at(space.lower), v));
}

FASTNN_INLINE double log1p_of(double y) {
  return y <= 1 ? log1p_of_unit<double>(splat<double>(y))[0] : vlog<double>(splat<double>(1 + y))[0];
}

template <class T> void read_coordinates(const fastnn::Saga<T>& g, const SagaSpace& space, bool& is_full) {
  memset(space.v, 0, space.size);
  for (ptrdiff_t c = 0; c < space.count; ++c) {
    space.shrink[c] = 1;
    space.lower[c] = -__builtin_inf();
    space.upper[c] = __builtin_inf();
  }
  for (ptrdiff_t j = 0; j < g.x.i; ++j) {
    space.shift[j] = g.shift ? g.shift[j] : 0.0;
    space.scale[j] = g.scale[j];
  }
  Meter meter;
  for (ptrdiff_t j = 0; j < g.x.i + g.has_bias; ++j) {
    if (meter.stops(kFunctionWork * g.o)) return;
    for (ptrdiff_t k = 0; k < g.o; ++k) {
      const ptrdiff_t from = j * g.o + k, c = space.place(j, k, g.x.i);
      const double shrinking = g.step * g.penalty.l2[from];
      space.v[c] = g.params[from];
      space.d[c] = g.d_params[from];
      space.l1[c] = g.penalty.l1[from];
      space.shrink[c] = 1 / (1 + shrinking);
      space.lower[c] = g.penalty.lower[from];
      space.upper[c] = g.penalty.upper[from];
      is_full |= space.l1[c] != 0 || space.lower[c] > -__builtin_inf() || space.upper[c] < __builtin_inf();
      if (!g.x.starts) continue;
      space.rate[c] = log1p_of(shrinking);
      space.reach[c] = shrinking > 0 ? g.step * (space.rate[c] / shrinking) : g.step;
    }
  }
}

template <class T> void write_coordinates(const fastnn::Saga<T>& g, const SagaSpace& space) {
  for (ptrdiff_t j = 0; j < g.x.i + g.has_bias; ++j)
    for (ptrdiff_t k = 0; k < g.o; ++k) {
      const ptrdiff_t to = j * g.o + k, c = space.place(j, k, g.x.i);
      g.params[to] = space.v[c] + 0.0;  // no -0
      g.d_params[to] = space.d[c];
    }
}

}  // namespace
