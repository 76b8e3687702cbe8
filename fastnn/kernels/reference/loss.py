"""Losses on the raw output z (n, o), their gradients, and the links that make predictions of z.

Every loss is computed in float64 and on z itself, never on clipped probabilities: exact at z =
+-1e20.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.kernels.contract import Array
from fastnn.kernels.reference.activation import sigmoid, softmax
from fastnn.losses import Loss

__all__ = ["link", "loss_and_gradient"]

Doubles = NDArray[np.float64]
Pair = tuple[Doubles, Doubles]  # losses, and their gradients by z; both (n, o)


def _squared_error(z: Doubles, y: Doubles, _: float) -> Pair:
    r = z - y
    return r * r / 2, r


def _binary_cross_entropy(z: Doubles, y: Doubles, _: float) -> Pair:
    # -y log p - (1 - y) log(1 - p) with p = sigmoid(z); no cancellation where z is on the side of
    # y.
    linear = np.where(z > 0, z * (1 - y), -z * y)
    return linear + np.log1p(np.exp(-np.abs(z))), sigmoid(z) - y


def _cross_entropy(z: Doubles, y: Doubles, _: float) -> Pair:
    # -sum y log softmax(z), term by term: y (log sum exp z - z), shifted by the row's largest z.
    below = z - z.max(axis=1, keepdims=True, initial=-np.inf)
    log_sum = np.log(np.exp(below).sum(axis=1, keepdims=True))
    terms = np.where(y == 0, 0 * log_sum, y * (log_sum - below))
    return terms, softmax(z) * y.sum(axis=1, keepdims=True) - y


def _absolute(z: Doubles, y: Doubles, _: float) -> Pair:
    r = z - y
    return np.abs(r), np.sign(r)


def _huber(z: Doubles, y: Doubles, delta: float) -> Pair:
    r = z - y
    size = np.abs(r)
    losses = np.where(size <= delta, r * r / 2, delta * (size - delta / 2))
    return losses, np.clip(r, -delta, delta)


def _log_cosh(z: Doubles, y: Doubles, _: float) -> Pair:
    # cosh r = 1 + 2 sinh(r / 2)^2 does not cancel near zero, and the other form does not overflow
    # far away.
    r = z - y
    size = np.abs(r)
    near = np.log1p(2 * np.sinh(np.minimum(size, 1) / 2) ** 2)
    far = size + np.log1p(np.exp(-2 * size)) - np.log(2)
    return np.where(size < 1, near, far), np.tanh(r)


def _poisson(z: Doubles, y: Doubles, _: float) -> Pair:
    mean = np.exp(z)
    return mean - np.where(y == 0, 0, y * z), mean - y


def _pinball(z: Doubles, y: Doubles, quantile: float) -> Pair:
    r = y - z
    losses = r * np.where(r > 0, quantile, quantile - 1)
    return losses, np.where(r > 0, -quantile, np.where(r < 0, 1 - quantile, r))


def _hinge(z: Doubles, y: Doubles, _: float) -> Pair:
    margin = 1 - y * z
    losses = np.maximum(margin, 0)
    return losses, np.where(margin > 0, -y, losses)


_LOSSES: dict[str, Callable[[Doubles, Doubles, float], Pair]] = {
    "squared_error": _squared_error,
    "binary_cross_entropy": _binary_cross_entropy,
    "cross_entropy": _cross_entropy,
    "absolute": _absolute,
    "huber": _huber,
    "log_cosh": _log_cosh,
    "poisson": _poisson,
    "pinball": _pinball,
    "hinge": _hinge,
}

_LINKS: dict[str, Callable[[Array], NDArray[Any]]] = {
    "identity": np.positive,
    "sigmoid": sigmoid,
    "softmax": softmax,
    "exp": np.exp,
}


@np.errstate(all="ignore")
def loss_and_gradient(z: Array, y: Array, sample_weight: Array | None, loss: Loss, d_z: Array) -> float:
    """Weighted mean over the rows of the sum over outputs; its gradient by z (n, o) goes to d_z.

    Where all weights are zero (or there are no rows), loss and gradient are zero.
    """
    weight = np.ones(len(z)) if sample_weight is None else sample_weight.astype(np.float64)
    total = float(weight.sum())
    weight /= total if total > 0 else 1.0
    losses, gradients = _LOSSES[loss.name](z.astype(np.float64), y.astype(np.float64), loss.parameter)
    d_z[...] = gradients * weight[:, np.newaxis]
    return float((losses.sum(axis=1) * weight).sum())


@np.errstate(all="ignore")
def link(z: Array, loss: Loss, out: Array) -> None:
    """out (n, o): the prediction that z (n, o) means under the loss."""
    out[...] = _LINKS[loss.link](z)
