"""Dropout: a mask that is a function of (seed, step, layer, row, column)."""

from __future__ import annotations

import numpy as np

from fastnn.kernels.contract import Array
from fastnn.kernels.random import dropout_words

__all__ = ["dropout"]


def dropout(x: Array, rate: float, seed: int, step: int, layer: int, first_row: int, out: Array) -> None:
    """Srivastava et al. 2014: x / (1 - rate) with probability 1 - rate, else 0."""
    words = dropout_words(seed, step, layer, first_row, x.shape)
    keep = words >= np.uint32(int(rate * 2.0**32))
    out[...] = np.where(keep, x * x.dtype.type(1 / (1 - rate)), 0)
