"""Losses on the raw output z (n, o), their gradients, and the links.

All losses are computed in float64, never on clipped probabilities: exact at z = +-1e20.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fastnn import losses
from fastnn.activations import ACTIVATIONS
from fastnn.kernels.contract import Array
from fastnn.kernels.jit.activation import activate
from fastnn.kernels.jit.smooth_loops import exp_value
from fastnn.kernels.jit.style import exact, kernel
from fastnn.losses import Loss

__all__ = ["link", "loss_and_gradient"]

_CODE = {name: loss.code for name, loss in losses.LOSSES.items()}
_SQUARED_ERROR = _CODE["squared_error"]
_BINARY_CROSS_ENTROPY = _CODE["binary_cross_entropy"]
_CROSS_ENTROPY = _CODE["cross_entropy"]
_ABSOLUTE = _CODE["absolute"]
_HUBER = _CODE["huber"]
_LOG_COSH = _CODE["log_cosh"]
_POISSON = _CODE["poisson"]
_PINBALL = _CODE["pinball"]

# --- one output: (loss, d_z) --------------------------------------------------------------------
# Residuals r that are NaN fail every comparison, so the last branch is the one that hands them on.


@exact
def _squared_error(z: Any, y: Any) -> Any:
    r = z - y
    return 0.5 * r * r, r


@exact
def _binary_cross_entropy(z: Any, y: Any) -> Any:
    # -y log p - (1 - y) log(1 - p) with p = sigmoid(z); nothing cancels with z on the side of y.
    e = math.exp(-abs(z))
    small = e / (1.0 + e)
    if z > 0.0:
        return z * (1.0 - y) + math.log1p(e), (1.0 - y) - small
    return math.log1p(e) - z * y, small - y


@exact
def _absolute(z: Any, y: Any) -> Any:
    r = z - y
    return abs(r), 1.0 if r > 0.0 else (-1.0 if r < 0.0 else r)


@exact
def _huber(z: Any, y: Any, delta: Any) -> Any:
    r = z - y
    if abs(r) > delta:
        return delta * (abs(r) - 0.5 * delta), delta if r > 0.0 else -delta
    return 0.5 * r * r, r


@exact
def _log_cosh(z: Any, y: Any) -> Any:
    # cosh r = 1 + 2 sinh(r / 2)^2 does not cancel near zero; the other form does not overflow.
    r = z - y
    if abs(r) < 1.0:
        half = math.sinh(0.5 * r)
        return math.log1p(2.0 * half * half), math.tanh(r)
    return abs(r) + (math.log1p(math.exp(-2.0 * abs(r))) - math.log(2.0)), math.tanh(r)


@exact
def _poisson(z: Any, y: Any) -> Any:
    mean = math.exp(z)
    return mean if y == 0.0 else mean - y * z, mean - y


@exact
def _pinball(z: Any, y: Any, quantile: Any) -> Any:
    r = y - z
    if r > 0.0:
        return quantile * r, -quantile
    return (quantile - 1.0) * r, 1.0 - quantile if r < 0.0 else r


@exact
def _hinge(z: Any, y: Any) -> Any:
    margin = 1.0 - y * z
    if margin <= 0.0:
        return 0.0, 0.0
    return margin, -y if margin > 0.0 else margin


@exact
def _element(code: int, z: Any, y: Any, parameter: Any) -> Any:
    if code == _SQUARED_ERROR:
        return _squared_error(z, y)
    if code == _BINARY_CROSS_ENTROPY:
        return _binary_cross_entropy(z, y)
    if code == _ABSOLUTE:
        return _absolute(z, y)
    if code == _HUBER:
        return _huber(z, y, parameter)
    if code == _LOG_COSH:
        return _log_cosh(z, y)
    if code == _POISSON:
        return _poisson(z, y)
    if code == _PINBALL:
        return _pinball(z, y, parameter)
    return _hinge(z, y)


# --- one row: returns its loss, writes scale * gradient to d_z[r] -------------------------------


@kernel
def _elementwise_row(code: int, z: Any, y: Any, parameter: float, scale: float, d_z: Any, r: int) -> float:
    total = 0.0
    for c in range(z.shape[1]):
        loss, slope = _element(code, np.float64(z[r, c]), np.float64(y[r, c]), parameter)
        total += loss
        d_z[r, c] = slope * scale
    return total


@exact
def _cross_entropy_row(z: Any, y: Any, scale: float, d_z: Any, r: int) -> float:
    # Term by term y (log sum exp z - z), shifted by the row's largest z; 0 where y is 0.
    top, sum_exp, sum_y, loss = -np.inf, 0.0, 0.0, 0.0
    for c in range(z.shape[1]):
        top = z[r, c] if z[r, c] > top else top
    for c in range(z.shape[1]):
        sum_exp += math.exp(z[r, c] - top)
        sum_y += y[r, c]
    log_sum = math.log(sum_exp)
    for c in range(z.shape[1]):
        below, target = z[r, c] - top, np.float64(y[r, c])
        loss += 0.0 * log_sum if target == 0.0 else target * (log_sum - below)
        d_z[r, c] = (math.exp(below) / sum_exp * sum_y - target) * scale
    return loss


# --- the kernels --------------------------------------------------------------------------------


@kernel
def _total_weight(sample_weight: Any, n: int) -> float:
    """1 where all weights are zero, so that loss and gradient are zero too."""
    total = 0.0
    for r in range(n):
        total += 1.0 if sample_weight is None else sample_weight[r]
    return total if total > 0.0 else 1.0


@kernel
def _loss_and_gradient(z: Any, y: Any, sample_weight: Any, code: int, parameter: float, d_z: Any) -> float:
    n = z.shape[0]
    total_weight, loss = _total_weight(sample_weight, n), 0.0
    for r in range(n):
        scale = (1.0 if sample_weight is None else sample_weight[r]) / total_weight
        if code == _CROSS_ENTROPY:
            loss += scale * _cross_entropy_row(z, y, scale, d_z, r)
        else:
            loss += scale * _elementwise_row(code, z, y, parameter, scale, d_z, r)
    return loss


def loss_and_gradient(z: Array, y: Array, sample_weight: Array | None, loss: Loss, d_z: Array) -> float:
    """Weighted mean over the rows of the sum over outputs; its gradient by z (n, o) goes to d_z.

    Where all weights are zero (or there are no rows), loss and gradient are zero.
    """
    total: float = _loss_and_gradient(z, y, sample_weight, loss.code, loss.parameter, d_z)
    return total


def link(z: Array, loss: Loss, out: Array) -> None:
    """out (n, o): the prediction that z (n, o) means under the loss."""
    np.copyto(out, z)
    if loss.link == "exp":
        exp_value(out.reshape(-1))
    else:
        activate(ACTIVATIONS[loss.link], out)
