"""Rows in pieces, for what is one call of NumPy or Numba: Python sees Ctrl-C between two."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["multiply", "pieces"]

_WORK = 1 << 28  # multiply-adds: 20 ms of one core at a quarter of its peak
_LEAST = 16  # rows; larger pieces have a multiple of it, so that loops over some rows at a time group them alike


def pieces(n: int, work: int) -> list[slice]:
    """Slices of n rows, each of which takes `work` multiply-adds; all at once where that is little."""
    if 0 < n * work <= _WORK:  # a list of ranges takes 0.6 us, where a small layer takes 2
        return [slice(0, n)]
    rows = max(_WORK // work // _LEAST, 1) * _LEAST if work else max(n, 1)
    return [slice(first, min(first + rows, n)) for first in range(0, n, rows)]


def multiply(left: Any, right: Any) -> Any:
    """``left @ right`` of matrices; where left is a sparse one, or small, at once."""
    if not isinstance(left, np.ndarray):
        return left @ right
    parts = [left[rows] @ right for rows in pieces(len(left), left.shape[1] * right.shape[1])]
    return parts[0] if len(parts) == 1 else np.concatenate(parts) if parts else left @ right
