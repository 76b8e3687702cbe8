"""Losses on the raw output z (n, o), their gradients, and the links that make predictions of z.

Every loss is computed in float64 and on z itself, never on clipped probabilities: exact at z =
+-1e20. Those of elements are the functions of `fastnn.losses`, called for one output after the other.
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


_BY_ROW: dict[str, Callable[[Doubles, Doubles, float], Pair]] = {
    "cross_entropy": _cross_entropy,
    "focal": _focal,
}

_LINKS: dict[str, Callable[[Array], NDArray[Any]]] = {
    "identity": np.positive,
    "sigmoid": sigmoid,
    "softmax": softmax,
    "exp": np.exp,
}


def _by_element(element: Callable[..., Any], z: Doubles, y: Doubles, parameter: float) -> Pair:
    losses, gradients = np.frompyfunc(element, 3, 2)(z, y, parameter)
    return losses.astype(np.float64), gradients.astype(np.float64)


@np.errstate(all="ignore")
def loss_and_gradient(z: Array, y: Array, sample_weight: Array | None, loss: Loss, d_z: Array) -> float:
    """Weighted mean over the rows of the sum over outputs; its gradient by z (n, o) goes to d_z.

    Where all weights are zero (or there are no rows), loss and gradient are zero.
    """
    weight = np.ones(len(z)) if sample_weight is None else sample_weight.astype(np.float64)
    total = float(weight.sum())
    weight /= total if total > 0 else 1.0
    given, element = (z.astype(np.float64), y.astype(np.float64), loss.parameter), element_of(loss)
    losses, gradients = _BY_ROW[loss.name](*given) if element is None else _by_element(element, *given)
    d_z[...] = gradients * weight[:, np.newaxis]
    return float((losses.sum(axis=1) * weight).sum())


@np.errstate(all="ignore")
def link(z: Array, loss: Loss, out: Array) -> None:
    """out (n, o): the prediction that z (n, o) means under the loss."""
    out[...] = _LINKS[loss.link](z)
