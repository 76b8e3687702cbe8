"""Proximal Newton steps on working sets, for penalties that make coefficients zero and for bounds.

Each step minimises the second-order model of the loss together with the penalty, by coordinate descent (Yuan, Ho and
Lin 2012), over the features of a working set that grows until the duality gap is small (Massias et al. 2018).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fastnn.solvers.objective.duality_gap import duality_gap
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.objective.row_losses import Rows
from fastnn.solvers.objective.types import Solution, Vector, Watch
from fastnn.solvers.proximal.subproblem import Restricted
from fastnn.solvers.proximal.working_set import choose_features

__all__ = ["prox_newton"]

_SUFFICIENT = 0.01  # of the decrease that the model promises
_SHORTEST = 1e-10
_INNER = 0.3  # of the gap that a working set leaves before the next one, and of the last tolerance, to be safe
_MODEL = 0.1  # of the error that a Newton step leaves anyway, to which its model is solved
_ROUNDING = 1e-13  # of the gap
_BLIND = "columns that are far from zero, or tiny, keep no curvature: centre and scale the features"
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
        self.params, self.value = params, value
        self.steps += 1
        if self.watch is not None:
            self.watch(self.steps, params, value)

    def end(self, message: str = "", params: Vector | None = None) -> Solution:
        """Where it is now; with a message why it goes no further, where it should."""
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
    rows = Rows(objective)
    _, features = choose_features(start, gradient, penalty, objective, np.empty(0, np.intp))
    restricted = Restricted(objective, rows, penalty, features, start)
    # At zero the gap is likely to be large, and not worth its passes over all rows.
    error = goal = _gap(restricted, progress, restricted.refined(gradient), objective, penalty) if start.any() else 1.0
    while True:
        steps = progress.steps
        promise, left = _solve(restricted, progress, min(error, 1.0), _INNER * max(enough, goal))
        gradient = restricted.refined(objective(progress.params)[1])
        error = goal = _error(restricted, progress, gradient, objective, penalty, promise)
        if error <= enough and not restricted.model.is_blind():
            return progress.end(params=penalty.centred(progress.params, objective.outputs))
        if progress.steps >= max_iter:
            return progress.end(f"the duality gap is {error:.1e}")
        needed, features = choose_features(progress.params, gradient, penalty, objective, restricted.features)
        if np.isin(needed, restricted.features).all():
            # Newton's method is at its end: does the gap say otherwise for rounding alone?
            if left <= enough and _felt_gap(restricted, progress, gradient, objective, penalty, enough) <= enough:
                message = _BLIND if restricted.model.is_blind() else ""
                return progress.end(message, penalty.centred(progress.params, objective.outputs))
            if progress.steps == steps:
                return progress.end(f"no step lowers the objective, and the duality gap is {error:.1e}")
            goal = enough  # nothing is missing from the working set: solve it
        else:
            restricted = Restricted(objective, rows, penalty, features, progress.params)


def _gap(
    restricted: Restricted, progress: _Progress, gradient: Vector, objective: LogisticObjective, penalty: Separable
) -> float:
    """The relative duality gap, from the gradient (p,) of the losses."""
    wrong = restricted.model.wrong()
    return duality_gap(progress.value, progress.params, gradient, penalty, wrong, objective) / progress.value


def _error(
    restricted: Restricted,
    progress: _Progress,
    gradient: Vector,
    objective: LogisticObjective,
    penalty: Separable,
    promise: float,
) -> float:
    """The duality gap, or what the last step promised, if that is more and some directions are free.

    The gap knows nothing of directions that have neither penalty nor bound; the promise tells how far they were from
    their optimum.
    """
    gap = _gap(restricted, progress, gradient, objective, penalty)
    return gap if penalty.is_bounded else max(gap, promise)


def _felt_gap(
    restricted: Restricted,
    progress: _Progress,
    gradient: Vector,
    objective: LogisticObjective,
    penalty: Separable,
    enough: float,
) -> float:
    """The gap without what the rounding of the gradient makes of it.

    An error d of a partial derivative makes the dual point infeasible by d / l1, which the gap has squared, or costs
    d**2 / (2 l2). Penalties so small that it drowns in that are left out, as directions for which the last step speaks.
    The others still have the dual point shrink by d / l1, at the price of that part of the L1 penalty.
    """
    deviation = objective.scales(can_shift=False).deviation  # an outlier that is certain of its class rounds nothing
    size = np.repeat(deviation, objective.outputs)
    size = np.append(size, np.ones(objective.n_params - len(size))) / objective.unit
    terms = 1 + size @ np.abs(progress.params)  # of a row's z, which rounds
    rounding = _EPS * restricted.model.wrong().mean() * terms * size
    if not np.isfinite(rounding).all():  # squares of X overflow
        return np.inf
    felt = penalty.without_less(rounding / np.sqrt(enough), rounding**2 / (enough * progress.value))
    l1, limited = felt.table[0], (felt.table[0] > 0) & (felt.table[1] == 0)
    shrinks = (rounding[limited] / l1[limited]).max(initial=0.0) * (l1 * np.abs(progress.params))[limited].sum()
    return float(_gap(restricted, progress, gradient, objective, felt) - shrinks / progress.value)


def _solve(restricted: Restricted, progress: _Progress, error: float, goal: float) -> tuple[float, float]:
    """Newton steps on a working set from a relative gap of `error` to about `goal`.

    Gives what the last one promised, and the error that it left: no less, however little it promised, than that to
    which its model was solved.

    The gap goes with the error of the gradient, what a step promises with its square. So that is the error which a
    step of Newton's method leaves, if its model is solved as well; a model's fall goes with the square again.
    """
    model, penalty = restricted.model, restricted.penalty
    params = restricted.narrow(progress.params)
    value, promise = restricted.value, 0.0
    while progress.steps < progress.max_iter:
        left = max(_MODEL * goal, min(_MODEL, error) * error)
        step = model.minimum(value * left * left) - params
        fall = float(model.gradient @ step) + penalty.value(params + step) - penalty.value(params)
        promise = abs(fall) / value
        error = max(left, promise)
        ahead = _search(restricted, params, value, step, fall)
        if ahead is None:
            model.move_to(params)
            break
        params, value = ahead
        restricted.value = value
        progress.accept(restricted.widen(params, progress.params), value)
        if error <= goal:
            break
    return promise, error


def _search(
    restricted: Restricted, params: Vector, value: float, step: Vector, fall: float
) -> tuple[Vector, float] | None:
    """The first of the points at 1, 1/2, 1/4 ... of the step with a sufficient decrease, where the model now is."""
    # Near the optimum the decrease drowns in the rounding of the objective; there the model knows better.
    slack, most = 4 * _EPS * abs(value), _DROWNS * abs(value)
    share = 1.0
    while fall < slack and share > _SHORTEST:
        ahead = params + step if share == 1.0 else params + share * step
        found = restricted.model.move_to(ahead) + restricted.penalty.value(ahead)
        if share == 1.0 and found > value + _SUFFICIENT * fall and max(-fall, found - value) < most:
            slack += min(_EPS * restricted.rounds(params, value), most)
        if found <= value + (slack if fall > -slack else _SUFFICIENT * share * fall):
            return ahead, found
        share /= 2
    return None
