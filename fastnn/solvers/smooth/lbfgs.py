"""L-BFGS (Liu and Nocedal 1989): gradients, preconditioned and corrected by what the last steps have shown.

It starts from a preconditioner, where the textbook starts from a multiple of the identity.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from fastnn.solvers.objective.types import Goal, Smooth, Solution, Vector, Watch
from fastnn.solvers.preconditioner.preconditioners import Preconditioner
from fastnn.solvers.smooth.lbfgs_history import LbfgsHistory
from fastnn.solvers.smooth.line_search import Iterate, descend

__all__ = ["lbfgs"]

_PAIRS = 10
_RENEWED = 15  # steps for each gradient that a preconditioner costs, until it is made again; then twice as many


def lbfgs(
    objective: Smooth,
    start: Vector,
    *,
    goal: Goal,
    max_iter: int,
    preconditioner_at: Callable[[Vector], Preconditioner],
    preconditioner_cost: float = 1.0,
    watch: Watch | None = None,
) -> Solution:
    """Minimise by preconditioned gradients that the last steps correct.

    Parameters
    ----------
    objective : Smooth
        A convex function.
    start : ndarray (p,), float64
    goal : Goal
        It also ends where what is left to gain is lost in the rounding of the loss.
    max_iter : int
    preconditioner_at : callable
        The preconditioner for params (p,), asked for at the start and where many steps have not been enough.
    preconditioner_cost : float, default=1.0
        Of asking for it, in gradients.
    watch : callable, optional

    Returns
    -------
    Solution
    """
    method = _LbfgsDirections(objective, preconditioner_at, preconditioner_cost)
    return descend(method, start, goal=goal, max_iter=max_iter, watch=watch)


class _LbfgsDirections:
    """The preconditioned gradient, corrected by what the last steps found."""

    curvature_condition = 0.9

    def __init__(
        self, objective: Smooth, preconditioner_at: Callable[[Vector], Preconditioner], preconditioner_cost: float
    ) -> None:
        self._objective, self._preconditioner_at = objective, preconditioner_at
        self._preconditioner: Preconditioner | None = None
        self._steps = 0  # since the preconditioner was made
        self._most_steps = _RENEWED * max(preconditioner_cost, 1.0) / 2
        self._last_direction: tuple[Iterate, Vector] | None = None
        self._history = LbfgsHistory(_PAIRS, rescale=True)
        self.resolution = objective.resolution

    def evaluate(self, params: Vector) -> Iterate:
        return Iterate(params, *self._objective(params))

    def direction(self, iterate: Iterate) -> Vector:
        if self._preconditioner is None or self._steps >= self._most_steps:
            self._preconditioner, self._steps = self._preconditioner_at(iterate.params), 0
            self._most_steps *= 2
            self._history.clear()
            self._last_direction = None
        return self.newton_direction(iterate)

    def newton_direction(self, iterate: Iterate) -> Vector:
        if self._preconditioner is None:
            return self.direction(iterate)
        if self._last_direction is None or self._last_direction[0] is not iterate:
            self._last_direction = iterate, -self._history.solve(self._preconditioner, iterate.d_params)
        return self._last_direction[1]

    def largest_change(self, step: Vector) -> float:
        return inf

    def learn_from_step(self, before: Iterate, after: Iterate) -> None:
        self._steps += 1
        self._history.add(after.params - before.params, after.d_params - before.d_params)

    def restart(self) -> bool:
        has_been_used = bool(self._history)
        self._history.clear()
        self._last_direction = None
        return has_been_used
