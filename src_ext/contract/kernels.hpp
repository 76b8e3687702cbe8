// What the kernels and the binding agree on: one argument block per kernel (the headers below, one a family), and one
// list of kernels. The table of function pointers, its entries in every instruction set, and what Cython knows of both
// (_contract.pxd) are made from them, so nothing is listed twice and no place in a table can be mistaken for another.
//
// Every kernel is written for a team: `kernel(arguments, member, team)` does its share of the work, cut by shapes
// alone, and the pool (runtime/pool.hpp) calls it once per member. Sizes are ptrdiff_t, arrays C-contiguous. The blocks
// are templates over the element type; the table erases it (index 0: float, 1: double). Plain types only: this header
// is compiled for every instruction set. After a change run tools/contract.py, which writes _contract.pxd.
#pragma once

#include <stddef.h>

#include "contract/dense.hpp"
#include "contract/elementwise.hpp"
#include "contract/features.hpp"
#include "contract/logistic.hpp"
#include "contract/network.hpp"
#include "contract/neuron.hpp"
#include "contract/share.hpp"
#include "contract/solvers.hpp"

namespace fastnn {

using TeamKernel = void (*)(const void* arguments, int member, int team);
using EpochKernel = void (*)(void* arguments, int member, int team);  // keeps its progress in the block
using EpochFunction = void (*)(void* arguments);
using BlockFunction = void (*)(const void* arguments);
using BlockElements = ptrdiff_t (*)(const void* arguments);  // of scratch that one member needs
using BlockBytes = size_t (*)(const void* arguments);        // of the workspace
using TeamBytes = size_t (*)(const void* arguments, int team);
using MatrixElements = ptrdiff_t (*)(ptrdiff_t i, ptrdiff_t o);  // of scratch
using ActivationKernel = void (*)(const Activation* activation, const void* z, void* a, void* slope, ptrdiff_t count);
using DotProduct = double (*)(const double* a, const double* b, ptrdiff_t count);
using PeakRate = double (*)();                                                  // FLOP/s of one core
using ReadSeconds = double (*)(const void* memory, ptrdiff_t count, int runs);  // the best of them

// The list: KERNEL(type, name) for each kernel of a family, in both element types but where it says otherwise.
#define FASTNN_LAYER_KERNELS(KERNEL)                   \
  KERNEL(TeamKernel, dense_forward)                    \
  KERNEL(TeamKernel, dense_backward_input)             \
  KERNEL(MatrixElements, dense_backward_input_scratch) \
  KERNEL(BlockFunction, pack_transposed)               \
  KERNEL(TeamKernel, dense_backward_params)            \
  KERNEL(TeamKernel, activation_forward)               \
  KERNEL(TeamKernel, activation_backward)              \
  KERNEL(ActivationKernel, activate)                   \
  KERNEL(TeamKernel, link)                             \
  KERNEL(TeamKernel, loss_and_gradient)

#define FASTNN_VECTOR_KERNELS(KERNEL) \
  KERNEL(TeamKernel, optimizer_step)  \
  KERNEL(TeamKernel, clip_by_value)   \
  KERNEL(TeamKernel, sum_of_squares)  \
  KERNEL(TeamKernel, check_finite)    \
  KERNEL(TeamKernel, scale)           \
  KERNEL(TeamKernel, ema_step)        \
  KERNEL(TeamKernel, dropout)

#define FASTNN_NETWORK_KERNELS(KERNEL)           \
  KERNEL(BlockElements, network_forward_scratch) \
  KERNEL(TeamKernel, network_forward)            \
  KERNEL(BlockBytes, epoch_workspace)            \
  KERNEL(EpochFunction, epoch_prepare)           \
  KERNEL(EpochKernel, epoch_run)                 \
  KERNEL(EpochFunction, epoch_finish)            \
  KERNEL(EpochFunction, epoch_slots)

#define FASTNN_NEURON_KERNELS(KERNEL)  \
  KERNEL(EpochFunction, neuron_online) \
  KERNEL(EpochKernel, neuron_gradient) \
  KERNEL(EpochFunction, neuron_add)

// logistic_rows makes every slot's sums, logistic_sums their total, logistic_finish what the caller wants of it.
#define FASTNN_LOGISTIC_KERNELS(KERNEL)   \
  KERNEL(TeamBytes, logistic_workspace)   \
  KERNEL(EpochFunction, logistic_prepare) \
  KERNEL(TeamKernel, logistic_rows)       \
  KERNEL(TeamKernel, logistic_sums)       \
  KERNEL(EpochFunction, logistic_finish)  \
  KERNEL(BlockElements, gram_scratch)     \
  KERNEL(TeamKernel, gram_columns)        \
  KERNEL(TeamKernel, gram_mirror)

#define FASTNN_SOLVER_KERNELS(KERNEL) \
  KERNEL(BlockBytes, saga_workspace)  \
  KERNEL(EpochFunction, saga_epoch)

// Of float64 alone.
#define FASTNN_COLUMN_KERNELS(KERNEL)   \
  KERNEL(TeamKernel, column_sums)       \
  KERNEL(TeamKernel, quadratic_descent) \
  KERNEL(TeamKernel, column_descent)    \
  KERNEL(TeamKernel, memory_backward)   \
  KERNEL(TeamKernel, memory_forward)    \
  KERNEL(DotProduct, dot)

// A frozen predictor: how many elements its packed weights take, packing them, and its answers.
#define FASTNN_SERVING_KERNELS(KERNEL)   \
  KERNEL(BlockElements, predictor_size)  \
  KERNEL(BlockFunction, pack_predictor)  \
  KERNEL(BlockElements, predict_scratch) \
  KERNEL(TeamKernel, predict)

#define FASTNN_MACHINE_KERNELS(KERNEL) \
  KERNEL(PeakRate, fma_peak)           \
  KERNEL(ReadSeconds, read_seconds)

// What is compiled as one object file, for each instruction set and element type: templates that several families use
// are instantiated once, and the parts take about as long as each other.
#define FASTNN_NETWORKS_PART(KERNEL) \
  FASTNN_LAYER_KERNELS(KERNEL) FASTNN_VECTOR_KERNELS(KERNEL) FASTNN_NETWORK_KERNELS(KERNEL)
#define FASTNN_REGRESSION_PART(KERNEL) \
  FASTNN_NEURON_KERNELS(KERNEL)        \
  FASTNN_LOGISTIC_KERNELS(KERNEL) FASTNN_SOLVER_KERNELS(KERNEL) FASTNN_MACHINE_KERNELS(KERNEL)

// PART(level, part, element) for the object files of an instruction set; setup.py has the same list.
#define FASTNN_PARTS(PART, level) \
  PART(level, networks, float)    \
  PART(level, networks, double)   \
  PART(level, regression, float)  \
  PART(level, regression, double) \
  PART(level, serving, float)     \
  PART(level, serving, double)    \
  PART(level, columns, double)

// Fills the part's entries of a table.
#define FASTNN_FILL(level, part, element) fastnn_fill_##level##_##part##_##element

#define FASTNN_BOTH_ENTRIES(type, name) type name[2];
#define FASTNN_ONE_ENTRY(type, name) type name;

// The kernels of one instruction set.
struct Kernels {
  const char* name;
  int vector_bytes;
  FASTNN_NETWORKS_PART(FASTNN_BOTH_ENTRIES)
  FASTNN_REGRESSION_PART(FASTNN_BOTH_ENTRIES)
  FASTNN_SERVING_KERNELS(FASTNN_BOTH_ENTRIES)
  FASTNN_COLUMN_KERNELS(FASTNN_ONE_ENTRY)
};

#undef FASTNN_BOTH_ENTRIES
#undef FASTNN_ONE_ENTRY

}  // namespace fastnn
