"""Losses on the raw output z (n, o), their gradients, and the links that make predictions of z.

Every loss is computed in float64 and on z itself, never on clipped probabilities: exact at z =
+-1e20. A loss of elements has a form over whole arrays here, or is its scalar function of
`fastnn.loss_functions`, called for one output after the other: that takes 20 times as long, 10 ms
for 2,000 rows of 10, and is all that a new loss needs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.kernels.contract import Array
from fastnn.kernels.reference.activation import sigmoid, softmax
from fastnn.losses import Loss, element_of

__all__ = ["link", "loss_and_gradient"]

Doubles = NDArray[np.float64]
Pair = tuple[Doubles, Doubles]  # losses, and their gradients by z; both (n, o)


# --- losses of elements -------------------------------------------------------------------------


def _squared_error(z: Doubles, y: Doubles, _: float) -> Pair:
    r = z - y
    return 0.5 * r * r, r


def _binary_cross_entropy(z: Doubles, y: Doubles, _: float) -> Pair:
    # -y log p - (1 - y) log(1 - p) with p = sigmoid(z); nothing cancels with z on the side of y.
    e = np.exp(-np.abs(z))
    small = e / (1 + e)
    linear = np.where(z > 0, z * (1 - y), -z * y)
    return linear + np.log1p(e), np.where(z > 0, (1 - y) - small, small - y)


def _absolute(z: Doubles, y: Doubles, _: float) -> Pair:
    r = z - y
    return np.abs(r), np.sign(r)


def _huber(z: Doubles, y: Doubles, delta: float) -> Pair:
    r = z - y
    size = np.abs(r)
    return np.where(size <= delta, 0.5 * r * r, delta * (size - 0.5 * delta)), np.clip(r, -delta, delta)


def _log_cosh(z: Doubles, y: Doubles, _: float) -> Pair:
    # cosh r = 1 + 2 sinh(r / 2)^2 does not cancel near zero; the other form does not overflow.
    r = z - y
    size = np.abs(r)
    near = np.log1p(2 * np.sinh(np.minimum(size, 1) / 2) ** 2)
    far = size + (np.log1p(np.exp(-2 * size)) - np.log(2))
    return np.where(size < 1, near, far), np.tanh(r)


def _poisson(z: Doubles, y: Doubles, _: float) -> Pair:
    mean = np.exp(z)
    return np.where(y == 0, mean, mean - y * z), mean - y


def _pinball(z: Doubles, y: Doubles, quantile: float) -> Pair:
    r = y - z
    losses = r * np.where(r > 0, quantile, quantile - 1)
    return losses, np.where(r > 0, -quantile, np.where(r < 0, 1 - quantile, r))


def _hinge(z: Doubles, y: Doubles, _: float) -> Pair:
    losses = np.maximum(1 - y * z, 0)
    return losses, np.where(losses > 0, -y, losses)


# --- losses of rows -----------------------------------------------------------------------------


def _cross_entropy(z: Doubles, y: Doubles, _: float) -> Pair:
    # -sum y log softmax(z), term by term: y (log sum exp z - z), shifted by the row's largest z.
    below = z - z.max(axis=1, keepdims=True, initial=-np.inf)
    log_sum = np.log(np.exp(below).sum(axis=1, keepdims=True))
    terms = np.where(y == 0, 0 * log_sum, y * (log_sum - below))
    return terms, softmax(z) * y.sum(axis=1, keepdims=True) - y


def _focal(z: Doubles, y: Doubles, gamma: float) -> Pair:
    # 1 - p of the largest z comes of the other exponentials alone, so that nothing cancels where p is near 1.
    if not z.size:
        return np.zeros_like(z), np.zeros_like(z)
    below = z - z.max(axis=1, keepdims=True)
    e = np.exp(below)
    is_largest = np.arange(z.shape[1]) == below.argmax(axis=1)[:, np.newaxis]
    rest = np.where(is_largest, 0, e).sum(axis=1, keepdims=True)
    p, others = e / (1 + rest), np.where(is_largest, rest, 1 + rest - e) / (1 + rest)
    minus_log = np.log1p(rest) - below
    quotient = np.where(p == 0, 0, np.where(others == 0, 1, p * minus_log / others))  # 1 is its limit
    weight = np.power(others, gamma)
    slope = np.where(y == 0, 0, y * weight * (1 + gamma * quotient))
    gradients = p * (slope.sum(axis=1, keepdims=True) - slope) - others * slope
    return np.where(y == 0, 0, y * weight * minus_log), gradients


# --- the tables ---------------------------------------------------------------------------------

_FORMS: dict[str, Callable[[Doubles, Doubles, float], Pair]] = {
    "squared_error": _squared_error,
    "binary_cross_entropy": _binary_cross_entropy,
    "cross_entropy": _cross_entropy,
    "absolute": _absolute,
    "huber": _huber,
    "log_cosh": _log_cosh,
    "poisson": _poisson,
    "pinball": _pinball,
    "hinge": _hinge,
    "focal": _focal,
}

_LINKS: dict[str, Callable[[Array], NDArray[Any]]] = {
    "identity": np.positive,
    "sigmoid": sigmoid,
    "softmax": softmax,
    "exp": np.exp,
}


# --- the kernels --------------------------------------------------------------------------------


def _losses_and_gradients(loss: Loss, z: Doubles, y: Doubles) -> Pair:
    """Of each target: by a form over arrays where there is one, else by the loss's scalar function."""
    form = _FORMS.get(loss.name) if loss.code >= 0 else None
    if form is not None:
        return form(z, y, loss.parameter)
    element: Any = element_of(loss)
    losses, gradients = np.frompyfunc(element, 3, 2)(z, y, loss.parameter)
    return losses.astype(np.float64), gradients.astype(np.float64)


@np.errstate(all="ignore")
def loss_and_gradient(z: Array, y: Array, sample_weight: Array | None, loss: Loss, d_z: Array) -> float:
    """Weighted mean over the rows of the sum over outputs; its gradient by z (n, o) goes to d_z.

    Where all weights are zero (or there are no rows), loss and gradient are zero.
    """
    weight = np.ones(len(z)) if sample_weight is None else sample_weight.astype(np.float64)
    total = float(weight.sum())
    weight /= total if total > 0 else 1.0
    losses, gradients = _losses_and_gradients(loss, z.astype(np.float64), y.astype(np.float64))
    d_z[...] = gradients * weight[:, np.newaxis]
    return float((losses.sum(axis=1) * weight).sum())


@np.errstate(all="ignore")
def link(z: Array, loss: Loss, out: Array) -> None:
    """out (n, o): the prediction that z (n, o) means under the loss."""
    out[...] = _LINKS[loss.link](z)
