"""What the jit backend compiles, each called once, so that it is compiled and kept on disk."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.activations import ACTIVATIONS
from fastnn.kernels.select import kernels_for
from fastnn.losses import LOSSES
from fastnn.optimizers import OPTIMIZERS, SGD, OptimizerState

__all__ = ["call_all"]


def call_all(dtype: Any) -> None:
    """Call every kernel of the backend "jit" that has something of its own, with small arrays of a dtype.

    Raises
    ------
    ImportError
        Without Numba.
    """
    z = np.linspace(0.1, 0.9, 12, dtype=dtype).reshape(4, 3)
    _activations(z)
    _losses(z)
    _steps(z.ravel())
    kernels_for("jit").dropout(z, 0.5, 0, 1, 0, 0, np.empty_like(z))


def _activations(z: Any) -> None:
    kernels, out = kernels_for("jit"), np.empty_like(z)
    for activation in ACTIVATIONS.values():
        kernels.activation_forward(z, activation, out)
        kernels.activation_backward(z, z, z, activation, out)


def _losses(z: Any) -> None:
    kernels, out = kernels_for("jit"), np.empty_like(z)
    for loss in LOSSES.values():
        kernels.loss_and_gradient(z, z, None, loss, out)


def _steps(params: Any) -> None:
    kernels, gradient = kernels_for("jit"), params.copy()
    for optimizer in (*(each() for each in OPTIMIZERS.values()), SGD(nesterov=False)):
        slots = OptimizerState.zeros(optimizer, params).slots[: len(optimizer.slots)]
        getattr(kernels, optimizer.kernel)(params.copy(), gradient, *slots, *optimizer.arguments(1, 1e-3))
    kernels.clip_by_value(gradient, 1.0)
    kernels.clip_by_norm(gradient, 0.1)
    kernels.ema_step(params.copy(), gradient, 0.9)
