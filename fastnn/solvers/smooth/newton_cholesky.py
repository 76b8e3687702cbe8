"""Newton's method by Cholesky factors of the Hessian (for such models Nelder and Wedderburn 1972).

Where a Hessian is dear its factor is kept, and corrected by L-BFGS (Liu and Nocedal 1989), as long as that pays.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, log

import numpy as np

from fastnn.solvers.objective.types import Curved, Goal, HasHessian, Matrix, Solution, Vector, Watch
from fastnn.solvers.objective.vectors import dot
from fastnn.solvers.preconditioner.cholesky import CholeskyPreconditioner, newton_preconditioner
from fastnn.solvers.smooth.lbfgs_history import LbfgsHistory
from fastnn.solvers.smooth.line_search import Iterate, descend

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
    """Minimise until the goal is reached.

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
        Of a Hessian, in gradients. A cheap one is computed at every iterate; others when the last one has become too
        wrong to pay.
    source : HasHessian, optional
        Where the first Hessian comes from, such as a sample of the rows; the objective itself without it.

    Returns
    -------
    Solution
    """
    if source is None and hessian_cost <= _CHEAP:
        return descend(_NewtonAtEveryPoint(objective), start, goal=goal, max_iter=max_iter, watch=watch)
    method = _NewtonWithKeptFactor(objective, source or objective, hessian_cost, goal)
    return descend(method, start, goal=goal, max_iter=max_iter, watch=watch)


@dataclass(frozen=True)
class _IterateWithHessian(Iterate):
    """An iterate, and the Hessian (p, p) there."""

    hessian: Matrix


class _NewtonAtEveryPoint:
    """Newton's direction, by a Hessian at every iterate."""

    curvature_condition = 0.36

    def __init__(self, objective: Curved) -> None:
        self._objective = objective
        self.resolution = objective.resolution

    def evaluate(self, params: Vector) -> _IterateWithHessian:
        return _IterateWithHessian(params, *self._objective.with_hessian(params))

    def direction(self, iterate: _IterateWithHessian) -> Vector:
        return -newton_preconditioner(iterate.hessian.copy(), self._objective.outputs).solve(iterate.d_params)

    def newton_direction(self, iterate: _IterateWithHessian) -> Vector:
        return self.direction(iterate)

    def largest_change(self, step: Vector) -> float:
        return self._objective.largest_change(step)

    def learn_from_step(self, before: _IterateWithHessian, after: _IterateWithHessian) -> None:
        pass

    def restart(self) -> bool:
        return False


class _NewtonWithKeptFactor:
    """A factor that is kept while the decrement falls so fast that a new one would not be quicker."""

    def __init__(self, objective: Curved, source: HasHessian, cost: float, goal: Goal) -> None:
        self._objective, self._hessian_source, self._cost, self._goal = objective, source, cost, goal
        self._history = LbfgsHistory(_PAIRS)
        self._preconditioner: CholeskyPreconditioner | None = None
        self._is_fresh = self._is_stale = self._is_own = False
        self._decrement = inf  # g H^-1 g where the last step began
        self._ratio = 0.0  # of the last two
        self.resolution = objective.resolution

    @property
    def curvature_condition(self) -> float:
        """A new Hessian knows how far to go; others, and what corrects them, are often wrong by a half."""
        return 0.36 if self._is_fresh and self._is_own else 0.9

    def evaluate(self, params: Vector) -> Iterate:
        return Iterate(params, *self._objective(params))

    def direction(self, iterate: Iterate) -> Vector:
        if self._preconditioner is None or self._is_stale:
            self._renew_preconditioner(iterate.params)
        direction = self.newton_direction(iterate)
        decrement = -dot(iterate.d_params, direction)
        self._ratio, self._decrement = decrement / self._decrement, decrement
        return direction

    def newton_direction(self, iterate: Iterate) -> Vector:
        preconditioner = self._preconditioner or self._renew_preconditioner(iterate.params)
        return -self._history.solve(preconditioner, iterate.d_params)

    def _renew_preconditioner(self, params: Vector) -> CholeskyPreconditioner:
        hessian = self._hessian_source.with_hessian(params)[2]
        preconditioner = self._preconditioner = newton_preconditioner(hessian, self._objective.outputs)
        self._is_own = self._hessian_source is self._objective
        self._hessian_source = self._objective  # a sample serves once
        self._is_fresh, self._is_stale, self._decrement = True, False, inf
        self._history.clear()
        return preconditioner

    def largest_change(self, step: Vector) -> float:
        return self._objective.largest_change(step) if self._is_fresh and self._is_own else inf

    def learn_from_step(self, before: Iterate, after: Iterate) -> None:
        self._history.add(after.params - before.params, after.d_params - before.d_params)
        self._is_stale = not self._is_fresh and self._is_slow(abs(after.loss))
        self._is_fresh = False

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

    def restart(self) -> bool:
        self._is_stale = True
        return not self._is_fresh
