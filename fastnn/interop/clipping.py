"""The nearest number between two bounds, as an activation of this library."""

from __future__ import annotations

import math

from fastnn.activations import Activation, get, hard_sigmoid

__all__ = ["clipping"]

Line = tuple[float, float]

# How much larger one bound may be than the other: z is moved by half of it, and loses digits of that size, 64 times
# 6e-8 of the smaller bound in float32.
_MOST = 64


def clipping(low: float, high: float) -> tuple[Activation, Line, Line]:
    """An activation with a line before and one after it, which together clip z to two bounds.

    A bound of zero stays exactly there, and between bounds of the same size nothing is added to z: so no digits of a
    small z are lost where the bounds are far away. An infinite bound is none.

    Parameters
    ----------
    low, high : float

    Returns
    -------
    activation : Activation
    before, after : tuple of float
        Scale and shift of z, and of what the activation gives.

    Raises
    ------
    ValueError
        If the lower one is not below the other, there is no finite one, or one is so much larger than the other that
        digits would be lost.
    """
    if not low < high or math.isinf(high - low) and math.isfinite(low) == math.isfinite(high):
        raise ValueError(f"the bounds {low} and {high}, wanted a lower one and an upper one")
    if math.isinf(high):
        return get("relu"), (1.0, -low), (1.0, low)
    if math.isinf(low):
        return get("relu"), (-1.0, high), (-1.0, high)
    if (low, high) == (0, 1):
        return hard_sigmoid(1.0, 0.0), (1.0, 0.0), (1.0, 0.0)
    if 0 in (low, high):
        end = low + high
        return get("relu6"), (6 / end, 0.0), (end / 6, 0.0)
    smaller, larger = sorted((abs(low), abs(high)))
    if larger > _MOST * smaller:
        raise ValueError(f"the bounds {low} and {high}, of which one is more than {_MOST} times as large as the other")
    half, middle = (high - low) / 2, (high + low) / 2
    return get("hard_tanh"), (1 / half, -middle / half), (half, middle)
