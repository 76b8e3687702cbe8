"""Coordinate descent on a quadratic model with a separable penalty.

It computes what src_ext/kernels/solvers/coordinate_descent.hpp does, and is its oracle.

A coordinate is ``j o + k`` for feature j and output k of o. `columns` is X by columns, (m, n), or a CSC matrix (n, m).
`penalty` (4, c) has the rows l1, l2, lower and upper of ``l1 |w| + l2 w**2 / 2``, ``lower <= w <= upper``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["column_descent", "column_sums", "quadratic_descent", "take_columns"]

Doubles = NDArray[np.float64]
Result = tuple[float, int]
Arrays = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]


def column_sums(
    columns: Any,
    d_z: Doubles,
    weight: Doubles,
    p: Doubles | None,
    d_w: Doubles,
    curvature: Doubles,
    moment: Doubles | None,
) -> None:
    """d_w (m, o) = the gradient by the coefficients, from that by z, d_z (o, n); curvature (m, o) = its derivative.

    `weight` (o, n) is the loss's second derivative by z of a sigmoid, moment (m,) = its sums with each column. For a
    softmax it is p times the sample weight, and p (o, n) the probability.
    """
    x = _by_column(columns)
    d_w[...] = x @ d_z.T
    curvature[...] = (x * x) @ (weight if p is None else weight * (1 - p)).T
    if moment is not None:
        moment[...] = x @ weight[0]


def quadratic_descent(
    hessian: Doubles, penalty: Doubles, tolerance: float, max_sweeps: int, w: Doubles, d_w: Doubles
) -> Result:
    """Minimise ``d_w (v - w) + (v - w) hessian (v - w) / 2`` and the penalty of v.

    w (c,) becomes v, and d_w (c,) the model's gradient there. It ends with a sweep over all coordinates whose moves,
    squared and times their curvature, sum up to at most `tolerance`. Returns that sum and the number of sweeps.
    """

    def move(c: int) -> float:
        delta = _minimum(penalty[:, c], w[c], d_w[c], hessian[c, c]) - w[c]
        w[c] += delta
        d_w[...] += delta * hessian[c]
        return float((hessian[c, c] + penalty[1, c]) * delta * delta)

    return _descend(move, lambda: 0.0, w, penalty[0], tolerance, max_sweeps)


def column_descent(
    columns: Any,
    weight: Doubles,
    p: Doubles | None,
    d_w: Doubles,
    curvature: Doubles,
    moment: Doubles | None,
    penalty: Doubles,
    d_b: Doubles | None,
    curvature_b: Doubles | None,
    penalty_b: Doubles | None,
    tolerance: float,
    max_sweeps: int,
    w: Doubles,
    b: Doubles,
    u: Doubles,
    q: Doubles | None,
) -> Result:
    """The same where the Hessian is x.T D x: w (m, o) and b (o,) are moved, u (o, n) = x (v - w) is kept.

    d_w and d_b are the gradient at the start, where u, and for a softmax q (n,) = sum over the outputs of p u, are 0.
    Without d_b there is no intercept. Without `penalty_b` (4, o) it is at its best after every move; `curvature` is
    then that of the columns less their mean under `weight`, and curvature_b the sum of `weight`.
    """
    x = _by_column(columns)
    o = len(weight)
    eliminated = d_b is not None and penalty_b is None

    def shift(k: int, x_j: Doubles | float, delta: float) -> None:
        u[k] += delta * x_j
        if p is not None and q is not None:
            q[...] += delta * x_j * p[k]

    def slope(k: int) -> Doubles:
        d_z: Doubles = weight[k] * (u[k] if q is None else u[k] - q)
        return d_z

    def settle_intercept() -> None:
        if eliminated and d_b is not None:
            delta = -(d_b[0] + slope(0).sum()) / weight.sum()
            b[0] += delta
            shift(0, 1.0, delta)

    def move(c: int) -> float:
        j, k = divmod(c, o)
        delta = _minimum(penalty[:, c], w[j, k], d_w[j, k] + x[j] @ slope(k), curvature[j, k]) - w[j, k]
        w[j, k] += delta
        shift(k, x[j], delta)
        settle_intercept()
        return float((curvature[j, k] + penalty[1, c]) * delta * delta)

    def move_intercept() -> float:
        if d_b is None or penalty_b is None or curvature_b is None:
            return 0.0
        fall = 0.0
        for k in range(o):
            delta = _minimum(penalty_b[:, k], b[k], d_b[k] + slope(k).sum(), curvature_b[k]) - b[k]
            b[k] += delta
            shift(k, 1.0, delta)
            fall += float((curvature_b[k] + penalty_b[1, k]) * delta * delta)
        return fall

    settle_intercept()
    return _descend(move, move_intercept, w.reshape(-1), penalty[0], tolerance, max_sweeps)


def take_columns(x: Any, features: NDArray[np.intp], by_column: bool = False) -> tuple[Arrays, Arrays | None]:
    """Columns of a CSR matrix in float64, as (data, indices, indptr): by rows, and by columns or None."""
    taken = x[:, features].astype(np.float64)
    turned = taken.tocsc() if by_column else None
    rows = (taken.data, taken.indices, taken.indptr)
    return rows, None if turned is None else (turned.data, turned.indices, turned.indptr)


# --- pieces -------------------------------------------------------------------------------------


def _by_column(columns: Any) -> Doubles:
    x: Doubles = columns if isinstance(columns, np.ndarray) else columns.toarray().T
    return x


def _minimum(penalty: Doubles, w: float, g: float, h: float) -> float:
    """The minimiser over v of ``g (v - w) + h (v - w)**2 / 2`` and the penalty of v."""
    l1, l2, lower, upper = penalty
    target = h * w - g
    v = np.copysign(max(abs(target) - l1, 0.0), target)
    if h + l2 > 0:
        v /= h + l2
    else:
        v = 0.0 if l1 > 0 else w  # a feature that is zero everywhere
    return float(min(max(v, lower), upper))


def _descend(
    move: Callable[[int], float],
    move_intercept: Callable[[], float],
    w: Doubles,
    l1: Doubles,
    tolerance: float,
    max_sweeps: int,
) -> Result:
    """Sweeps over all coordinates, and between them over those that are not zero."""

    def sweep(coordinates: Any) -> float:
        return move_intercept() + sum(move(int(c)) for c in coordinates)

    fall, sweeps = 0.0, 0
    while sweeps < max_sweeps:
        fall, sweeps = sweep(range(len(w))), sweeps + 1
        if not fall > tolerance:
            break
        active = np.flatnonzero((w != 0) | (l1 == 0))
        inner = fall if len(active) < len(w) else 0.0
        while inner > tolerance and sweeps < max_sweeps:
            inner, sweeps = sweep(active), sweeps + 1
    return fall, sweeps
