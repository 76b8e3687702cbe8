// Flat vectors: loops over a member's share of one, its sums, and its scaling.
#pragma once

#include "kernels/vector/loops.hpp"
#include "kernels/network/pieces.hpp"
#include "contract/kernels.hpp"

namespace {

// As many doubles as a vector of T has elements, each vector of them by itself: GCC keeps one that is longer than a
// register in memory, and copies it there several times for each addition (the squares of 40,000 numbers in float32: 63
// instead of 5.5 us with AVX2).
template <class T> struct Wide;
template <> struct Wide<float> {
  VecF64 low, high;
};
template <> struct Wide<double> {
  VecF64 low;
};

FASTNN_INLINE Wide<double> widen(VecF64 v) { return {v}; }

FASTNN_INLINE Wide<float> widen(VecF32 v) { return {low_doubles(v), high_doubles(v)}; }

FASTNN_INLINE void add(Wide<double>& total, const Wide<double>& v) { total.low += v.low; }

FASTNN_INLINE void add(Wide<float>& total, const Wide<float>& v) {
  total.low += v.low;
  total.high += v.high;
}

FASTNN_INLINE Wide<double> square(const Wide<double>& v) { return {v.low * v.low}; }

FASTNN_INLINE Wide<float> square(const Wide<float>& v) { return {v.low * v.low, v.high * v.high}; }

// The lanes in their order.
FASTNN_INLINE double sum_onto(double total, VecF64 v) {
  for (int k = 0; k < kLanes<double>; ++k) total += v[k];
  return total;
}

FASTNN_INLINE double sum_wide(const Wide<double>& v) { return sum_onto(0, v.low); }

FASTNN_INLINE double sum_wide(const Wide<float>& v) { return sum_onto(sum_onto(0, v.low), v.high); }

// The member's share of the vector, a vector register at a time: change(position, lanes), with whole ones as constants,
// since masks cost AVX2 on Zen 8 to 30 cycles for each vector that is stored.
template <class T, class Change>
FASTNN_INLINE void over_share(const fastnn::FlatVector<T>& g, int member, int team, const Change& change) {
  const auto part = fastnn::share_of(g.count, fastnn::kFlatGrain, member, team);
  in_pieces(part, fastnn::kFlatGrain, kCopyWork, [&](ptrdiff_t begin, ptrdiff_t end) {
    for_vectors<T>(end - begin, FASTNN_BODY { change(begin + c, lanes); });
  });
}

// One sum for every kFlatGrain elements, so that the total knows no threads; in float64, where 1e30 can be squared.
template <class T> void sum_of_squares(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::FlatVector<T>*>(arguments);
  const auto part = fastnn::share_of(g.count, fastnn::kFlatGrain, member, team);
  Meter meter;
  for (ptrdiff_t begin = part.begin; begin < part.end; begin += fastnn::kFlatGrain) {
    const ptrdiff_t end = begin + fastnn::kFlatGrain < part.end ? begin + fastnn::kFlatGrain : part.end;
    Wide<T> squares = {};
    for_vectors<T>(end - begin, FASTNN_BODY { add(squares, square(widen(load_lanes<T>(g.values + begin + c, lanes)))); });
    g.partial[begin / fastnn::kFlatGrain] = sum_wide(squares);
    if (meter.stops(kCopyWork * fastnn::kFlatGrain)) return;
  }
}

// 0 in every lane, or NaN in one where an element is infinite or NaN.
template <class T> FASTNN_INLINE Vec<T> zero_if_finite(const T* values, ptrdiff_t count) {
  Vec<T> sum[4] = {};
  ptrdiff_t c = 0;
  for (; c + 4 * kLanes<T> <= count; c += 4 * kLanes<T>)
#pragma GCC unroll 4
    for (int q = 0; q < 4; ++q) sum[q] += load<T>(values + c + q * kLanes<T>) * T(0);
  for (; c < count; c += kLanes<T>)
    sum[0] += load_first<T>(values + c, int(count - c < kLanes<T> ? count - c : kLanes<T>)) * T(0);
  return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

// One number for every kFlatGrain elements: 0, or NaN where one of them is infinite or NaN. At the speed of memory;
// a sum of the elements themselves could overflow.
template <class T> void check_finite(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::FlatVector<T>*>(arguments);
  const auto part = fastnn::share_of(g.count, fastnn::kFlatGrain, member, team);
  Meter meter;
  for (ptrdiff_t begin = part.begin; begin < part.end; begin += fastnn::kFlatGrain) {
    const ptrdiff_t end = begin + fastnn::kFlatGrain < part.end ? begin + fastnn::kFlatGrain : part.end;
    g.partial[begin / fastnn::kFlatGrain] = double(sum_lanes<T>(zero_if_finite<T>(g.values + begin, end - begin)));
    if (meter.stops(kCopyWork * fastnn::kFlatGrain)) return;
  }
}

template <class T> void scale(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::FlatVector<T>*>(arguments);
  over_share<T>(g, member, team, FASTNN_BODY {
    store_lanes<T>(g.values + c, load_lanes<T>(g.values + c, lanes) * T(g.number), lanes);
  });
}

}  // namespace
