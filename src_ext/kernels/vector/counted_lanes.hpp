// Lanes of a vector by their count, for instruction sets without registers for masks.
#pragma once

#include "kernels/vector/types.hpp"

namespace {

// Which lanes load_lanes takes: the first `count`; all where there are more, none below 1.
template <class T> struct Lanes {
  int count = 0;
  Lanes() = default;
  FASTNN_INLINE explicit Lanes(ptrdiff_t count) : count(int(count < kLanes<T> ? count : kLanes<T>)) {}
};

template <class T> FASTNN_INLINE Vec<T> load_lanes(const T* p, Lanes<T> lanes) {
  return lanes.count == kLanes<T> ? load<T>(p) : lanes.count > 0 ? load_first<T>(p, lanes.count) : Vec<T>{};
}

}  // namespace
