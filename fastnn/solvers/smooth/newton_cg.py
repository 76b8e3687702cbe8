"""Truncated Newton: Newton's method with directions by conjugate gradients (Dembo and Steihaug 1983).

Conjugate gradients are preconditioned, and stopped where a more exact direction would not pay.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fastnn.solvers.objective.types import Goal, HessianFree, Solution, Vector, Watch
from fastnn.solvers.objective.vectors import dot
from fastnn.solvers.preconditioner.preconditioners import Preconditioner, diagonal_of
from fastnn.solvers.smooth.line_search import Iterate, descend

__all__ = ["newton_cg"]

_LOOSE = 0.5  # relative residual of directions as far from the optimum as zeros are
_MOST_PRODUCTS = 200  # for one direction
_FLAT = 1e-12  # of the preconditioner's curvature: only rounding is left of it


def newton_cg(
    objective: HessianFree,
    start: Vector,
    *,
    goal: Goal,
    max_iter: int,
    watch: Watch | None = None,
    preconditioner_at: Callable[[Vector], Preconditioner] | None = None,
    renewal_interval: int = 1,
) -> Solution:
    """Minimise until every component of the gradient is small.

    A step depends on the point where it begins and on the preconditioner, where that is kept, and on nothing else of
    the steps before: two calls of one step each, the second from where the first one ended, do what one call of two
    steps does.

    Parameters
    ----------
    objective : HessianFree
        A convex function.
    start : ndarray (p,), float64
    goal : Goal
        It also ends where what is left to gain is lost in the rounding of the loss.
    max_iter : int
    watch : callable, optional
    preconditioner_at : callable, optional
        The preconditioner for params (p,); by default the Hessian's diagonal.
    renewal_interval : int, default=1
        The preconditioner is asked for at the start, and again after so many directions.

    Returns
    -------
    Solution
    """
    method = _TruncatedNewton(objective, preconditioner_at or diagonal_of(objective), renewal_interval)
    return descend(method, start, goal=goal, max_iter=max_iter, watch=watch)


@dataclass(frozen=True)
class _IterateWithProduct(Iterate):
    """An iterate, and a function that multiplies the Hessian there by a vector (p,)."""

    hessian_product: Callable[[Vector], Vector]


class _TruncatedNewton:
    """Newton's direction as exactly as it is worth: the nearer the optimum, the more."""

    curvature_condition = 0.36

    def __init__(
        self, objective: HessianFree, preconditioner_at: Callable[[Vector], Preconditioner], renewal_interval: int
    ) -> None:
        self._objective, self._preconditioner_at, self._renewal_interval = (
            objective,
            preconditioner_at,
            renewal_interval,
        )
        self._steps = 0
        self._last_direction: tuple[Iterate, Vector] | None = None
        self._size_at_zeros: float | None = None  # of the gradient
        self.resolution = objective.resolution

    def evaluate(self, params: Vector) -> _IterateWithProduct:
        return _IterateWithProduct(params, *self._objective.with_product(params))

    def direction(self, iterate: _IterateWithProduct) -> Vector:
        """Conjugate gradients from zero, so that every iterate goes downhill; asked twice, it answers the same."""
        if self._last_direction is None or self._last_direction[0] is not iterate:
            self._last_direction = iterate, self._solve(iterate)
        return self._last_direction[1]

    def _solve(self, iterate: _IterateWithProduct) -> Vector:
        if self._steps % self._renewal_interval == 0:
            self._preconditioner = self._preconditioner_at(iterate.params)
        self._steps += 1
        residual = -iterate.d_params
        solution = np.zeros_like(residual)
        along = solved = self._preconditioner.solve(residual)
        size = dot(residual, solved)
        if self._size_at_zeros is None:
            self._size_at_zeros = self._size_at(np.zeros_like(residual)) if iterate.params.any() else size
        wanted = size * min(_LOOSE, (size / self._size_at_zeros) ** 0.25) ** 2 if self._size_at_zeros > 0 else 0.0
        length = size  # of `along`, squared, as the preconditioner measures it
        for _ in range(_MOST_PRODUCTS):
            product = iterate.hessian_product(along)
            curvature = dot(along, product)
            if not curvature > _FLAT * length:
                break
            rate = size / curvature
            solution = solution + rate * along
            residual = residual - rate * product
            solved = self._preconditioner.solve(residual)
            size, before = dot(residual, solved), size
            if size <= wanted:
                break
            along = solved + (size / before) * along
            length = size + (size / before) ** 2 * length
        return solution if solution.any() else along

    def newton_direction(self, iterate: _IterateWithProduct) -> Vector:
        return self.direction(iterate)

    def largest_change(self, step: Vector) -> float:
        return self._objective.largest_change(step)

    def _size_at(self, params: Vector) -> float:
        """The size of the gradient, squared, as the preconditioner measures it."""
        d_params = self._objective(params)[1]
        return dot(d_params, self._preconditioner_at(params).solve(d_params))

    def learn_from_step(self, before: Iterate, after: _IterateWithProduct) -> None:
        pass

    def restart(self) -> bool:
        return False
