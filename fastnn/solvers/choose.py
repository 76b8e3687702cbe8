"""Which algorithm solves a logistic regression, by a written model of what each costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from fastnn.solvers.cost import newton_pays
from fastnn.solvers.gradient_descent import gradient_descent
from fastnn.solvers.levels import newton_by_levels, steps_of
from fastnn.solvers.logistic_objective import LogisticObjective
from fastnn.solvers.newton_cg import newton_cg
from fastnn.solvers.objective import Solution, Vector, Watch
from fastnn.solvers.precondition import preconditioner_for
from fastnn.solvers.prox_newton import prox_newton
from fastnn.solvers.quasi_newton import quasi_newton
from fastnn.solvers.saga import saga
from fastnn.solvers.saga_measure import ByGap, ByGradient
from fastnn.solvers.separable import Separable

__all__ = ["SOLVERS", "STOCHASTIC", "minimise", "minimise_separable"]

Solve = Callable[..., Solution]

_CHEAP = 3.0  # gradients: a preconditioner that costs no more is made for each of newton-cg's directions,
_RENEWED = 8  # others after so many
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

    Solvers see features of one scale, by a change of variables: neither X nor the penalty changes.

    Parameters
    ----------
    objective : LogisticObjective
    start : ndarray (p,), optional
        Zeros by default, and where the loss there is larger than at zeros.
    solver : str, default="auto"
        One of `SOLVERS`.
    tol : float, default=1e-4
        It ends where no component of the gradient is larger, by coefficients of features whose root
        mean square is one.
    max_iter : int, default=100
    watch : callable, optional
    seed : int, default=0
        Of the orders of the rows, for solvers that are `STOCHASTIC`.

    Returns
    -------
    Solution
        Its params (p,) are the objective's own: w (i, o) and then b (o,), flat.
    """
    scaled = objective.rescaled(steps_of(objective))
    ratio = objective.unit / scaled.unit
    zeros = np.zeros(objective.n_params)
    if not np.isfinite(scaled.unit).all():
        return Solution(zeros, np.nan, 0, False, "The features' mean squares are not finite")
    # A start where all classes are certain, and wrongly so, has no curvature to begin with.
    start = zeros if start is None or not scaled(start / ratio)[0] <= scaled(zeros)[0] else start / ratio
    seen = None if watch is None else (lambda iteration, params, loss: watch(iteration, params * ratio, loss))
    options = {"tol": tol, "max_iter": max_iter, "watch": seen} | ({"seed": seed} if solver in STOCHASTIC else {})
    solution = SOLVERS[solver](scaled, start, **options)
    return replace(solution, params=objective.centred(solution.params * ratio))


def _auto(objective: LogisticObjective, start: Vector, **options: Any) -> Solution:
    if newton_pays(objective):
        return newton_by_levels(objective, start, **options)
    made = preconditioner_for(objective)
    return quasi_newton(objective, start, metric_at=made.at, metric_cost=made.cost, **options)


def _newton_cg(objective: LogisticObjective, start: Vector, **options: Any) -> Solution:
    made = preconditioner_for(objective)
    renewed = 1 if made.cost <= _CHEAP else _RENEWED
    return newton_cg(objective, start, metric_at=made.at, renewed=renewed, **options)


def _newton_cholesky(objective: LogisticObjective, start: Vector, *, max_iter: int, **options: Any) -> Solution:
    """L-BFGS goes on where, with fewer rows than parameters and no penalty, the Hessian has no inverse anywhere.

    Its steps stay where the rows are, and a factor of all parameters would cost more than many of them. As with
    scikit-learn, that Newton's step is not possible counts as one of `max_iter`.
    """
    if not _lacks_rows(objective):
        return newton_by_levels(objective, start, max_iter=max_iter, **options)
    solution = quasi_newton(objective, start, max_iter=max(max_iter - 1, 0), **options)
    return replace(solution, solver="lbfgs")


def _lacks_rows(objective: LogisticObjective) -> bool:
    """Whether rows and penalty together have less to say than there are parameters."""
    by_feature = objective.strength[:: objective.outputs]
    n_penalised = np.count_nonzero(by_feature > np.finfo(np.float64).eps * objective.n_params)
    return bool(len(objective.y) + n_penalised < len(by_feature))


def _saga(
    objective: LogisticObjective, start: Vector, *, tol: float, max_iter: int, watch: Watch | None, seed: int
) -> Solution:
    losses, penalty = objective.penalised(0.0), Separable.of(objective.n_params, l2=objective.strength)
    measure = ByGradient(losses, penalty, _CLOSER * tol)
    found = saga(losses, penalty, start, measure=measure, max_iter=max_iter, seed=seed, watch=watch)
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
    options: dict[str, Any] = {"max_iter": max_iter, "watch": watch}
    if solver not in STOCHASTIC:
        return prox_newton(objective, penalty, start, tol=tol, **options)
    start = penalty.within(np.zeros(objective.n_params) if start is None else start)
    found = saga(objective, penalty, start, measure=ByGap(objective, penalty, _CLOSER * tol), seed=seed, **options)
    found = replace(found, params=penalty.centred(found.params, objective.outputs))
    return _go_on(found, max_iter, watch, lambda start, **left: prox_newton(objective, penalty, start, tol=tol, **left))


def _go_on(found: Solution, max_iter: int, watch: Watch | None, solve: Solve) -> Solution:
    """Where SAGA has seen that it would take far too long, by second-order steps from where it is."""
    before = found.n_iter
    if found.converged or before == max_iter or not np.isfinite(found.loss):
        return found
    seen = None if watch is None else (lambda iteration, params, loss: watch(before + iteration, params, loss))
    rest = solve(found.params, max_iter=max_iter - before, watch=seen)
    return replace(rest, n_iter=before + rest.n_iter)


STOCHASTIC = ("sag", "saga")
# A name stands for the optimum: all have the same one.
SOLVERS: dict[str, Solve] = {
    "auto": _auto,
    "lbfgs": quasi_newton,
    "newton-cg": _newton_cg,
    "newton-cholesky": _newton_cholesky,
    "gradient_descent": gradient_descent,
    "sag": _saga,
    "saga": _saga,
}
