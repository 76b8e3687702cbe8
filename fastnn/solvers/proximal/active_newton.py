"""Newton's step on the support, the coefficients that are not zero, where a model with a separable penalty is smooth.

As in projected Newton methods (Bertsekas 1982) it ends where a coefficient changes its sign or meets a bound.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.objective.types import Vector
from fastnn.solvers.objective.vectors import dot

__all__ = ["feasible_end", "feasible_share", "movable", "slope_of", "support_newton_step"]

_MOST_PRODUCTS = 50  # of a step; more are left to the next one
_SOLVED = 0.3  # of the tolerance
# Of the diagonal's curvature: rounding alone. Where a softmax has coefficients of all classes of a feature, the loss
# does not change along their sum, but an L1 penalty does: the way is then to the next change of a sign.
_FLAT = 1e-12


def movable(params: Vector, curvature: Vector, penalty: Separable) -> NDArray[np.bool_]:
    """Which coefficients (p,) have a smooth penalty, no bound that holds them, and a second derivative."""
    l1, l2, lower, upper = penalty.table
    moves: NDArray[np.bool_] = (params != 0) | (l1 == 0)
    moves &= (params > lower) & (params < upper) & (curvature + l2 > 0)
    return moves


def slope_of(params: Vector, d_params: Vector, penalty: Separable) -> Vector:
    """The gradient (p,) with the penalty's, where that is smooth."""
    l1, l2 = penalty.table[:2]
    slope: Vector = d_params + l2 * params + l1 * np.sign(params)
    return slope


def feasible_share(params: Vector, step: Vector, penalty: Separable) -> float:
    """The part of a step, at most 1, after which the first sign changes or the first bound is met."""
    return min(1.0, float(_shares(params, step, _ends(params, step, penalty)).min(initial=1.0)))


def feasible_end(params: Vector, step: Vector, penalty: Separable) -> tuple[Vector, float]:
    """The point at the end of a step, or where the first sign changes or the first bound is met, and that part of it.

    What changes its sign or meets its bound there is exactly zero, or at its bound.
    """
    ends = _ends(params, step, penalty)
    shares = _shares(params, step, ends)
    share = min(1.0, float(shares.min(initial=1.0)))
    return np.where(shares <= share, ends, params + share * step), share


def _shares(params: Vector, step: Vector, ends: Vector) -> Vector:
    """The parts of a step (p,) after which every coefficient meets its end."""
    with np.errstate(divide="ignore", invalid="ignore"):
        shares: Vector = np.where(step != 0, (ends - params) / step, np.inf)
    return shares


def _ends(params: Vector, step: Vector, penalty: Separable) -> Vector:
    """How far every coefficient may go in the direction of its step."""
    l1, _, lower, upper = penalty.table
    crosses = (l1 > 0) & (params * step < 0)
    ends: Vector = np.where(crosses, np.clip(0.0, lower, upper), np.where(step > 0, upper, lower))
    return ends


def support_newton_step(
    product: Callable[[Vector], Vector],
    curvature: Vector,
    penalty: Separable,
    params: Vector,
    d_params: Vector,
    tolerance: float,
) -> tuple[Vector, Vector]:
    """The step to the model's minimum with the same signs, by preconditioned conjugate gradients.

    Coefficients that would change their sign or leave their bounds stop there, if the model falls nevertheless; if not,
    the step ends where the first does.

    Parameters
    ----------
    product : callable
        Multiplies the model's Hessian by a vector (p,).
    curvature : ndarray (p,)
        The Hessian's diagonal.
    penalty : Separable
    params, d_params : ndarray (p,)
        A point, and the model's gradient there without the penalty.
    tolerance : float
        About what the model may still fall by.

    Returns
    -------
    step, change : ndarray (p,)
        The change of the gradient is the Hessian's product with the step.
    """
    moves = movable(params, curvature, penalty)
    l2 = penalty.table[1]
    residual = np.where(moves, -slope_of(params, d_params, penalty), 0.0)
    inverse = 1 / np.where(moves, curvature + l2, 1.0)
    step, change = np.zeros_like(params), np.zeros_like(params)
    solved = along = inverse * residual
    size = dot(residual, solved)
    for _ in range(_MOST_PRODUCTS):
        if not size > _SOLVED * tolerance:
            break
        image = product(along)
        bent = np.where(moves, image + l2 * along, 0.0)
        least = _FLAT * dot(along, along / inverse)
        if (bend := dot(along, bent)) < least and step.any():
            break
        rate = size / max(bend, least)
        step, change = step + rate * along, change + rate * image
        residual = residual - rate * bent
        solved = inverse * residual
        size, before = dot(residual, solved), size
        along = solved + (size / before) * along
    share = feasible_share(params, step, penalty)
    if share == 1.0:
        return step, change
    ends = _ends(params, step, penalty)
    bounded = np.where(step > 0, np.minimum(step, ends - params), np.maximum(step, ends - params))
    bounded_change = product(bounded)
    fall = dot(d_params + bounded_change / 2, bounded) + penalty.value(params + bounded) - penalty.value(params)
    return (bounded, bounded_change) if fall < 0 else (share * step, share * change)
