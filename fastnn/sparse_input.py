"""Sparse matrices at the door: with indices of a type that kernels take, and none that points out of memory."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["is_sparse", "sparse_rows", "with_valid_indices"]

_COMPRESSED = ("csr", "csc", "bsr")
_MOST_INT32 = 2**31 - 1
_INDICES = (np.dtype(np.int32), np.dtype(np.int64))  # what kernels read, of one type for starts and indices


def is_sparse(x: Any) -> bool:
    """Whether this is a sparse matrix; asked without SciPy, whose import takes longer than all of ours."""
    return hasattr(x, "toarray") and hasattr(x, "format") and hasattr(x, "nnz")


def with_valid_indices(x: Any, name: str = "X") -> Any:
    """A sparse matrix whose indices and starts are of one type, int32 or int64: itself, or over the same data.

    SciPy looks at most of this when it makes a matrix, but its arrays may be changed afterwards, and it converts what
    they have become without another look: the process ends there. `check_format` would tell, but writes to the matrix.

    Raises
    ------
    ValueError
        If it has elements outside of its shape.
    """
    if x.ndim != 2:
        return x  # whoever reads it says what is wanted
    if x.format in _COMPRESSED:
        is_valid = _has_valid_starts(x)
    elif x.format == "coo":
        is_valid = all(_is_within(places, size) for places, size in zip(x.coords, x.shape, strict=True))
        is_valid = is_valid and all(len(places) == len(x.data) for places in x.coords)
    else:
        return x  # lists, dicts and diagonals, which SciPy reads with care
    if not is_valid:
        raise ValueError(
            f"{name} is a sparse {x.format.upper()} matrix of shape {x.shape} whose indices or starts point outside of "
            f"it, or are no integers. Make it anew from its elements; {name}.check_format(full_check=True) says what "
            "is wrong."
        )
    return _with_one_type(x) if x.format in _COMPRESSED else _with_places(x)


def sparse_rows(name: str, x: Any, dtype: np.dtype[Any]) -> Any:
    """A sparse matrix (n, i) of any format as compressed rows (CSR) of this dtype.

    Raises
    ------
    ValueError
        If it has elements outside of its shape.
    TypeError
        If it has no real numbers.
    """
    from scipy.sparse import csr_array

    if x.dtype.kind not in "fiub":
        raise TypeError(f"{name} of shape {x.shape} has dtype {x.dtype}, wanted real numbers: float32 or float64.")
    return csr_array(with_valid_indices(x, name).astype(dtype, copy=False))


def _has_valid_starts(x: Any) -> bool:
    shape = x.shape if x.format != "bsr" else tuple(np.floor_divide(x.shape, x.blocksize))
    rows, columns = shape if x.format != "csc" else shape[::-1]
    starts, indices = np.asarray(x.indptr), np.asarray(x.indices)
    if starts.dtype.kind not in "iu" or starts.shape != (rows + 1,) or indices.ndim != 1:
        return False
    if starts[0] != 0 or (starts[1:] < starts[:-1]).any():
        return False
    stored = int(starts[-1])
    return stored <= min(len(indices), len(x.data)) and _is_within(indices[:stored], columns)


def _is_within(places: Any, size: int) -> bool:
    return places.dtype.kind in "iu" and (len(places) == 0 or bool(0 <= places.min() and places.max() < size))


def _with_one_type(x: Any) -> Any:
    """The matrix, whose indices are valid, with arrays as kernels read them; only what must be is copied.

    Files of single cells have starts of int64 and indices of int32.
    """
    starts, indices, data = x.indptr, x.indices, x.data
    if starts.dtype == indices.dtype and starts.dtype in _INDICES and all(map(_is_laid_out, (starts, indices, data))):
        return x
    index = starts.dtype if starts.dtype == indices.dtype and starts.dtype in _INDICES else _index_of(x)
    twin = copy(x)  # shares what is not assigned now
    twin.indptr, twin.indices = _laid_out(starts, index), _laid_out(indices, index)
    twin.data = _laid_out(data, data.dtype)
    return twin


def _with_places(x: Any) -> Any:
    """A COO matrix, whose coordinates are valid, with coordinates as SciPy's loops read them."""
    if all(places.dtype in _INDICES and _is_laid_out(places) for places in x.coords):
        return x
    twin = copy(x)
    twin.coords = tuple(_laid_out(places, _index_of(x)) for places in x.coords)
    return twin


def _index_of(x: Any) -> np.dtype[Any]:
    """The smaller type that has room for all places of a matrix and for the number of its elements."""
    return _INDICES[max(*x.shape, len(x.data)) > _MOST_INT32]


def _is_laid_out(array: NDArray[Any]) -> bool:
    return bool(array.flags.c_contiguous and array.flags.aligned)


def _laid_out(array: NDArray[Any], dtype: Any) -> NDArray[Any]:
    return np.require(array, dtype, ["C", "A"])
