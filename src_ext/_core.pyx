# distutils: language = c++
"""The compiled kernels: checks of flags and shapes, then C++ (src_ext/contract/kernels.hpp), the GIL released.

Functions take the arguments of fastnn.kernels.contract and refuse, with a short error, every array that is not exactly
what a kernel needs; fastnn.validation converts or explains. One file per kernel family is included below.
"""
from cpython.exc cimport PyErr_Occurred
from cpython.pyport cimport PY_SSIZE_T_MAX
from libc.stdint cimport INT32_MAX, int32_t, int64_t, uint64_t
cimport cython
cimport numpy as cnp

from libc.math cimport INFINITY
from libc.string cimport memcmp, memmove
from libcpp cimport bool as cppbool

from _contract cimport (
    ActivationBackward, ActivationForward, ColumnSums, Columns, DenseBackwardInput, DenseBackwardParams,
    DenseForward, Descent, Dropout, Epoch, EpochKernel, Features, FlatVector, Kernels, LimitedMemory, Link,
    LogisticPass, LossAndGradient, NetworkForward, NetworkShape, NeuronEpoch, OptimizerStep, Saga, Separable,
    Share, TeamKernel, WeightedGram, kFlatGrain, kLossRows, kNeuronBlockRows, kNeuronBlocks, kNeuronStride, share_of,
)
from _lists cimport (
    LossRun, LossTile, UserLoss, kLinkCount, kLinkNames, kListedLosses, kLossCount, kMaxSlots, kNoLink, kStoreGradient,
    slots_of,
)
from _runtime cimport (
    Job, Scratch, TeamFunction, allocate, allowed_team, begin_job, clear, copy_indices, copy_starts,
    crowded_seconds as seconds_of_crowd, end_job, fastnn_build_info, fastnn_interrupted, fastnn_seconds,
    keep_teams as keep_teams_as_asked, kernels_of, kMaxTeam, level_count, look_every, norm_of, obey,
    permutation as fill_permutation, pool_is_awake, release, run_shares, run_team, set_and_tell, sum_in_order,
    wake_pool, watch_signals, weight_total,
)
from _serving cimport (
    FrozenNetwork, Prediction, ScalingStep, kAddStep, kClassAnswer, kClipStep, kDivideStep, kLabelsAnswer,
    kMultiplyStep, kOnesAnswer, kPairsAnswer, kSubtractStep, kValuesAnswer,
)

import os

import numpy as np

cdef extern from "Python.h" nogil:
    unsigned long this_thread "PyThread_get_thread_ident"() noexcept

cnp.import_array()

include "binding/interrupt.pxi"
include "binding/checks.pxi"
include "binding/codes.pxi"
include "binding/team.pxi"
include "binding/team_timing.pxi"
include "binding/indices.pxi"
include "binding/sparse.pxi"
include "binding/plan.pxi"
include "binding/dense.pxi"
include "binding/activation.pxi"
include "binding/loss.pxi"
include "binding/optimizer.pxi"
include "binding/optimizer_steps.pxi"
include "binding/vectors.pxi"
include "binding/clip.pxi"
include "binding/dropout.pxi"
include "binding/permutation.pxi"
include "binding/logistic.pxi"
include "binding/saga.pxi"
include "binding/workspace.pxi"
include "binding/network.pxi"
include "binding/answer.pxi"
include "binding/neuron.pxi"
include "binding/coordinate_descent.pxi"
include "binding/lbfgs.pxi"
include "binding/sparse_columns.pxi"
include "binding/machine.pxi"
include "binding/capsule.pxi"
include "binding/api.pxi"
include "binding/predictor.pxi"
include "binding/predictor_input.pxi"
