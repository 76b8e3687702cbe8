"""Gradients by central differences of 4th order, in float64."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

STEP = 2e-4  # the truncation error is STEP**4, the rounding error 1e-16 / STEP
RTOL, ATOL = 1e-7, 1e-9

Doubles = NDArray[np.float64]


def numerical_gradient(function: Callable[[Doubles], float], at: Doubles) -> Doubles:
    """The gradient of a function of an array, in the array's shape."""
    point = at.copy()
    gradient = np.empty_like(point)
    for index in np.ndindex(point.shape):
        values = []
        for shift in (-2, -1, 1, 2):
            point[index] = at[index] + shift * STEP
            values.append(function(point))
        point[index] = at[index]
        gradient[index] = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * STEP)
    return gradient


def assert_gradient(gradient: Doubles, function: Callable[[Doubles], float], at: Doubles, name: str) -> None:
    """Fail where `gradient` is not the gradient of `function` at `at`."""
    wanted = numerical_gradient(function, at)
    scale = max(1.0, float(np.abs(wanted).max(initial=0.0)))
    np.testing.assert_allclose(gradient, wanted, RTOL, ATOL * scale, err_msg=f"gradient of {name}")
