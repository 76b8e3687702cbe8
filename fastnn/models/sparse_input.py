"""Sparse matrices at the door: what SciPy and the kernels would follow out of memory is refused."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["require_sound"]


def require_sound(x: Any, name: str = "X") -> None:
    """Raise ValueError where a sparse matrix, called by `name`, has elements outside of its shape.

    SciPy looks at most of this when it makes a matrix, but its arrays may be changed afterwards, and it converts what
    they have become without another look: the process ends there. `check_format` would tell, but writes to the matrix.
    """
    if x.ndim != 2:
        return  # scikit-learn's validators say what is wanted
    if x.format in ("csr", "csc", "bsr"):
        sound = _is_sound(x)
    elif x.format == "coo":
        sound = all(_is_within(places, size) for places, size in zip(x.coords, x.shape, strict=True))
        sound = sound and all(len(places) == len(x.data) for places in x.coords)
    else:
        return  # lists, dicts and diagonals, which SciPy reads with care
    if not sound:
        raise ValueError(
            f"{name} is a sparse {x.format.upper()} matrix of shape {x.shape} whose indices or starts point outside of "
            f"it. Make it anew from its elements; {name}.check_format(full_check=True) says what is wrong."
        )


def _is_sound(x: Any) -> bool:
    shape = x.shape if x.format != "bsr" else tuple(np.floor_divide(x.shape, x.blocksize))
    rows, columns = shape if x.format != "csc" else shape[::-1]
    starts, indices = np.asarray(x.indptr), np.asarray(x.indices)
    if starts.shape != (rows + 1,) or indices.ndim != 1 or starts[0] != 0 or (starts[1:] < starts[:-1]).any():
        return False
    stored = int(starts[-1])
    return stored <= min(len(indices), len(x.data)) and _is_within(indices[:stored], columns)


def _is_within(places: Any, size: int) -> bool:
    return len(places) == 0 or bool(0 <= places.min() and places.max() < size)
