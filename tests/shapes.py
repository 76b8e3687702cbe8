"""Sizes at which loops over vectors go wrong: none, one, around a whole vector, and odd ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

VECTOR_BYTES = 64  # of the widest instruction set; narrower ones meet it after 2 or 4 whole vectors
DTYPES = (np.float32, np.float64)


def sizes(dtype: type[np.floating]) -> tuple[int, ...]:
    """0, 1, width - 1, width, width + 1 and an odd number of several vectors and a tail."""
    width = VECTOR_BYTES // np.dtype(dtype).itemsize
    return (0, 1, width - 1, width, width + 1, 2 * width + 3)


def pairs(dtype: type[np.floating]) -> Iterator[tuple[int, int]]:
    """(n, o): each in turn through all sizes."""
    for size in sizes(dtype):
        yield size, 5
        yield 7, size
    yield 67, 33


def triples(dtype: type[np.floating]) -> Iterator[tuple[int, int, int]]:
    """(n, i, o): each in turn through all sizes, and some larger than a tile in all dimensions."""
    for size in sizes(dtype):
        yield size, 5, 7
        yield 7, size, 5
        yield 5, 7, size
    yield 67, 41, 53
    yield 33, 300, 129
