"""Standard deviations of features, to penalise coefficients as if the features were standardised."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import issparse

from fastnn.solvers.objective.types import Vector

__all__ = ["deviations"]

_ROWS = 1024  # of a block: its numbers in float64 stay in the cache for the usual numbers of features
_ELEMENTS = 1 << 18  # of a sparse X at a time
_ROUNDING = 4 * np.finfo(np.float64).eps  # of a mean: deviations no larger are taken for rounding


@np.errstate(all="ignore")  # what is not finite is looked for by the caller
def deviations(x: Any, weight: NDArray[np.floating[Any]] | None) -> Vector:
    """The standard deviation (i,) of every feature about its mean, weighted; 1 where a feature is constant.

    As `StandardScaler` has it, with n in the denominator and not n - 1. Everything is summed in float64 and about a
    value of the feature's own, so that a feature far from zero keeps its digits; a sparse X stays sparse.

    Parameters
    ----------
    x : ndarray, CSR or CSC matrix (n, i)
    weight : ndarray (n,), optional
        Not negative, and somewhere above zero.
    """
    mean, variance = _sparse_moments(x, weight) if issparse(x) else _moments(x, weight)
    deviation = np.sqrt(variance)
    result: Vector = np.where(deviation <= _ROUNDING * np.abs(mean), 1.0, deviation)
    return result


def _moments(x: NDArray[Any], weight: NDArray[np.floating[Any]] | None) -> tuple[Vector, Vector]:
    """Means and variances (i,): those of blocks of rows, put together (Chan, Golub and LeVeque 1983)."""
    first = x[0 if weight is None else int(np.argmax(weight > 0))].astype(np.float64)
    total, mean, squares = 0.0, np.zeros(x.shape[1]), np.zeros(x.shape[1])
    for start in range(0, x.shape[0], _ROWS):
        block = x[start : start + _ROWS] - first
        w = np.ones(len(block)) if weight is None else weight[start : start + _ROWS].astype(np.float64)
        here = w.sum()
        if here == 0:
            continue
        block_mean = w @ block / here
        block -= block_mean
        gap = block_mean - mean
        total += here
        mean += gap * (here / total)
        squares += w @ (block * block) + gap * gap * (here * (total - here) / total)
    return first + mean, squares / total


def _sparse_moments(x: Any, weight: NDArray[np.floating[Any]] | None) -> tuple[Vector, Vector]:
    """Means and variances (i,) from what is stored, about one stored value of each feature."""
    if not x.has_canonical_format:
        x = x.copy()
        x.sum_duplicates()
    n, i = x.shape
    w = np.ones(n) if weight is None else weight.astype(np.float64)
    first, stored, count = np.zeros(i), np.zeros(i), np.zeros(i)
    for rows, columns, values in _elements(x):
        seen = w[rows] > 0
        first[columns[seen][::-1]] = values[seen][::-1]
        stored += np.bincount(columns, w[rows], i)
        count += np.bincount(columns, seen, i)
    # Nothing is missing from a full column; the difference of two sums would be rounding.
    missing = np.where(count == np.count_nonzero(w), 0.0, np.maximum(w.sum() - stored, 0.0))
    total = stored + missing
    sums = -missing * first
    for rows, columns, values in _elements(x):
        sums += np.bincount(columns, w[rows] * (values - first[columns]), i)
    mean = sums / total
    squares = missing * (first + mean) ** 2
    for rows, columns, values in _elements(x):
        squares += np.bincount(columns, w[rows] * (values - first[columns] - mean[columns]) ** 2, i)
    return first + mean, squares / total


def _elements(x: Any) -> Any:
    """Rows, columns and values of the stored elements, some at a time."""
    for start in range(0, x.nnz, _ELEMENTS):
        some = slice(start, min(start + _ELEMENTS, x.nnz))
        major = np.searchsorted(x.indptr, np.arange(some.start, some.stop), side="right") - 1
        minor, values = x.indices[some], x.data[some].astype(np.float64)
        yield (minor, major, values) if x.format == "csc" else (major, minor, values)
