"""A sparse matrix in a file: its three arrays are checked before anything reads by them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from fastnn.models.common.parameter_checks import Integer
from fastnn.storage import Kind

__all__ = ["CSR"]

_SIZE = Integer(0, 2**62)


def _take(array: csr_array) -> dict[str, Any]:
    stored = slice(int(array.indptr[-1]))  # what lies behind belongs to no row
    parts = {"data": array.data[stored], "indices": array.indices[stored], "indptr": array.indptr}
    return {**parts, "shape": tuple(map(int, array.shape))}


def _make(data: Any, indices: Any, indptr: Any, shape: Any) -> csr_array:
    if not isinstance(shape, tuple) or len(shape) != 2 or not all(map(_SIZE.accepts, shape)):
        raise ValueError(f"a sparse matrix cannot have the shape {shape!r}")
    for array, kind in ((data, "f"), (indices, "i"), (indptr, "i")):
        if not isinstance(array, np.ndarray) or array.ndim != 1 or array.dtype.kind != kind:
            raise ValueError("a sparse matrix has one array of real numbers, and two of integers")
    if data.dtype not in (np.float32, np.float64):  # SciPy's loops know no others
        raise ValueError(f"a sparse matrix of {data.dtype} is none of float32 or float64")
    _require_places(len(data), indices, indptr, shape)
    return csr_array((data, indices, indptr), shape=shape)


def _require_places(n_stored: int, indices: NDArray[Any], indptr: NDArray[Any], shape: tuple[int, int]) -> None:
    """SciPy's own check passes over the rows' ends where the last one is zero, and its loops read by them."""
    if len(indptr) != shape[0] + 1 or indptr[0] != 0 or indptr[-1] != n_stored or (indptr[1:] < indptr[:-1]).any():
        raise ValueError(f"the rows of a sparse matrix of shape {shape} do not end where its {n_stored} numbers do")
    if len(indices) != n_stored or (n_stored and not 0 <= indices.min() <= indices.max() < shape[1]):
        raise ValueError(f"a sparse matrix of shape {shape} has numbers in other columns")


CSR = Kind(csr_array, _take, _make)
