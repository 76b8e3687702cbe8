"""Location and scale of the features, by means and mean squares, or by order statistics where outliers decide those."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastnn.kernels.contract import Array
from fastnn.solvers.objective.types import Vector

__all__ = ["Scales", "has_far_columns", "scales_of"]

_ROWS = 32  # from which medians are taken; of 100,000 x 50 in 20 us, where a fit takes 3 ms
_TAIL = 8  # one row in so many, at either end, may be an outlier
_LONGEST = 10.0  # times half the range of the rows between the tails: a deviation that is larger comes from outliers
_NEAR = 10.0  # deviations from zero: features nearer than this need not be centred, which costs 5 us a pass
_NEAR_SHARE = _NEAR**2 / (1 + _NEAR**2)  # of a mean square, that a squared mean has there
_MOST_COLUMNS = 512  # of a sparse X, whose sample is made dense
_ROUNDING = 16.0  # times the resolution of a mean of squares: a variance below that is only rounding


class Scales(NamedTuple):
    """Location and scale of the features (i,).

    Attributes
    ----------
    centre : ndarray (i,)
        Of features so far from zero that a solver gains by a shift; zero for the others.
    deviation : ndarray (i,)
        The root mean square of the distance from the centre, or, where outliers make that, the size of most of them;
        zero for a constant feature, not finite where X is not.
    means : ndarray (i,)
        Of the features, which are zero where all of a feature's numbers are.
    """

    centre: Vector
    deviation: Vector
    means: Vector

    @property
    def far(self) -> Vector:
        """Distances (i,) of the centres from zero, in deviations."""
        return np.abs(self.centre) / np.where(self.deviation > 0, self.deviation, 1.0)


def scales_of(
    x: Any, sample_weight: Array | None, means: Vector, squares: Vector, *, can_shift: bool, eps: float
) -> Scales:
    """Scales of the columns of X.

    Where there are no outliers they are means and mean squares alone, so that a weight of two is the same as two rows.

    Parameters
    ----------
    x : ndarray (n, i), CSR or CSC matrix
    sample_weight : ndarray (n,), optional
    means, squares : ndarray (i,)
        Weighted means of the features and of their squares.
    can_shift : bool
        Whether there is an intercept that makes up for a shift.
    eps : float
        The relative rounding of the means.

    Returns
    -------
    Scales
    """
    if not isinstance(x, np.ndarray) and x.shape[1] > _MOST_COLUMNS:
        is_far = (means * means > _NEAR_SHARE * squares) & can_shift
        return _scales_of_wide(x, sample_weight, means, squares, np.flatnonzero(is_far), eps)
    median, half_range = _median_and_half_range(_sampled_rows(x, sample_weight))
    size = half_range + np.abs(median)
    is_near = not can_shift or (means * means <= _NEAR_SHARE * squares).all()
    if is_near and ((squares <= (_LONGEST * size) ** 2) | (size == 0)).all():  # as most data are: it spares 50 us
        return Scales(np.zeros_like(means), np.sqrt(squares), means)
    centre = np.where(np.abs(means - median) <= _LONGEST * half_range, means, median)
    variance = squares - centre * (2 * means - centre)
    around = _robust_root(variance, half_range, _ROUNDING * eps * (squares + centre * centre))
    is_far = (np.abs(centre) > _NEAR * around) & (around > 0) & can_shift
    deviation = np.where(is_far, around, _robust_root(squares, size, 0.0))
    deviation[~np.isfinite(squares)] = np.inf
    return Scales(np.where(is_far, centre, 0.0), deviation, means)


def _scales_of_wide(
    x: Any, sample_weight: Array | None, means: Vector, squares: Vector, far: NDArray[np.intp], eps: float
) -> Scales:
    """Scales of many sparse columns, of which medians are taken only where their means say that they lie far away."""
    centre, deviation = np.zeros_like(means), np.sqrt(squares)
    for start in range(0, len(far), _MOST_COLUMNS):
        some = far[start : start + _MOST_COLUMNS]
        of_some = scales_of(x[:, some], sample_weight, means[some], squares[some], can_shift=True, eps=eps)
        centre[some], deviation[some] = of_some.centre, of_some.deviation
    return Scales(centre, deviation, means)


def _median_and_half_range(rows: Vector) -> tuple[Vector, Vector]:
    """The median (i,) of each column of (m, i), and half the range of the rows between the tails."""
    tail = len(rows) // _TAIL
    ordered = np.sort(rows.T, axis=1)
    return ordered[:, len(rows) // 2], (ordered[:, -1 - tail] - ordered[:, tail]) / 2


def _robust_root(squares: Vector, size: Vector, rounding: Vector | float) -> Vector:
    """Roots of mean squares, no larger than most rows allow whose size is not zero; that size for what is rounding."""
    root = np.sqrt(np.where(squares > rounding, squares, 0.0))
    limited = np.where(root > 0, np.minimum(root, _LONGEST * size), size)
    return np.where(size > 0, limited, root)


def has_far_columns(x: Vector) -> bool:
    """Whether some columns of x (n, i) seem to lie many times as far from zero as their numbers from each other."""
    rows = x[:: _stride(len(x))]
    least, largest = rows.min(axis=0), rows.max(axis=0)
    varies = largest > least
    return bool((np.minimum(np.abs(least), np.abs(largest)) > _NEAR * (largest - least))[varies].any())


def _stride(n: int) -> int:
    """From row to row: odd, and so not in step with days, weeks or hundreds."""
    return max(n // _ROWS, 1) | 1 if n > _ROWS * _ROWS else max(n // _ROWS, 1)


def _sampled_rows(x: Any, sample_weight: Array | None) -> Vector:
    """Rows from all over X (m, i), of those that count."""
    if sample_weight is not None:
        counted = np.flatnonzero(sample_weight > 0)
        sampled = x[counted[:: _stride(len(counted))]]
    else:
        sampled = x[:: _stride(x.shape[0])]
    if isinstance(sampled, np.ndarray):
        return sampled.astype(np.float64)
    rows, elements = np.zeros(sampled.shape), sampled.tocoo()
    np.add.at(rows, (elements.row, elements.col), elements.data)
    return rows
