"""Dropout: a mask that is a function of (seed, step, layer, row, column).

The words are those of `fastnn.kernels.random.dropout_words`, made here one by one in registers: with NumPy's arrays of
them the kernel took thirty times as long as the compiled module's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.kernels.contract import Array
from fastnn.kernels.jit.style import kernel

__all__ = ["dropout"]

_GOLDEN, _FIRST, _SECOND = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_OF_COLUMN, _OF_LOW, _OF_HIGH = np.uint32(0x9E3779B9), np.uint32(0x21F0AAAD), np.uint32(0xD35A2D97)
_LAYERS = np.uint64(0xFFFFFFFF)  # the epoch whose draws are the layers' seeds


@kernel
def _random_bits(seed: Any, epoch: Any, index: Any) -> Any:
    """`fastnn.kernels.random.random_bits` of one number."""
    bits = seed + _GOLDEN * ((epoch << np.uint64(32)) + np.uint64(1)) + _GOLDEN * index
    bits = (bits ^ (bits >> np.uint64(30))) * _FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * _SECOND
    return bits ^ (bits >> np.uint64(31))


@kernel
def _drop(x: Any, seed: Any, step: Any, layer: Any, first_row: Any, threshold: Any, scale: float, out: Any) -> None:
    scale, zero = x.dtype.type(scale), x.dtype.type(0)
    of_layer = _random_bits(seed, _LAYERS, layer)
    for r in range(x.shape[0]):
        key = _random_bits(of_layer, step, first_row + np.uint64(r))
        low, high = np.uint32(key), np.uint32(key >> np.uint64(32))
        for c in range(x.shape[1]):
            word = np.uint32(np.uint32(np.uint32(c) * _OF_COLUMN) + low)
            word = np.uint32((word ^ (word >> np.uint32(16))) * _OF_LOW)
            word = np.uint32(np.uint32((word ^ (word >> np.uint32(15))) + high) * _OF_HIGH)
            word = np.uint32(word ^ (word >> np.uint32(15)))
            out[r, c] = x[r, c] * scale if word >= threshold else zero


def dropout(x: Array, rate: float, seed: int, step: int, layer: int, first_row: int, out: Array) -> None:
    """x / (1 - rate) with probability 1 - rate, else 0."""
    place = map(np.uint64, (seed, step, layer, first_row))
    _drop(x, *place, np.uint32(rate * 2.0**32), 1 / (1 - rate), out)
