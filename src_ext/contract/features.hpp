// X and its columns as argument blocks have them.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace fastnn {

// X (n, i) as kernels read it where it may be sparse: rows `stride` elements apart, compressed sparse rows, or, in the
// passes of logistic regression, compressed sparse columns, whose rows ascend.
struct Features {
  const void* values;
  ptrdiff_t stride;
  const void *indices, *starts;  // null for dense rows
  int has_long_indices;          // of 64 bits instead of 32
  ptrdiff_t n, i, stored;
  const void* cells;  // null for rows; else where blocks of `cut` rows begin in each column (blocks + 1, i), as indices
  ptrdiff_t cut, fullest_block;  // elements of the block that has most
};

// Columns of X (n, m) in float64: entries starts[j] .. starts[j + 1] of `values` in `rows`, or, where starts is null, n
// values for each column.
struct Columns {
  const double* values;
  const int64_t* starts;
  const int32_t* rows;
  ptrdiff_t n, m;
};

// l1 |v| + l2 v^2 / 2 with lower <= v <= upper, for every coordinate.
struct Separable {
  const double *l1, *l2, *lower, *upper;
};

}  // namespace fastnn
