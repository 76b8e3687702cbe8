// What happens to a gradient before an optimizer's step, and to the parameters after it: clipping by value, and an
// exponential moving average. (Clipping by norm is a sum of squares and a scaling, vector/flat.hpp.)
#pragma once

#include "kernels/vector/flat.hpp"

namespace {

// value within [-limit, limit]; a NaN stays one.
template <class T> FASTNN_INLINE Vec<T> clip(Vec<T> value, T limit) {
  return minimum<T>(splat<T>(limit), maximum<T>(splat<T>(-limit), value));
}

template <class T> void clip_by_value(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::FlatVector<T>*>(arguments);
  over_share<T>(g, member, team, FASTNN_BODY {
    store_lanes<T>(g.values + c, clip<T>(load_lanes<T>(g.values + c, lanes), T(g.number)), lanes);
  });
}

template <class T> FASTNN_INLINE Vec<T> averaged(Vec<T> average, Vec<T> value, T rest) {
  return average + rest * (value - average);
}

template <class T> void ema_step(const void* arguments, int member, int team) {
  const auto& g = *static_cast<const fastnn::FlatVector<T>*>(arguments);
  const T rest = T(1 - g.number);
  over_share<T>(g, member, team, FASTNN_BODY {
    const Vec<T> average = load_lanes<T>(g.values + c, lanes), value = load_lanes<T>(g.other + c, lanes);
    store_lanes<T>(g.values + c, averaged<T>(average, value, rest), lanes);
  });
}

}  // namespace
