// Argument blocks of logistic regression's passes.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "contract/features.hpp"

namespace fastnn {

// One read of X: loss, gradient and second derivatives at `params`, or the Hessian's product with `params`. Sums are
// float64. The rows are cut into slots by shapes alone; each slot has sums of its own, which are then added in order.
template <class T> struct LogisticPass {
  Features x;
  const int32_t* y;        // null: a product
  const T* sample_weight;  // may be null
  T* state;                // (n, o): read by a product, else written unless null
  const double* params;    // w (i, o), then b (o) where there is one
  ptrdiff_t o;
  int has_bias;
  double *d_params, *diagonal, *hessian;  // the last two may be null
  double loss;
  void* workspace;
};

// x.T @ diag(weight) @ x, with a last column of ones where has_ones; a member owns columns of it.
template <class T> struct WeightedGram {
  Features x;
  const T* weight;
  int has_ones;
  double* out;
  T* packed;  // gram_scratch elements for each member of the team
};

}  // namespace fastnn
