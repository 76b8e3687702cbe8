"""Newton's method by Cholesky factors, each kept, and corrected by L-BFGS, as long as that pays."""

from __future__ import annotations

from math import inf, log

import numpy as np

from fastnn.solvers.objective.types import Curved, Goal, HasHessian, Solution, Vector, Watch
from fastnn.solvers.objective.vectors import dot
from fastnn.solvers.preconditioner.preconditioners import CholeskyMetric, newton_metric
from fastnn.solvers.smooth.lbfgs_history import Memory
from fastnn.solvers.smooth.line_search import Point, descend

__all__ = ["newton_cholesky"]

_CHEAP = 2.0  # up to this cost every evaluation computes the Hessian too
_PAIRS = 12
_ENOUGH = 10.0  # times the square of the tolerance: a decrement at which most gradients are within it
_OF_A_SAMPLE = 0.6  # part of the decrement that a step leaves by a sample's Hessian, after the first ones
_TINY = float(np.finfo(np.float64).tiny)


def newton_cholesky(
    objective: Curved,
    start: Vector,
    *,
    goal: Goal,
    max_iter: int,
    watch: Watch | None = None,
    hessian_cost: float = 1.0,
    source: HasHessian | None = None,
) -> Solution:
    """Minimise until every component of the gradient is within `tol`.

    Parameters
    ----------
    objective : Curved
        A convex function.
    start : ndarray (p,), float64
    goal : Goal
        It also ends where what is left to gain is lost in the rounding of the loss.
    max_iter : int
    watch : callable, optional
    hessian_cost : float, default=1.0
        Of a Hessian, in gradients. A cheap one is computed at every point; others when the last one
        has become too wrong to pay.
    source : HasHessian, optional
        Where the first Hessian comes from, such as a sample of the rows; the objective itself
        without it.

    Returns
    -------
    Solution
    """
    fused = source is None and hessian_cost <= _CHEAP
    strategy = _Fused(objective) if fused else _Kept(objective, source or objective, hessian_cost, goal)
    return descend(strategy, start, goal=goal, max_iter=max_iter, watch=watch)


class _Fused:
    """Newton's direction at every point."""

    steep = 0.36

    def __init__(self, objective: Curved) -> None:
        self._objective = objective
        self.resolution = objective.resolution

    def evaluate(self, params: Vector) -> Point:
        return Point(params, *self._objective.with_hessian(params))

    def direction(self, point: Point) -> Vector:
        return -newton_metric(point.extra.copy(), self._objective.outputs).solve(point.d_params)

    def toward_minimum(self, point: Point) -> Vector:
        return self.direction(point)

    def largest_change(self, step: Vector) -> float:
        return self._objective.largest_change(step)

    def moved(self, before: Point, after: Point) -> None:
        pass

    def renew(self) -> bool:
        return False


class _Kept:
    """A factor that is kept while the decrement falls so fast that a new one would not be quicker."""

    def __init__(self, objective: Curved, source: HasHessian, cost: float, goal: Goal) -> None:
        self._objective, self._source, self._cost, self._goal = objective, source, cost, goal
        self._memory = Memory(_PAIRS)
        self._metric: CholeskyMetric | None = None
        self._fresh = self._is_stale = self._is_own = False
        self._decrement = inf  # g H^-1 g where the last step began
        self._ratio = 0.0  # of the last two
        self.resolution = objective.resolution

    @property
    def steep(self) -> float:
        """A new Hessian knows how far to go; others, and what corrects them, are often wrong by a half."""
        return 0.36 if self._fresh and self._is_own else 0.9

    def evaluate(self, params: Vector) -> Point:
        return Point(params, *self._objective(params))

    def direction(self, point: Point) -> Vector:
        if self._metric is None or self._is_stale:
            self._renew_metric(point.params)
        direction = self.toward_minimum(point)
        decrement = -dot(point.d_params, direction)
        self._ratio, self._decrement = decrement / self._decrement, decrement
        return direction

    def toward_minimum(self, point: Point) -> Vector:
        metric = self._metric or self._renew_metric(point.params)
        return -self._memory.solve(metric, point.d_params)

    def _renew_metric(self, params: Vector) -> CholeskyMetric:
        metric = self._metric = newton_metric(self._source.with_hessian(params)[2], self._objective.outputs)
        self._is_own, self._source = self._source is self._objective, self._objective  # a sample serves once
        self._fresh, self._is_stale, self._decrement = True, False, inf
        self._memory.clear()
        return metric

    def largest_change(self, step: Vector) -> float:
        return self._objective.largest_change(step) if self._fresh and self._is_own else inf

    def moved(self, before: Point, after: Point) -> None:
        self._memory.add(after.params - before.params, after.d_params - before.d_params)
        self._is_stale = not self._fresh and self._is_slow(abs(after.loss))
        self._fresh = False

    def _is_slow(self, loss: float) -> bool:
        """Whether at this pace more steps are ahead than a new Hessian costs, with two steps after it."""
        enough, ratio = _ENOUGH * self._goal.gradient**2, self._ratio
        if self._goal.gain < inf:
            enough = 2 * self._goal.gain * loss
            ratio = ratio if self._is_own else max(ratio, _OF_A_SAMPLE)
        if ratio >= 1:
            return True
        ahead = log(max(self._decrement / (enough + _TINY), 1.0))
        return ratio > 0 and ahead > -log(ratio) * (self._cost + 2)

    def renew(self) -> bool:
        self._is_stale = True
        return not self._fresh
