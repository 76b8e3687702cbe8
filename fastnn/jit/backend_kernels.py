"""The kernels of the jit backend, each called once, so that Numba compiles them and keeps them on disk."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.activations import ACTIVATIONS
from fastnn.kernels.select import kernels_for
from fastnn.layers import Dense, Dropout
from fastnn.losses import LOSSES
from fastnn.models.network.network import Network
from fastnn.models.neuron.estimator import Neuron
from fastnn.optimizers import OPTIMIZERS

__all__ = ["call_all"]


def call_all(dtype: Any) -> None:
    """Call every kernel of the backend "jit" with small arrays of a dtype.

    Raises
    ------
    ImportError
        Without Numba.
    """
    z = np.linspace(0.1, 0.9, 12, dtype=dtype).reshape(4, 3)
    _dense(z)
    _activations(z)
    _losses(z)
    _steps(z)
    _training(z)


def _dense(z: Any) -> None:
    """Numba compiles anew for arrays that cannot be written: parameters of a finished fit, a user's x."""
    w, b, out = z[:3, :].copy(), z[0].copy(), np.empty_like(z)
    fixed = [each.copy() for each in (z, w, b)]
    for each in fixed:
        each.flags.writeable = False
    forward, identity = kernels_for("jit").dense_forward, ACTIVATIONS["identity"]
    for x_now, w_now, b_now in ((z, w, b), (z, w, None), (z, *fixed[1:]), (fixed[0], w, b), fixed):
        forward(x_now, w_now, b_now, identity, out)


def _activations(z: Any) -> None:
    kernels, out = kernels_for("jit"), np.empty_like(z)
    for activation in ACTIVATIONS.values():
        kernels.activation_forward(z, activation, out)
        kernels.activation_backward(z, z, z, activation, out)


def _losses(z: Any) -> None:
    kernels, out = kernels_for("jit"), np.empty_like(z)
    for loss in LOSSES.values():
        kernels.link(z, loss, out)
        for weight in (None, z[:, 0].copy()):
            kernels.loss_and_gradient(z, z, weight, loss, out)


def _steps(z: Any) -> None:
    kernels, gradient = kernels_for("jit"), z.ravel().copy()
    kernels.clip_by_value(gradient, 1.0)
    kernels.clip_by_norm(gradient, 1.0)
    kernels.ema_step(gradient, z.ravel(), 0.9)


def _training(z: Any) -> None:
    y = np.zeros((len(z), 2), z.dtype)
    layers: list[Dense | Dropout] = [Dense(2, "relu"), Dropout(0.5), Dense(2)]
    for optimizer in OPTIMIZERS:
        network = Network(layers, z.shape[1], dtype=z.dtype, backend="jit", random_state=0)
        network.fit(z, y, optimizer=optimizer, epochs=1, batch_size=2)
    network.predict(z)
    Neuron("tanh", max_iter=1, tol=np.inf, backend="jit", random_state=0).fit(z, z[:, 0])
