"""The order of rows in an epoch, and the words of dropout, the same as the compiled module's.

A draw is splitmix64's finaliser (Steele, Lea and Flood 2014) of a counter, so nothing is carried
from draw to draw.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastnn.errors import out_of_range

__all__ = ["dropout_words", "permutation", "random_bits"]

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = 0xFFFFFFFFFFFFFFFF


def random_bits(seed: int, epoch: int, index: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """64 random bits for every element of `index`, each below 2^32."""
    # Python's integers do not wrap around, NumPy's arrays do.
    start = np.uint64((seed + _GOLDEN * ((epoch << 32) + 1)) & _MASK)
    bits = start + np.uint64(_GOLDEN) * index
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def dropout_words(seed: int, step: int, layer: int, first_row: int, shape: tuple[int, int]) -> NDArray[np.uint32]:
    """32 random bits for every element of some rows (n, o): a key for the row, mixed with the column.

    The multipliers are Wellons' (hash-prospector, 2018).
    """
    n, o = shape
    of_layer = int(random_bits(seed, 0xFFFFFFFF, np.array([layer], np.uint64))[0])
    key = random_bits(of_layer, step, np.arange(first_row, first_row + n, dtype=np.uint64))[:, None]
    low, high = key.astype(np.uint32), (key >> np.uint64(32)).astype(np.uint32)
    words = np.arange(o, dtype=np.uint32) * np.uint32(0x9E3779B9) + low
    words = (words ^ (words >> np.uint32(16))) * np.uint32(0x21F0AAAD)
    words = ((words ^ (words >> np.uint32(15))) + high) * np.uint32(0xD35A2D97)
    mixed: NDArray[np.uint32] = words ^ (words >> np.uint32(15))
    return mixed


def permutation(seed: int, epoch: int, out: NDArray[np.int64]) -> None:
    """Write a permutation of 0 .. n-1 to `out` (n,) int64: Fisher-Yates from the top.

    Raises
    ------
    ValueError
        If n is 2^32 or more.
    """
    n = len(out)
    if n >= 1 << 32:
        raise out_of_range("The length of out", n, "below 2**32")
    k = np.arange(n, dtype=np.uint64)
    draws = random_bits(seed, epoch, k) >> np.uint64(32)
    partners = ((draws * (k + np.uint64(1))) >> np.uint64(32)).tolist()
    order = list(range(n))
    for i in range(n - 1, 0, -1):
        j = partners[i]
        order[i], order[j] = order[j], order[i]
    out[...] = order
