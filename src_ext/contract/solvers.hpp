// Argument blocks of logistic regression's algorithms.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "contract/features.hpp"

namespace fastnn {

// Gradients and second derivatives by column: kernels/solvers/column_sums.hpp.
struct ColumnSums {
  Columns columns;
  const double *d_z, *weight, *p;  // (o, n); p only for o > 1
  double *d_w, *curvature, *moment;
  ptrdiff_t o;
};

// kernels/solvers/coordinate_descent.hpp: quadratic_descent uses the first group, column_descent the second one too.
struct Descent {
  Separable penalty;
  const double* hessian;
  double *w, *d_w;
  int64_t* active;  // room for the coordinates
  ptrdiff_t coordinates, max_sweeps;
  double tolerance;
  ptrdiff_t sweeps;  // done
  double fall;       // of the last sweep over all coordinates

  Columns columns;
  Separable penalty_b;
  const double *weight, *p, *curvature, *moment;
  const double *d_b, *curvature_b;  // null without an intercept
  double *b, *u, *q;
  double weight_total;  // sum of `weight` where the intercept is eliminated
  ptrdiff_t n, o;
  int eliminated;
};

// Rings of the last steps and changes of the gradient, (size, p).
struct LimitedMemory {
  const double *steps, *changes, *curvatures;
  double *factors, *vector;
  ptrdiff_t size, p, newest, count;
};

// Turns of SAGA: kernels/solvers/saga.hpp.
template <class T> struct Saga {
  Features x;
  const int32_t* y;
  const T* sample_weight;       // may be null
  const int64_t* order;         // rows that have their turn; null: 0 .. n-1
  const double *shift, *scale;  // of the features; no shift: zeros
  ptrdiff_t turns, rows, o;     // rows: that the table has a share of
  int has_bias;
  double step, total;  // a step of 0 fills the table
  Separable penalty;
  double *params, *table, *d_params;  // (p,), (n, o), (p,)
  double largest;                     // weight |x~|^2 of all rows that a step of 0 has seen, the bias's 1 in it
  void* workspace;
};

}  // namespace fastnn
