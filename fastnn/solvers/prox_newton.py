"""Proximal Newton steps on working sets, for penalties that make coefficients zero and for bounds.

Each step minimises the second-order model of the loss together with the penalty, by coordinate descent (Yuan, Ho and
Lin 2012), over the features of a working set that grows until the duality gap is small (Massias et al. 2018).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fastnn.solvers.duality import duality_gap
from fastnn.solvers.logistic_objective import LogisticObjective
from fastnn.solvers.objective import Solution, Vector, Watch
from fastnn.solvers.restricted import Restricted
from fastnn.solvers.rows import Rows
from fastnn.solvers.separable import Separable
from fastnn.solvers.working_set import choose_features

__all__ = ["prox_newton"]

_SUFFICIENT = 0.01  # of the decrease that the model promises
_SHORTEST = 1e-10
_INNER = 0.1  # of the gap that a working set leaves before the next one, and of the last tolerance, to be safe
_MODEL = 0.03  # of the error that a Newton step leaves anyway, to which its model is solved
_ROUNDING = {4: 1e-6, 8: 1e-13}  # of the gap, by the bytes of X's numbers
_EPS = float(np.finfo(np.float64).eps)


@dataclass
class _Progress:
    """What goes on from one working set to the next."""

    params: Vector
    value: float
    max_iter: int
    watch: Watch | None
    steps: int = 0

    def accept(self, params: Vector, value: float) -> None:
        self.params, self.value = params, value
        self.steps += 1
        if self.watch is not None:
            self.watch(self.steps, params, value)

    def end(self, message: str = "", params: Vector | None = None) -> Solution:
        """Where it is now; with a message why it goes no further, where it should."""
        return Solution(self.params if params is None else params, self.value, self.steps, not message, message)


def prox_newton(
    objective: LogisticObjective,
    penalty: Separable,
    start: Vector | None = None,
    *,
    tol: float,
    max_iter: int,
    watch: Watch | None = None,
) -> Solution:
    """Minimise until the duality gap is at most `tol` times the objective.

    Parameters
    ----------
    objective : LogisticObjective
        Without a penalty of its own.
    penalty : Separable
        Of all parameters, as a part of the mean: divided by the sum of the weights.
    start : ndarray (p,), optional
        Zeros by default; where it lies outside the bounds, the nearest point between them.
    tol : float
    max_iter : int
        Newton steps, all working sets together.
    watch : callable, optional

    Returns
    -------
    Solution
        Its coefficients that vanish at the optimum are exactly zero.
    """
    start = penalty.within(np.zeros(objective.n_params) if start is None else start)
    loss, gradient = objective(start)
    progress = _Progress(start, loss + penalty.value(start), max_iter, watch)
    if not np.isfinite(progress.value):
        return progress.end("the objective is not finite at the start")
    tol = max(tol, _ROUNDING[objective.x.dtype.itemsize])
    rows = Rows(objective)
    restricted = Restricted(objective, rows, penalty, choose_features(start, gradient, penalty, objective))
    error = 1.0
    while True:
        steps = progress.steps
        promise = _solve(restricted, progress, _INNER * max(tol, error))
        loss, gradient = objective(progress.params)
        wrong = restricted.wrong(progress.params)
        # The gap leaves out what has no penalty; the last step tells how far that was from its optimum.
        gap = duality_gap(loss, progress.params, gradient, penalty, wrong, objective) / progress.value
        error = max(gap, promise)
        if error <= tol:
            return progress.end(params=penalty.centred(progress.params, objective.outputs))
        if progress.steps >= max_iter:
            return progress.end(f"the duality gap is {error:.1e}")
        features = choose_features(progress.params, gradient, penalty, objective)
        if np.isin(features, restricted.features).all():
            if progress.steps == steps:
                return progress.end(f"no step lowers the objective, and the duality gap is {error:.1e}")
            error = tol  # nothing is missing from the working set: solve it
        else:
            restricted = Restricted(objective, rows, penalty, features)


def _solve(restricted: Restricted, progress: _Progress, goal: float) -> float:
    """Newton steps on a working set until its relative gap is about `goal`; what the last one promised, relatively.

    What a step promises shrinks as the square of the relative error of the gradient, on which the gap depends. A
    model is solved to where Newton's method, converging quadratically, gets by that step.
    """
    model, penalty = restricted.model, restricted.penalty
    params = restricted.narrow(progress.params)
    value = model.move_to(params) + penalty.value(params)
    promise = 1.0
    while progress.steps < progress.max_iter:
        step = model.minimum(value * (_MODEL * max(goal, promise)) ** 2) - params
        fall = float(model.gradient @ step) + penalty.value(params + step) - penalty.value(params)
        promise = abs(fall) / value
        ahead = _search(restricted, params, value, step, fall)
        if ahead is None:
            break
        params, value = ahead
        progress.accept(restricted.widen(params, progress.params), value)
        if promise <= goal:
            break
    return promise


def _search(
    restricted: Restricted, params: Vector, value: float, step: Vector, fall: float
) -> tuple[Vector, float] | None:
    """The first of the points at 1, 1/2, 1/4 ... of the step with a sufficient decrease, where the model now is."""
    # Near the optimum the decrease drowns in the rounding of the objective; there the model knows better.
    slack = 4 * _EPS * abs(value)
    share = 1.0
    while fall < slack and share > _SHORTEST:
        ahead = params + step if share == 1.0 else params + share * step
        found = restricted.model.move_to(ahead) + restricted.penalty.value(ahead)
        if found <= value + (slack if fall > -slack else _SUFFICIENT * share * fall):
            return ahead, found
        share /= 2
    return None
