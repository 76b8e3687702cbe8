"""Newton's method with directions by preconditioned conjugate gradients (Dembo and Steihaug 1983)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fastnn.solvers.objective.types import Curved, Goal, Solution, Vector, Watch
from fastnn.solvers.objective.vectors import dot
from fastnn.solvers.preconditioner.preconditioners import Metric, diagonal_of
from fastnn.solvers.smooth.line_search import Point, descend

__all__ = ["newton_cg"]

_LOOSE = 0.5  # relative residual of directions as far from the optimum as zeros are
_MOST_PRODUCTS = 200  # for one direction
_FLAT = 1e-12  # of the preconditioner's curvature: only rounding is left of it


def newton_cg(
    objective: Curved,
    start: Vector,
    *,
    goal: Goal,
    max_iter: int,
    watch: Watch | None = None,
    metric_at: Callable[[Vector], Metric] | None = None,
    renewed: int = 1,
) -> Solution:
    """Minimise until every component of the gradient is small.

    Steps remember nothing of those before them but the preconditioner, where that is kept: two steps are as good as
    one and, from where it led, another one.

    Parameters
    ----------
    objective : Curved
        A convex function.
    start : ndarray (p,), float64
    goal : Goal
        It also ends where what is left to gain is lost in the rounding of the loss.
    max_iter : int
    watch : callable, optional
    metric_at : callable, optional
        The preconditioner for params (p,); by default the Hessian's diagonal.
    renewed : int, default=1
        It is asked for at the start, and again after so many directions.

    Returns
    -------
    Solution
    """
    strategy = _Truncated(objective, metric_at or diagonal_of(objective), renewed)
    return descend(strategy, start, goal=goal, max_iter=max_iter, watch=watch)


class _Truncated:
    """Newton's direction as exactly as it is worth: the nearer the optimum, the more."""

    steep = 0.36

    def __init__(self, objective: Curved, metric_at: Callable[[Vector], Metric], renewed: int) -> None:
        self._objective, self._metric_at, self._renewed = objective, metric_at, renewed
        self._steps = 0
        self._known: tuple[Point, Vector] | None = None  # the last direction
        self._at_zero: float | None = None  # the size of the gradient there
        self.resolution = objective.resolution

    def evaluate(self, params: Vector) -> Point:
        return Point(params, *self._objective.with_product(params))

    def direction(self, point: Point) -> Vector:
        """Conjugate gradients from zero, so that every iterate goes downhill; asked twice, it answers the same."""
        if self._known is None or self._known[0] is not point:
            self._known = point, self._solve(point)
        return self._known[1]

    def _solve(self, point: Point) -> Vector:
        if self._steps % self._renewed == 0:
            self._metric = self._metric_at(point.params)
        self._steps += 1
        residual = -point.d_params
        solution = np.zeros_like(residual)
        along = solved = self._metric.solve(residual)
        size = dot(residual, solved)
        if self._at_zero is None:
            self._at_zero = self._size_at(np.zeros_like(residual)) if point.params.any() else size
        wanted = size * min(_LOOSE, (size / self._at_zero) ** 0.25) ** 2 if self._at_zero > 0 else 0.0
        length = size  # of `along`, squared, as the preconditioner measures it
        for _ in range(_MOST_PRODUCTS):
            product = point.extra(along)
            curvature = dot(along, product)
            if not curvature > _FLAT * length:
                break
            rate = size / curvature
            solution = solution + rate * along
            residual = residual - rate * product
            solved = self._metric.solve(residual)
            size, before = dot(residual, solved), size
            if size <= wanted:
                break
            along = solved + (size / before) * along
            length = size + (size / before) ** 2 * length
        return solution if solution.any() else along

    def toward_minimum(self, point: Point) -> Vector:
        return self.direction(point)

    def largest_change(self, step: Vector) -> float:
        return self._objective.largest_change(step)

    def _size_at(self, params: Vector) -> float:
        """Of the gradient, squared, as the preconditioner measures it."""
        d_params = self._objective(params)[1]
        return dot(d_params, self._metric_at(params).solve(d_params))

    def moved(self, before: Point, after: Point) -> None:
        pass

    def renew(self) -> bool:
        return False
