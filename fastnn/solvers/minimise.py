"""Which algorithm solves a logistic regression, by a written model of what each costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import log
from typing import Any

import numpy as np

from fastnn.solvers.objective.cost_model import hessian_pays, newton_pays
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.objective.stored import Stored
from fastnn.solvers.objective.types import Goal, Solution, Vector, Watch, numbered_from
from fastnn.solvers.objective.vectors import dot
from fastnn.solvers.preconditioner.choose import preconditioner_for
from fastnn.solvers.preconditioner.preconditioners import Metric, newton_metric
from fastnn.solvers.proximal.prox_newton import prox_newton
from fastnn.solvers.saga.saga import saga
from fastnn.solvers.saga.stopping import ByGap, ByGradient
from fastnn.solvers.smooth.gradient_descent import gradient_descent
from fastnn.solvers.smooth.growing_samples import newton_by_levels, steps_of
from fastnn.solvers.smooth.lbfgs import quasi_newton
from fastnn.solvers.smooth.newton_cg import newton_cg
from fastnn.solvers.smooth.precise import Precise, refined

__all__ = ["SOLVERS", "STOCHASTIC", "goal_of", "minimise", "minimise_separable"]

Solve = Callable[..., Solution]

_CHEAP = 3.0  # gradients: a preconditioner that costs no more is made for each of newton-cg's directions,
_RENEWED = 8  # others after so many
_CHECKED = 100.0  # gradients that a Hessian may cost that checks the end of a solver without any
_CHEAP_CHECK = 5.0  # the same for L-BFGS, which knows something of second derivatives
_NOTHING = 1e-15  # a mean loss that is as good as none
_CLOSER = 0.1  # of the tolerance: SAGA stops where it just meets it, while a second-order step goes far beyond


@np.errstate(all="ignore")  # what is not finite is looked for at the end
def minimise(
    objective: LogisticObjective,
    start: Vector | None = None,
    *,
    solver: str = "auto",
    tol: float = 1e-4,
    max_iter: int = 100,
    watch: Watch | None = None,
    seed: int = 0,
) -> Solution:
    """Fit a logistic regression with an L2 penalty.

    Solvers see features of one scale and not far from zero, by a change of variables: neither X nor the penalty
    changes. Where X's numbers do not allow even that, they see a copy.

    Parameters
    ----------
    objective : LogisticObjective
    start : ndarray (p,), optional
        Zeros by default, and where the loss there is larger than at zeros.
    solver : str, default="auto"
        One of `SOLVERS`.
    tol : float, default=1e-4
        It ends where no component of the gradient is larger, by coefficients of features of scale one, and what
        second derivatives promise may still be gained is less than ``goal_of(tol).gain`` of the loss.
    max_iter : int, default=100
    watch : callable, optional
    seed : int, default=0
        Of the orders of the rows, for solvers that are `STOCHASTIC`.

    Returns
    -------
    Solution
        Its params (p,) are the objective's own: w (i, o) and then b (o,), flat, numbers of X's dtype.
    """
    steps = steps_of(objective)
    scales = objective.scales(steps)
    stored = Stored.of(objective, scales)
    scaled = stored.objective.rescaled(steps) if stored.is_copied else objective.in_scales(scales)
    zeros = np.zeros(objective.n_params)
    if not np.isfinite(scaled.unit).all():
        return Solution(zeros, np.nan, 0, False, "The features' mean squares are not finite")
    # A start where all classes are certain, and wrongly so, has no curvature to begin with.
    begin = zeros if start is None else scaled.coordinates.from_user(stored.from_user(start))
    if start is not None and not _sampled(scaled, steps)(begin)[0] <= log(max(scaled.outputs, 2)):
        begin = zeros
    watch = None if watch is None else _telling(watch, stored, scaled)
    options = {"tol": tol, "max_iter": max_iter, "watch": watch} | ({"seed": seed} if solver in STOCHASTIC else {})
    solution = SOLVERS[solver](scaled, begin, **options)
    if scaled.computes_in_float32 and solution.n_iter < max_iter and np.isfinite(solution.loss):
        goal = goal_of(scaled, tol, Precise.promise_resolution)
        if not solution.converged or solution.is_rounding or goal.gain < scaled.promise_resolution:
            solution = refined(scaled, solution, goal, max_iter=max_iter, watch=watch)
    return replace(solution, params=stored.to_user(scaled, scaled.centred(solution.params)), coarse=stored.coarse)


def _sampled(objective: LogisticObjective, steps: Sequence[int]) -> LogisticObjective:
    """The largest sample of those steps, or the problem itself."""
    return objective.sample(steps[-1]) if steps else objective


def goal_of(objective: Any, tol: float, resolution: float | None = None) -> Goal:
    """What a tolerance of the gradient asks for.

    A gradient of `tol` by features whose curvature is a tenth, as it is where classes overlap, leaves about
    ``5 * tol**2`` to gain for each; twice as much for all of them together. Without a penalty, where classes are
    separated, the loss falls towards zero for ever, and there is always as much left to gain in relation to it: there
    `tol` times the loss of a model without features is an end too.
    """
    vanishing = _NOTHING if objective.strength.any() else max(tol * objective.null_loss(), _NOTHING)
    return Goal(
        tol,
        max(min(10 * tol * tol, 5e-4 * tol), objective.promise_resolution if resolution is None else resolution),
        vanishing,
    )


def _auto(objective: LogisticObjective, start: Vector, *, tol: float, **options: Any) -> Solution:
    goal = goal_of(objective, tol)
    if newton_pays(objective):
        return newton_by_levels(objective, start, goal=goal, **options)
    made = preconditioner_for(objective)
    return quasi_newton(objective, start, metric_at=made.at, metric_cost=made.cost, goal=goal, **options)


def _lbfgs(objective: LogisticObjective, start: Vector, *, tol: float, max_iter: int, watch: Watch | None) -> Solution:
    """Where a Hessian that is cheap promises more than the steps have told, it preconditions those that follow."""
    goal = goal_of(objective, tol)
    found = quasi_newton(objective, start, goal=goal, max_iter=max_iter, watch=watch)
    before = found.n_iter
    if not found.converged or not hessian_pays(objective, _CHEAP_CHECK) or _is_optimum(objective, found.params, goal):
        return found
    options: dict[str, Any] = {"goal": goal, "max_iter": max_iter - before, "watch": numbered_from(before, watch)}
    options["metric_at"] = lambda params: newton_metric(objective.with_hessian(params)[2], objective.outputs)
    rest = quasi_newton(objective, found.params, **options)
    return replace(rest, n_iter=before + rest.n_iter)


def _newton_cg(objective: LogisticObjective, start: Vector, *, tol: float, **options: Any) -> Solution:
    made = preconditioner_for(objective)
    renewed = 1 if made.cost <= _CHEAP else _RENEWED
    goal = goal_of(objective, tol)
    return newton_cg(objective, start, metric_at=made.at, renewed=renewed, goal=goal, **options)


def _newton_cholesky(
    objective: LogisticObjective, start: Vector, *, tol: float, max_iter: int, **options: Any
) -> Solution:
    """L-BFGS goes on where, with fewer rows than parameters and no penalty, the Hessian has no inverse anywhere.

    Its steps stay where the rows are, and a factor of all parameters would cost more than many of them. As with
    scikit-learn, that Newton's step is not possible counts as one of `max_iter`.
    """
    if not _lacks_rows(objective):
        return newton_by_levels(objective, start, goal=goal_of(objective, tol), max_iter=max_iter, **options)
    solution = _lbfgs(objective, start, tol=tol, max_iter=max(max_iter - 1, 0), **options)
    return replace(solution, solver="lbfgs")


def _lacks_rows(objective: LogisticObjective) -> bool:
    """Whether rows and penalty together have less to say than there are parameters."""
    by_feature = objective.strength[:: objective.outputs]
    n_penalised = np.count_nonzero(by_feature > np.finfo(np.float64).eps * objective.n_params)
    return bool(len(objective.y) + n_penalised < len(by_feature))


def _gradient_descent(
    objective: LogisticObjective, start: Vector, *, tol: float, max_iter: int, watch: Watch | None
) -> Solution:
    """With a smaller tolerance as long as second derivatives promise more than a small gradient tells."""
    goal, steps = goal_of(objective, tol), 0
    while True:
        options: dict[str, Any] = {"max_iter": max_iter - steps, "watch": numbered_from(steps, watch)}
        found = gradient_descent(objective, start, tol=tol, **options)
        steps += found.n_iter
        if not found.converged or _is_optimum(objective, found.params, goal):
            return replace(found, n_iter=steps)
        if steps == max_iter:
            return replace(found, n_iter=steps, converged=False, message="Iterations reached the limit")
        start, tol = found.params, tol / 10


def _is_optimum(objective: LogisticObjective, params: Vector, goal: Goal) -> bool:
    """Whether a small gradient is also small for the curvature that there is."""
    if hessian_pays(objective, _CHECKED):
        loss, d_params, hessian = objective.with_hessian(params)
        metric: Metric = newton_metric(hessian, objective.outputs)
    else:
        (loss, d_params), metric = objective(params), preconditioner_for(objective).at(params)
    return dot(d_params, metric.solve(d_params)) / 2 <= goal.gain * abs(loss) or loss <= goal.vanishing


def _saga(
    objective: LogisticObjective, start: Vector, *, tol: float, max_iter: int, watch: Watch | None, seed: int
) -> Solution:
    """SAGA has a centre of its own; so it gets the problem without one."""
    plain, coordinates = objective.in_units(objective.unit), objective.coordinates

    def turned(params: Vector) -> Vector:
        return coordinates.from_user(plain.coordinates.to_user(params))

    seen = None if watch is None else (lambda iteration, params, loss: watch(iteration, turned(params), loss))
    losses, penalty = plain.penalised(0.0), Separable.of(plain.n_params, l2=plain.strength)
    measure = ByGradient(losses, penalty, _CLOSER * tol)
    start = plain.coordinates.from_user(coordinates.to_user(start))
    found = saga(losses, penalty, start, measure=measure, max_iter=max_iter, seed=seed, watch=seen)
    found = replace(found, params=turned(found.params))
    if found.converged and not _is_optimum(objective, found.params, goal_of(objective, tol)):
        found = replace(found, converged=False, message="Second derivatives promise more than the gradient tells")
    return _go_on(found, max_iter, watch, lambda start, **left: _auto(objective, start, tol=tol, **left))


@np.errstate(all="ignore")
def minimise_separable(
    objective: LogisticObjective,
    penalty: Separable,
    start: Vector | None = None,
    *,
    solver: str = "auto",
    tol: float = 1e-4,
    max_iter: int = 100,
    watch: Watch | None = None,
    seed: int = 0,
) -> Solution:
    """Fit a logistic regression with penalties and bounds of any kind, see `prox_newton`.

    Parameters
    ----------
    objective : LogisticObjective
        Without a penalty of its own.
    penalty : Separable
    start, tol, max_iter, watch
        As `prox_newton` takes them.
    solver : str, default="auto"
        Those that are `STOCHASTIC` do it by SAGA, all others by proximal Newton steps.
    seed : int, default=0

    Returns
    -------
    Solution
    """
    stored = Stored.for_penalty(objective, penalty, steps_of(objective))
    if stored.is_copied:
        start = None if start is None else stored.from_user(start)
        watch = None if watch is None else _telling(watch, stored, stored.objective)
    found = _separable(
        stored.objective,
        stored.penalty(penalty),
        start,
        solver=solver,
        tol=tol,
        max_iter=max_iter,
        watch=watch,
        seed=seed,
    )
    if stored.is_copied:
        found = replace(found, params=stored.to_user(stored.objective, found.params))
    return replace(found, coarse=stored.coarse)


def _separable(
    objective: LogisticObjective,
    penalty: Separable,
    start: Vector | None,
    *,
    solver: str,
    tol: float,
    seed: int,
    **options: Any,
) -> Solution:
    if solver not in STOCHASTIC:
        return prox_newton(objective, penalty, start, tol=tol, **options)
    start = penalty.within(np.zeros(objective.n_params) if start is None else start)
    found = saga(objective, penalty, start, measure=ByGap(objective, penalty, _CLOSER * tol), seed=seed, **options)
    found = replace(found, params=penalty.centred(found.params, objective.outputs))
    return _go_on(
        found,
        options["max_iter"],
        options["watch"],
        lambda start, **left: prox_newton(objective, penalty, start, tol=tol, **left),
    )


def _telling(watch: Watch, stored: Stored, scaled: LogisticObjective) -> Watch:
    """The same for params of a stored problem in other coordinates."""
    return lambda iteration, params, loss: watch(iteration, stored.to_user(scaled, params), loss)


def _go_on(found: Solution, max_iter: int, watch: Watch | None, solve: Solve) -> Solution:
    """Where SAGA has seen that it would take far too long, by second-order steps from where it is."""
    before = found.n_iter
    if found.converged or before == max_iter or not np.isfinite(found.loss):
        return found
    rest = solve(found.params, max_iter=max_iter - before, watch=numbered_from(before, watch))
    return replace(rest, n_iter=before + rest.n_iter)


STOCHASTIC = ("sag", "saga")
# A name stands for the optimum: all have the same one.
SOLVERS: dict[str, Solve] = {
    "auto": _auto,
    "lbfgs": _lbfgs,
    "newton-cg": _newton_cg,
    "newton-cholesky": _newton_cholesky,
    "gradient_descent": _gradient_descent,
    "sag": _saga,
    "saga": _saga,
}
