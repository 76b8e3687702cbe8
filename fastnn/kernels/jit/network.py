"""Whole networks and neurons: the native engine, which calls the compiled functions.

It has as many threads as `fastnn.set_num_threads` says.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn import _core
from fastnn.activations import ACTIVATIONS, Activation
from fastnn.kernels.contract import Array, JitPlanLike
from fastnn.kernels.jit.library import engine_activation
from fastnn.optimizers import Optimizer, OptimizerState

__all__ = ["Workspace", "fit_epoch", "network_forward", "network_gradient", "network_predict", "neuron_epoch"]

_WITH_RULES = tuple(ACTIVATIONS[name] for name in ("sign", "sigmoid"))  # a neuron learns by others than squared error


def network_forward(plan: JitPlanLike, params: Array, x: Any, out: Array) -> None:
    """out (n, o): what the last layer's activation makes of x (n, i), which may be sparse."""
    _core.network_forward(plan.jitted, params, x, out)


def network_predict(plan: JitPlanLike, params: Array, x: Any, loss: Any, out: Array) -> None:
    """out (n, o): what the loss's link makes of the last layer's activation."""
    _core.network_predict(plan.jitted, params, x, loss, out)


def network_gradient(
    plan: JitPlanLike,
    params: Array,
    x: Any,
    y: Array,
    sample_weight: Array | None,
    alpha: float,
    d_params: Array,
) -> float:
    """Mean loss over all rows, with penalty; its gradient goes to d_params (p,)."""
    return _core.network_gradient(plan.jitted, params, x, y, sample_weight, alpha, d_params)


def fit_epoch(
    plan: JitPlanLike,
    params: Array,
    x: Any,
    y: Array,
    sample_weight: Array | None,
    order: NDArray[np.int64] | None,
    batch_size: int,
    optimizer: Optimizer,
    state: OptimizerState,
    learning_rates: NDArray[np.float64],
    alpha: float,
    l1: float,
    seed: int,
) -> tuple[float, float]:
    """One pass over the rows in `order`, a step for each mini-batch; mean loss and penalty on the way."""
    step = (optimizer, state, learning_rates, alpha, l1, seed)
    return _core.fit_epoch(plan.jitted, params, x, y, sample_weight, order, batch_size, *step)


class Workspace(_core.Workspace):
    """Runs epochs as fit_epoch does, and keeps memory and packed vectors from one for the next."""

    def fit_epoch(self, plan: JitPlanLike, *arguments: Any) -> tuple[float, float]:
        """The kernel fit_epoch, with its arguments by position."""
        return super().fit_epoch(plan.jitted, *arguments)


def neuron_epoch(
    activation: Activation,
    params: Array,
    x: Array,
    y: Array,
    sample_weight: Array | None,
    order: NDArray[np.int64] | None,
    batch_size: int,
    learning_rates: NDArray[np.float64],
    total: NDArray[np.float64] | None,
) -> float:
    """One pass over the rows in `order`, a step for each batch; the weighted mean loss on the way."""
    function = activation if activation in _WITH_RULES else engine_activation(activation, x.itemsize)
    return _core.neuron_epoch(function, params, x, y, sample_weight, order, batch_size, learning_rates, total)
