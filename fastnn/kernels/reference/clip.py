"""Clipping of a gradient before an optimizer's step, and an average of the parameters after it, in place."""

from __future__ import annotations

from math import sqrt

import numpy as np

from fastnn.kernels.contract import Array

__all__ = ["clip_by_norm", "clip_by_value", "ema_step"]


def clip_by_value(d_params: Array, limit: float) -> None:
    """Every component within [-limit, limit]."""
    np.clip(d_params, -limit, limit, out=d_params)


@np.errstate(all="ignore")
def clip_by_norm(d_params: Array, limit: float) -> float:
    """Pascanu, Mikolov and Bengio 2013: scaled down to a norm of at most limit; the norm before."""
    norm = sqrt(np.square(d_params, dtype=np.float64).sum())
    if norm > limit:
        d_params *= limit / norm
    return norm


@np.errstate(all="ignore")
def ema_step(average: Array, params: Array, decay: float) -> None:
    """A moving average of the parameters."""
    average += (1 - decay) * (params - average)
