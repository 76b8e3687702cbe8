"""Clipping of a gradient before an optimizer's step, and an average of the parameters after it, in place."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from fastnn.kernels.contract import Array
from fastnn.kernels.jit.style import kernel

__all__ = ["clip_by_norm", "clip_by_value", "ema_step"]


@kernel
def _clip(values: Any, limit: float) -> None:
    limit = values.dtype.type(limit)
    for k in range(values.size):
        value = values[k]
        if value > limit:
            values[k] = limit
        elif value < -limit:
            values[k] = -limit


@kernel
def _sum_of_squares(values: Any) -> float:
    total = 0.0
    for k in range(values.size):
        value = np.float64(values[k])
        total += value * value
    return total


@kernel
def _scale(values: Any, factor: float) -> None:
    factor = values.dtype.type(factor)
    for k in range(values.size):
        values[k] *= factor


@kernel
def _ema(average: Any, params: Any, rest: float) -> None:
    rest = average.dtype.type(rest)
    for k in range(average.size):
        average[k] += rest * (params[k] - average[k])


def clip_by_value(d_params: Array, limit: float) -> None:
    """Every component within [-limit, limit]."""
    _clip(d_params, float(limit))


def clip_by_norm(d_params: Array, limit: float) -> float:
    """Scaled down to a norm of at most limit; the norm before."""
    norm = sqrt(_sum_of_squares(d_params))
    if norm > limit:
        _scale(d_params, limit / norm)
    return norm


def ema_step(average: Array, params: Array, decay: float) -> None:
    """A moving average of the parameters."""
    _ema(average, params, 1.0 - decay)
