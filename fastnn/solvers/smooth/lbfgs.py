"""L-BFGS (Liu and Nocedal 1989) that starts from a preconditioner instead of a multiple of the identity."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from fastnn.solvers.objective.types import Curved, Goal, Solution, Vector, Watch
from fastnn.solvers.preconditioner.preconditioners import Metric, diagonal_of
from fastnn.solvers.smooth.lbfgs_history import Memory
from fastnn.solvers.smooth.line_search import Point, descend

__all__ = ["quasi_newton"]

_PAIRS = 10
_RENEWED = 15  # steps for each gradient that a preconditioner costs, until it is made again; then twice as many


def quasi_newton(
    objective: Curved,
    start: Vector,
    *,
    goal: Goal,
    max_iter: int,
    watch: Watch | None = None,
    metric_at: Callable[[Vector], Metric] | None = None,
    metric_cost: float = 1.0,
) -> Solution:
    """Minimise by preconditioned gradients that the last steps correct.

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
        The preconditioner for params (p,), asked for at the start and where many steps have not
        been enough; by default the Hessian's diagonal.
    metric_cost : float, default=1.0
        Of asking for it, in gradients.

    Returns
    -------
    Solution
    """
    if metric_at is None:
        metric_at = diagonal_of(objective)
    return descend(_Remembering(objective, metric_at, metric_cost), start, goal=goal, max_iter=max_iter, watch=watch)


class _Remembering:
    """The preconditioned gradient, corrected by what the last steps found."""

    steep = 0.9

    def __init__(self, objective: Curved, metric_at: Callable[[Vector], Metric], cost: float) -> None:
        self._objective, self._metric_at = objective, metric_at
        self._metric: Metric | None = None
        self._steps = 0  # since it was made
        self._known: tuple[Point, Vector] | None = None  # the last direction
        self._limit = _RENEWED * max(cost, 1.0) / 2
        self._memory = Memory(_PAIRS, rescale=True)
        self.resolution = objective.resolution

    def evaluate(self, params: Vector) -> Point:
        return Point(params, *self._objective(params))

    def direction(self, point: Point) -> Vector:
        if self._metric is None or self._steps >= self._limit:
            self._metric, self._steps = self._metric_at(point.params), 0
            self._limit *= 2
            self._memory.clear()
            self._known = None
        return self.toward_minimum(point)

    def toward_minimum(self, point: Point) -> Vector:
        if self._metric is None:
            return self.direction(point)
        if self._known is None or self._known[0] is not point:
            self._known = point, -self._memory.solve(self._metric, point.d_params)
        return self._known[1]

    def largest_change(self, step: Vector) -> float:
        return inf

    def moved(self, before: Point, after: Point) -> None:
        self._steps += 1
        self._memory.add(after.params - before.params, after.d_params - before.d_params)

    def renew(self) -> bool:
        has_been_used = bool(self._memory)
        self._memory.clear()
        self._known = None
        return has_been_used
