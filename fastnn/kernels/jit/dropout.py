"""Dropout: a mask that is a function of (seed, step, layer, row, column)."""

from __future__ import annotations

from typing import Any

from fastnn.kernels.contract import Array
from fastnn.kernels.jit.style import kernel
from fastnn.kernels.random import dropout_words

__all__ = ["dropout"]


@kernel
def _drop(x: Any, words: Any, threshold: int, scale: float, out: Any) -> None:
    scale, zero = x.dtype.type(scale), x.dtype.type(0)
    for r in range(x.shape[0]):
        for c in range(x.shape[1]):
            out[r, c] = x[r, c] * scale if words[r, c] >= threshold else zero


def dropout(x: Array, rate: float, seed: int, step: int, layer: int, first_row: int, out: Array) -> None:
    """x / (1 - rate) with probability 1 - rate, else 0."""
    words = dropout_words(seed, step, layer, first_row, x.shape)
    _drop(x, words, int(rate * 2.0**32), 1 / (1 - rate), out)
