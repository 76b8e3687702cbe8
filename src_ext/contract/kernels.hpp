// What the kernels and the binding agree on: one argument block per kernel, one table of kernels per instruction set.
//
// Every kernel is written for a team: `kernel(arguments, member, team)` does its share of the work, cut by shapes
// alone, and the pool (pool.hpp) calls it once per member. Sizes are ptrdiff_t, arrays C-contiguous. The blocks are
// templates over the element type; the table erases it (index 0: float, 1: double). Plain types only: this header is
// compiled for every instruction set.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "contract/activations.hpp"

namespace fastnn {

template <class T> struct DenseForward {
  const T *x, *w, *b;  // b may be null
  T* out;
  ptrdiff_t n, i, o;
  Activation activation;
};

template <class T> struct DenseBackwardInput {
  const T *d_z, *w;
  T *out, *scratch;  // scratch: the packed transpose of w
  ptrdiff_t n, i, o;
};

template <class T> struct DenseBackwardParams {
  const T *x, *d_z;
  T *d_w, *d_b;
  ptrdiff_t n, i, o;
};

template <class T> struct ActivationForward {
  const T* z;
  T* out;
  ptrdiff_t n, o;
  Activation activation;
};

template <class T> struct ActivationBackward {
  const T *z, *a, *d_a;
  T* out;
  ptrdiff_t n, o;
  Activation activation;
};

template <class T> struct Link {
  const T* z;
  T* out;
  ptrdiff_t n, o;
  int loss;
};

template <class T> struct LossAndGradient {
  const T *z, *y, *sample_weight;  // sample_weight may be null
  T* d_z;
  double* partial;  // one sum for every kLossRows rows
  ptrdiff_t n, o;
  int loss;
  double parameter;     // of the loss: Huber's delta, the quantile
  double weight_total;  // of all rows
};

constexpr ptrdiff_t kLossRows = 256;

constexpr int kMaxSlots = 3;  // state vectors per parameter: two of an optimizer, and the parameters' average
constexpr int kMaxHyper = 4;

enum Optimizer : int { kSgd = 0, kAdam = 1, kRmsprop = 2, kAdagrad = 3, kAdamW = 4, kNadam = 5, kStoreGradient = -1 };

static inline int slots_of(int optimizer) {
  return optimizer == kStoreGradient ? 0 : optimizer == kAdam || optimizer == kAdamW || optimizer == kNadam ? 2 : 1;
}

// One step on flat vectors. `hyper` has the optimizer's own numbers, in the order of optimizers.py.
template <class T> struct OptimizerStep {
  int optimizer;
  T* params;
  const T* d_params;
  T* slots[kMaxSlots];
  ptrdiff_t count;
  int64_t step;  // from 1
  double learning_rate;
  double hyper[kMaxHyper];
};

// What is done to a flat vector, element by element or as a whole.
template <class T> struct FlatVector {
  T* values;
  const T* other;   // ema_step: the parameters
  double* partial;  // of sums: one for every kFlatGrain elements
  ptrdiff_t count;
  double number;    // the limit, the factor, the decay
};

constexpr ptrdiff_t kFlatGrain = 1024;

// out = x / (1 - rate) where a row's element is kept, else 0; the mask is a function of the numbers below.
template <class T> struct Dropout {
  const T* x;
  T* out;
  ptrdiff_t n, o;
  double rate;
  uint64_t seed;
  int64_t step;
  int64_t layer, first_row;
};

// A network as numbers, as plan.py has it.
struct NetworkShape {
  const int64_t* widths;  // layers + 1
  const Activation* activations;
  const int32_t* has_bias;
  const double* dropout;  // rates on the layers' inputs, in training
  ptrdiff_t layers;
};

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

template <class T> struct NetworkForward {
  NetworkShape shape;
  const T *params, *x;  // x null: `sparse` has it
  Features sparse;
  T *out, *scratch;  // scratch: network_forward_scratch elements for each member of the team
  ptrdiff_t n;
  int link;   // a loss, whose link makes predictions of the last layer's activation; or kNoLink
  int pairs;  // of one output and its negative: both classes of a sigmoid neuron; out is (n, 2)
  int* infinite;       // set where a dense x has something that is infinite or NaN; null: nobody asks
  ptrdiff_t* claimed;  // blocks of rows that members have taken; 0 before and after
};

constexpr int kNoLink = -1;

// Training: `prepare` packs the parameters, `run` does steps until `last_step` or the deadline, `finish` unpacks them and
// their average if all is finite, `slots` what else the optimizer remembers.
template <class T> struct Epoch {
  NetworkShape shape;
  const T* x;                // null: `sparse` has it
  Features sparse;           // compressed sparse rows
  ptrdiff_t longest_row;     // entries of the longest of them
  const T *y, *sample_weight;  // sample_weight may be null
  const int64_t* order;            // rows to visit; null: 0 .. n-1
  ptrdiff_t n, batch_size;         // n: rows to visit
  int loss, optimizer;
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
  int resumes;  // the workspace is as the epoch before has left it; only params may have changed since
  int ends;     // `slots`: nothing goes on in the workspace
  const int32_t* interrupted;  // set where Ctrl-C ends it in the middle of a step
  // progress
  ptrdiff_t next_step, last_step;  // steps of this epoch
  double deadline;                 // seconds on the clock of `seconds()`
  ptrdiff_t rows_done;             // of the step that is under way, when it paused between two chunks
  double batch_loss;               // of those rows
  int paused;
  double loss_sum, penalty_sum;    // sums over steps of the batch's mean loss and penalty times its rows
  int stopped;                     // a loss, a parameter or an average is not finite
};

// One neuron's epoch. Online (neuron_online.hpp), `neuron_online` takes rows until the deadline; batches of several rows
// (neuron.hpp) take `neuron_gradient` and `neuron_add` for every slab of rows.
constexpr ptrdiff_t kNeuronBlocks = 16;   // of a slab
constexpr ptrdiff_t kNeuronStride = 128;  // the parameters and what runs parallel to them are padded to a multiple

template <class T> struct NeuronEpoch {
  const T* x;                // null: `sparse` has it
  Features sparse;           // compressed sparse rows
  ptrdiff_t longest_row;     // entries of the longest of them
  const T *y, *sample_weight;  // sample_weight may be null
  const int64_t* order;            // rows to visit; null: 0 .. n-1
  ptrdiff_t n, i, batch_size;      // n: rows to visit
  Activation activation;
  const double* learning_rates;  // one per step
  ptrdiff_t stride;              // i + 1, padded
  T* params;                     // (stride,): w, then b
  double* total;                 // (i + 1): the sum of the parameters after every step; or null
  ptrdiff_t block_rows;          // rows to take at a time
  T* partial;                    // (kNeuronBlocks, stride): the gradient of each block; online, (stride,)
  double* gradient;              // (i + 1): of the batch so far, zero between batches; not online
  // progress
  ptrdiff_t next_row, slab_rows;
  double deadline;              // on the clock of `seconds()`
  double loss_sum, weight_sum;  // of all rows so far
  double batch_weight;          // of the batch so far
  double partial_loss[kNeuronBlocks], partial_weight[kNeuronBlocks];
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

// See kernels/columns.hpp.
struct ColumnSums {
  Columns columns;
  const double *d_z, *weight, *p;  // (o, n); p only for o > 1
  double *d_w, *curvature, *moment;
  ptrdiff_t o;
};

// See kernels/coordinate_descent.hpp: quadratic_descent uses the first group, column_descent the second one too.
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

// See kernels/limited_memory.hpp: rings of the last steps and changes of the gradient, (size, p).
struct LimitedMemory {
  const double *steps, *changes, *curvatures;
  double *factors, *vector;
  ptrdiff_t size, p, newest, count;
};

// --- logistic regression -------------------------------------------------------------------------------------------

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

// Turns of SAGA, see kernels/saga.hpp.
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

// x.T @ diag(weight) @ x, with a last column of ones where has_ones; a member owns columns of it.
template <class T> struct WeightedGram {
  Features x;
  const T* weight;
  int has_ones;
  double* out;
  T* packed;  // gram_scratch elements for each member of the team
};

struct Kernels {
  const char* name;
  int vector_bytes;
  void (*dense_forward[2])(const void*, int, int);
  void (*dense_backward_input[2])(const void*, int, int);
  ptrdiff_t (*dense_backward_input_scratch[2])(ptrdiff_t i, ptrdiff_t o);  // elements
  void (*pack_transposed[2])(const void*);                                // fills scratch of dense_backward_input
  void (*dense_backward_params[2])(const void*, int, int);
  void (*activation_forward[2])(const void*, int, int);
  void (*activation_backward[2])(const void*, int, int);
  void (*link[2])(const void*, int, int);
  void (*loss_and_gradient[2])(const void*, int, int);
  void (*optimizer_step[2])(const void*, int, int);
  void (*clip_by_value[2])(const void*, int, int);
  void (*sum_of_squares[2])(const void*, int, int);
  void (*sum_of_nothing[2])(const void*, int, int);
  void (*scale[2])(const void*, int, int);
  void (*ema_step[2])(const void*, int, int);
  void (*dropout[2])(const void*, int, int);
  ptrdiff_t (*network_forward_scratch[2])(const void*);  // elements for one member
  void (*network_forward[2])(const void*, int, int);
  size_t (*epoch_workspace[2])(const void*);  // bytes
  void (*epoch_prepare[2])(void*);
  void (*epoch_run[2])(void*, int, int);
  void (*epoch_finish[2])(void*);
  void (*epoch_slots[2])(void*);
  void (*neuron_online[2])(void*);
  void (*neuron_gradient[2])(void*, int, int);
  void (*neuron_add[2])(void*);
  void (*column_sums)(const void*, int, int);  // of float64 alone, as the next five
  void (*quadratic_descent)(const void*, int, int);
  void (*column_descent)(const void*, int, int);
  void (*memory_backward)(const void*, int, int);
  void (*memory_forward)(const void*, int, int);
  double (*dot)(const double*, const double*, ptrdiff_t);
  size_t (*saga_workspace[2])(const void*);  // bytes
  void (*saga_epoch[2])(void*);
  size_t (*logistic_workspace[2])(const void*, int team);  // bytes
  void (*logistic_prepare[2])(void*);
  void (*logistic_rows[2])(const void*, int, int);  // every slot's sums,
  void (*logistic_sums[2])(const void*, int, int);  // their total,
  void (*logistic_finish[2])(void*);                // and what the caller wants of it
  ptrdiff_t (*gram_scratch[2])(const void*);        // elements for one member
  void (*gram_columns[2])(const void*, int, int);
  void (*gram_mirror[2])(const void*, int, int);
  double (*fma_peak[2])();  // FLOP/s of one core, measured by independent chains in registers
  double (*read_seconds[2])(const void*, ptrdiff_t, int);  // to read so many elements once, the best of so many runs
};

// The share of `member` when `count` things are cut in `team` contiguous pieces of whole `grain`s.
struct Share {
  ptrdiff_t begin, end;
};

static inline Share share_of(ptrdiff_t count, ptrdiff_t grain, int member, int team) {
  const ptrdiff_t grains = (count + grain - 1) / grain;
  const ptrdiff_t begin = grains * member / team * grain, end = grains * (member + 1) / team * grain;
  return {begin < count ? begin : count, end < count ? end : count};
}

}  // namespace fastnn
