// Long work in pieces, between which Ctrl-C may end it (runtime/interrupt.hpp). What a kernel has written until then is
// of no use: the binding raises.
#pragma once

#include "kernels/vector/simd.hpp"
#include "contract/kernels.hpp"

extern "C" int fastnn_interrupted();

namespace {

// Multiply-adds between two looks: 10 us with AVX-512, half a millisecond with SSE2, where a look takes 30 ns.
constexpr ptrdiff_t kPieceWork = ptrdiff_t(1) << 21;

// What an element costs in them that is read or written once, and one that also goes through an exponential or two.
constexpr ptrdiff_t kCopyWork = 8, kFunctionWork = 32;

// Counts work that is done; says after every piece whether to stop.
class Meter {
 public:
  FASTNN_INLINE bool stops(ptrdiff_t work) {
    left -= work;
    if (__builtin_expect(left > 0, 1)) return false;
    left = kPieceWork;
    return fastnn_interrupted() != 0;
  }

 private:
  ptrdiff_t left = kPieceWork;
};

// body(begin, end) for what is shared out, in pieces of whole grains; `work` is that of one.
template <class Body>
FASTNN_INLINE void in_pieces(fastnn::Share all, ptrdiff_t grain, ptrdiff_t work, const Body& body) {
  ptrdiff_t size = all.end - all.begin;
  if (size > grain && size * work > kPieceWork) {
    size = kPieceWork / work / grain * grain;
    if (size < grain) size = grain;
  }
  for (ptrdiff_t begin = all.begin; begin < all.end; begin += size) {
    if (begin > all.begin && fastnn_interrupted()) return;
    body(begin, all.end - begin < size ? all.end : begin + size);
  }
}

}  // namespace
