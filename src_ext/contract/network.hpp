// Argument blocks of network kernels: a forward pass and an epoch of training.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "contract/elementwise.hpp"
#include "contract/features.hpp"

namespace fastnn {

// A network as numbers, as plan.py has it.
struct NetworkShape {
  const int64_t* widths;  // layers + 1
  const Activation* activations;
  const int32_t* has_bias;
  const double* dropout;  // rates on the layers' inputs, in training
  ptrdiff_t layers;
};

template <class T> struct NetworkForward {
  NetworkShape shape;
  const T *params, *x;  // x null: `sparse` has it
  Features sparse;
  T *out, *scratch;  // scratch: network_forward_scratch elements for each member of the team
  ptrdiff_t n;
  int link;            // what makes predictions of the last layer's activation; or kNoLink
  int pairs;           // of one output and its negative: both classes of a sigmoid neuron; out is (n, 2)
  int* infinite;       // set where a dense x has something that is infinite or NaN; null: nobody asks
  ptrdiff_t* claimed;  // blocks of rows that members have taken; 0 before and after
};

// Training: `prepare` packs the parameters, `run` does steps until `last_step` or the deadline, `finish` unpacks them
// and their average if all is finite, `slots` what else the optimizer remembers.
template <class T> struct Epoch {
  NetworkShape shape;
  const T* x;                  // null: `sparse` has it
  Features sparse;             // compressed sparse rows
  ptrdiff_t longest_row;       // entries of the longest of them
  const T *y, *sample_weight;  // sample_weight may be null
  const int64_t* order;        // rows to visit; null: 0 .. n-1
  ptrdiff_t n, batch_size;     // n: rows to visit
  int loss, optimizer;         // a LossCode, which counts where users_loss is null
  const UserLoss* users_loss;
  double loss_parameter, alpha, l1;
  double clip_value, clip_norm;  // of the gradient; infinite: not clipped
  double ema;                    // decay of the parameters' average, the last of the slots; negative: there is none
  uint64_t seed;                 // of dropout
  double hyper[kMaxHyper];
  const double* learning_rates;  // one per step of this epoch
  int64_t first_step;            // optimizer steps taken before this epoch
  T* params;
  T* slots[kMaxSlots];
  T* d_params;  // only kStoreGradient
  void* workspace;
  int resumes;                 // the workspace is as the epoch before has left it; only params may have changed since
  int ends;                    // `slots`: nothing goes on in the workspace
  const int32_t* interrupted;  // set where Ctrl-C ends it in the middle of a step
  // progress
  ptrdiff_t next_step, last_step;  // steps of this epoch
  double deadline;                 // seconds on the clock of `seconds()`
  ptrdiff_t rows_done;             // of the step that is under way, when it paused between two chunks
  double batch_loss;               // of those rows
  int paused;
  double loss_sum, penalty_sum;  // sums over steps of the batch's mean loss and penalty times its rows
  int stopped;                   // a loss, a parameter or an average is not finite
};

}  // namespace fastnn
