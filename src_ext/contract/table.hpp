// The entries of one part (kernels.hpp) in the table of the instruction set that this translation unit is compiled for.
//
// setup.py compiles every isa/*.cpp once for each part, with two macros: FASTNN_NETWORKS, FASTNN_REGRESSION,
// FASTNN_SERVING or FASTNN_COLUMNS, and FASTNN_ELEMENT as float or double.
#pragma once

#include "contract/kernels.hpp"

#if defined(FASTNN_NETWORKS)
#include "kernels/elementwise/clip.hpp"
#include "kernels/network/epoch.hpp"
#include "kernels/network/forward.hpp"
#define FASTNN_PART networks
#define FASTNN_PART_KERNELS FASTNN_NETWORKS_PART
#elif defined(FASTNN_REGRESSION)
#include "kernels/logistic/gram.hpp"
#include "kernels/logistic/passes.hpp"
#include "kernels/machine/peak.hpp"
#include "kernels/neuron/batches.hpp"
#include "kernels/solvers/saga.hpp"
#define FASTNN_PART regression
#define FASTNN_PART_KERNELS FASTNN_REGRESSION_PART
#elif defined(FASTNN_SERVING)
#include "kernels/serving/predict.hpp"
#define FASTNN_PART serving
#define FASTNN_PART_KERNELS FASTNN_SERVING_KERNELS
#elif defined(FASTNN_COLUMNS)
#include "kernels/solvers/coordinate_descent.hpp"
#include "kernels/solvers/lbfgs.hpp"
#define FASTNN_PART columns
#define FASTNN_PART_KERNELS FASTNN_COLUMN_KERNELS
#else
#error "compile this with -DFASTNN_NETWORKS, -DFASTNN_REGRESSION, -DFASTNN_SERVING or -DFASTNN_COLUMNS"
#endif

#if defined(FASTNN_COLUMNS)
#define FASTNN_ENTRY(type, kernel) table->kernel = kernel;
#else
#define FASTNN_ENTRY(type, kernel) table->kernel[sizeof(FASTNN_ELEMENT) / 8] = kernel<FASTNN_ELEMENT>;
#endif

#define FASTNN_FILL_PART(level, part, element)                                 \
  extern "C" void FASTNN_FILL(level, part, element)(fastnn::Kernels * table) { \
    table->vector_bytes = FASTNN_VECTOR_BYTES;                                 \
    FASTNN_PART_KERNELS(FASTNN_ENTRY)                                          \
  }

// The one function that the object file of an instruction set's part has for others.
#define FASTNN_DEFINE_PART(level) FASTNN_DEFINE_EXPANDED(level, FASTNN_PART, FASTNN_ELEMENT)
#define FASTNN_DEFINE_EXPANDED(level, part, element) FASTNN_FILL_PART(level, part, element)
