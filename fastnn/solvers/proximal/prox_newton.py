"""Proximal Newton steps on working sets, for penalties that make coefficients zero and for bounds.

Each step minimises the second-order model of the loss together with the penalty, by coordinate descent (Yuan, Ho and
Lin 2012), over the features of a working set that grows until the duality gap is small (Massias, Gramfort and Salmon
2018).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.objective.row_losses import RowLosses
from fastnn.solvers.objective.types import Solution, SolverOptions, Vector, Watch
from fastnn.solvers.proximal.subproblem import WorkingSetProblem
from fastnn.solvers.proximal.working_set import choose_features

__all__ = ["prox_newton", "solve_by_prox_newton"]

_SUFFICIENT = 0.01  # of the decrease that the model promises
_SHORTEST = 1e-10
_INNER = 0.3  # of the gap that a working set leaves before the next one, and of the last tolerance, to be safe
_MODEL = 0.1  # of the error that a Newton step leaves anyway, to which its model is solved
_ROUNDING = 1e-13  # of the gap
_NO_CURVATURE = "columns that are far from zero, or tiny, keep no curvature: centre and scale the features"
_DROWNS = 1e-9  # of the objective: larger decreases are never lost in its rounding, whatever cancels in a row's z
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
        """Go to params (p,), where the objective has this value."""
        self.params, self.value = params, value
        self.steps += 1
        if self.watch is not None:
            self.watch(self.steps, params, value)

    def end(self, message: str = "", params: Vector | None = None) -> Solution:
        """The solution where the steps are now; with a message why they go no further, where they should."""
        return Solution(self.params if params is None else params, self.value, self.steps, not message, message)


@np.errstate(all="ignore")  # what is not finite is looked for at the end
def prox_newton(
    objective: LogisticObjective,
    penalty: Separable,
    start: Vector | None = None,
    *,
    tol: float,
    max_iter: int,
    watch: Watch | None = None,
) -> Solution:
    """Minimise until the duality gap is at most ``tol**2`` times the objective.

    That is a square, since errors of the coefficients change the objective by their squares.

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
    enough = max(tol * tol, _ROUNDING)
    row_losses = RowLosses(objective)
    _, features = choose_features(start, gradient, penalty, objective, np.empty(0, np.intp))
    subproblem = WorkingSetProblem(objective, row_losses, penalty, features, start)
    # At zero the gap is likely to be large, and not worth its passes over all rows.
    error = goal = subproblem.relative_gap(start, progress.value, gradient).size() if start.any() else 1.0
    while True:
        steps = progress.steps
        promise, left = _solve(subproblem, progress, min(error, 1.0), _INNER * max(enough, goal))
        gap = subproblem.relative_gap(progress.params, progress.value, objective(progress.params)[1])
        error = goal = gap.size_or(promise)
        if error <= enough and not subproblem.model.lacks_curvature():
            return progress.end("", penalty.centred(progress.params, objective.outputs))
        if progress.steps >= max_iter:
            return progress.end(f"the duality gap is {error:.1e}")
        needed, features = choose_features(progress.params, gap.gradient, penalty, objective, subproblem.features)
        if not np.isin(needed, subproblem.features).all():
            subproblem = WorkingSetProblem(objective, row_losses, penalty, features, progress.params)
            continue
        # Newton's method is at its end: does the gap say otherwise for rounding alone?
        if left <= enough and gap.beyond_rounding(enough) <= enough:
            message = _NO_CURVATURE if subproblem.model.lacks_curvature() else ""
            return progress.end(message, penalty.centred(progress.params, objective.outputs))
        if progress.steps == steps:
            return progress.end(f"no step lowers the objective, and the duality gap is {error:.1e}")
        goal = enough  # nothing is missing from the working set: solve it


def solve_by_prox_newton(
    objective: LogisticObjective, penalty: Separable, start: Vector | None, options: SolverOptions
) -> Solution:
    """`prox_newton`, as a row of the table of solvers wants it."""
    return prox_newton(objective, penalty, start, tol=options.tol, max_iter=options.max_iter, watch=options.watch)


def _solve(subproblem: WorkingSetProblem, progress: _Progress, error: float, goal: float) -> tuple[float, float]:
    """Newton steps on a working set from a relative gap of `error` to about `goal`.

    Gives what the last one promised, and the error that it left: no less, however little it promised, than that to
    which its model was solved.

    The gap goes with the error of the gradient, what a step promises with its square. So that is the error which a
    step of Newton's method leaves, if its model is solved as well; a model's fall goes with the square again.
    """
    model, penalty = subproblem.model, subproblem.penalty
    params = subproblem.restrict(progress.params)
    value, promise = subproblem.value, 0.0
    while progress.steps < progress.max_iter:
        left = max(_MODEL * goal, min(_MODEL, error) * error)
        step = model.minimum(value * left * left) - params
        fall = float(model.gradient @ step) + penalty.value(params + step) - penalty.value(params)
        promise = abs(fall) / value
        error = max(left, promise)
        ahead = _search(subproblem, params, value, step, fall)
        if ahead is None:
            model.move_to(params)
            break
        params, value = ahead
        subproblem.value = value
        progress.accept(subproblem.extend(params, progress.params), value)
        if error <= goal:
            break
    return promise, error


def _search(
    subproblem: WorkingSetProblem, params: Vector, value: float, step: Vector, fall: float
) -> tuple[Vector, float] | None:
    """The first of the points at 1, 1/2, 1/4 ... of the step with a sufficient decrease, where the model now is."""
    # Near the optimum the decrease drowns in the rounding of the objective; there the model knows better.
    slack, most = 4 * _EPS * abs(value), _DROWNS * abs(value)
    share = 1.0
    while fall < slack and share > _SHORTEST:
        ahead = params + step if share == 1.0 else params + share * step
        found = subproblem.model.move_to(ahead) + subproblem.penalty.value(ahead)
        if share == 1.0 and found > value + _SUFFICIENT * fall and max(-fall, found - value) < most:
            slack += min(_EPS * subproblem.rounding_error(params, value), most)
        if found <= value + (slack if fall > -slack else _SUFFICIENT * share * fall):
            return ahead, found
        share /= 2
    return None
