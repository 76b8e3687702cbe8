"""Clipping to any bounds by an activation between two lines."""

from __future__ import annotations

import math

import numpy as np
import pytest

from fastnn.interop.clipping import clipping
from fastnn.kernels import activation_forward

Z = np.concatenate([np.linspace(-12, 12, 97), 10.0 ** np.arange(-9, 9), -(10.0 ** np.arange(-9, 9))])


@pytest.mark.parametrize(
    ("low", "high"),
    [(-1, 1), (0, 6), (0, 1), (-2, 3), (-0.3, 0.7), (0, 1e8), (-1e-3, 0), (-1e5, 1e5), (4, 5), (-5, -4)]
    + [(-math.inf, 2.0), (-3.0, math.inf), (0, math.inf)],
)
def test_it_is_the_nearest_number_between_the_bounds(low, high, dtype):
    activation, before, after = clipping(low, high)
    z = Z.astype(dtype)
    inner = (z * dtype(before[0]) + dtype(before[1]))[None]
    got = activation_forward(inner, activation)[0] * dtype(after[0]) + dtype(after[1])
    wanted = np.clip(z, low, high)
    size = 0 if 0 in (low, high) or -low == high else max(abs(each) for each in (low, high) if math.isfinite(each))
    error = np.abs(got - wanted) / np.maximum(np.abs(wanted) + size, np.finfo(dtype).tiny)
    assert error.max() < 8 * np.finfo(dtype).eps


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (1, 1, "wanted a lower one and an upper one"),
        (2, 1, "wanted a lower one and an upper one"),
        (math.nan, 1, "wanted a lower one and an upper one"),
        (-math.inf, math.inf, "wanted a lower one and an upper one"),
        (-1, 65, "more than 64 times as large"),
        (-1e300, 1, "more than 64 times as large"),
    ],
)
def test_bounds_that_cannot_be_are_refused(low, high, said):
    with pytest.raises(ValueError, match=said):
        clipping(low, high)
