# distutils: language = c++
"""The compiled kernels: checks of flags and shapes, then C++ (see runtime/contract.hpp) with the GIL released.

Functions take the arguments of fastnn.kernels.contract and refuse, with a short error, every array that is not exactly
what a kernel needs; fastnn.validation converts or explains. One file per kernel family is included below.
"""
from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport int32_t, int64_t, uint32_t, uint64_t
cimport cython
cimport numpy as cnp

from libc.math cimport INFINITY
from libc.string cimport memcmp, memcpy

from _contract cimport (
    ActivationBackward, ActivationForward, ColumnSums, Columns, DenseBackwardInput, DenseBackwardParams,
    DenseForward, Descent, Dropout, Epoch, EpochKernel, Features, FlatVector, Kernels, LimitedMemory, Link,
    LogisticPass, LossAndGradient, NetworkForward, NetworkShape, NeuronEpoch, OptimizerStep, Separable,
    TeamFunction, TeamKernel, WeightedGram, allocate, allowed_team, available_kernels, crowded_seconds as
    seconds_of_crowd, fastnn_build_info, fastnn_seconds, keep_teams as keep_teams_as_asked, kFlatGrain, kLossRows,
    kNeuronBlocks, kNeuronStride, kNoLink, kStoreGradient, permutation as fill_permutation, pool_is_awake, release,
    release_large_scratch, run_shares, run_team, scratch, wake_pool,
)

import os

import numpy as np

cnp.import_array()

include "binding.pxi"
include "dense.pxi"
include "activation.pxi"
include "loss.pxi"
include "optimizer.pxi"
include "flat.pxi"
include "trial.pxi"
include "logistic.pxi"
include "saga.pxi"
include "workspace.pxi"
include "network.pxi"
include "neuron.pxi"
include "coordinate_descent.pxi"
include "limited_memory.pxi"
include "take_columns.pxi"
include "machine.pxi"
include "api.pxi"
