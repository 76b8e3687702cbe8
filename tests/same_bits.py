"""What tests of predictors have in common: equality to the last bit, and rows with zeros."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def assert_same_bits(found: Any, wanted: Any) -> None:
    """Fail unless two arrays, or two scalars, have the same shape, dtype and bits, signs of zeros included."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert (found.shape, found.dtype) == (wanted.shape, wanted.dtype)
    if found.dtype.kind == "f":
        kind = f"u{found.dtype.itemsize}"
        nan = np.isnan(wanted)
        np.testing.assert_array_equal(np.isnan(found), nan)
        found, wanted = np.ascontiguousarray(found).view(kind), np.ascontiguousarray(wanted).view(kind)
        found, wanted = np.where(nan, 0, found), np.where(nan, 0, wanted)
    np.testing.assert_array_equal(found, wanted)


def with_zeros(x: NDArray[Any], share: float, rng: np.random.Generator) -> NDArray[Any]:
    """A copy in which about this share of the elements is zero, half of them -0."""
    zeros = np.where(rng.random(x.shape) < 0.5, -0.0, 0.0)
    copy = np.where(rng.random(x.shape) < share, zeros, x)
    return copy.astype(x.dtype)
