// How work is cut among a team.
#pragma once

#include <stddef.h>

namespace fastnn {

// The share of `member` when `count` things are cut in `team` contiguous pieces of whole `grain`s.
struct Share {
  ptrdiff_t begin, end;
};

static inline Share share_of(ptrdiff_t count, ptrdiff_t grain, int member, int team) {
  if (team == 1) return {0, count};  // two divisions less: of a small call they are a tenth
  const ptrdiff_t grains = (count + grain - 1) / grain;
  const ptrdiff_t begin = grains * member / team * grain, end = grains * (member + 1) / team * grain;
  return {begin < count ? begin : count, end < count ? end : count};
}

}  // namespace fastnn
