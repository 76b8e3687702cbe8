"""The nearest number between two bounds, as an activation of this library."""

from __future__ import annotations

import math

from fastnn.activations import Activation, get, hard_sigmoid

__all__ = ["clipping"]

Line = tuple[float, float]


def clipping(low: float, high: float) -> tuple[Activation, Line, Line]:
    """An activation with a line before and one after it, which together clip z to two bounds.

    A bound of zero stays exactly there, and between bounds of the same size nothing is added to z: so no digits of a
    small z are lost where the bounds are far away.

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
        If they are not finite, or the lower one is not below the other.
    """
    if not low < high or not math.isfinite(high - low):
        raise ValueError(f"the bounds {low} and {high}, wanted two finite numbers, the lower one first")
    if (low, high) == (0, 1):
        return hard_sigmoid(1.0, 0.0), (1.0, 0.0), (1.0, 0.0)
    if 0 in (low, high):
        end = low + high
        return get("relu6"), (6 / end, 0.0), (end / 6, 0.0)
    half, middle = (high - low) / 2, (high + low) / 2
    return get("hard_tanh"), (1 / half, -middle / half), (half, middle)
