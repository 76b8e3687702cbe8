"""L-BFGS (Liu and Nocedal 1989) that starts from a preconditioner instead of a multiple of the identity."""

from __future__ import annotations

from fastnn.solvers.descent import Point, descend
from fastnn.solvers.memory import Memory
from fastnn.solvers.metric import DiagonalMetric, Metric
from fastnn.solvers.objective import Curved, Solution, Vector, Watch

__all__ = ["quasi_newton"]

_PAIRS = 20


def quasi_newton(
    objective: Curved,
    start: Vector,
    *,
    tol: float,
    max_iter: int,
    watch: Watch | None = None,
    metric: Metric | None = None,
) -> Solution:
    """Minimise until every component of the gradient is within `tol`.

    Parameters
    ----------
    objective : Curved
        A convex function.
    start : ndarray (p,), float64
    tol : float
        It also ends where what is left to gain is lost in the rounding of the loss.
    max_iter : int
    watch : callable, optional
    metric : Metric, optional
        The preconditioner; by default the Hessian's diagonal at the start.

    Returns
    -------
    Solution
    """
    if metric is None:
        metric = DiagonalMetric(objective.with_diagonal(start)[2])
    return descend(_Remembering(objective, metric), start, tol=tol, max_iter=max_iter, watch=watch)


class _Remembering:
    """The preconditioned gradient, corrected by what the last steps found."""

    def __init__(self, objective: Curved, metric: Metric) -> None:
        self._objective, self._metric = objective, metric
        self._memory = Memory(_PAIRS, rescale=True)
        self.resolution = objective.resolution

    def evaluate(self, params: Vector) -> Point:
        return Point(params, *self._objective(params))

    def direction(self, point: Point) -> Vector:
        return -self._memory.solve(self._metric, point.d_params)

    def moved(self, before: Point, after: Point) -> None:
        self._memory.add(after.params - before.params, after.d_params - before.d_params)

    def renew(self) -> bool:
        has_been_used = bool(self._memory)
        self._memory.clear()
        return has_been_used
