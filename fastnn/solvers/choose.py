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
from fastnn.solvers.quasi_newton import quasi_newton

__all__ = ["SOLVERS", "minimise"]

Solve = Callable[..., Solution]

_CHEAP = 3.0  # gradients: a preconditioner that costs no more is made for each of newton-cg's directions,
_RENEWED = 8  # others after so many


@np.errstate(all="ignore")  # what is not finite is looked for at the end
def minimise(
    objective: LogisticObjective,
    start: Vector | None = None,
    *,
    solver: str = "auto",
    tol: float = 1e-4,
    max_iter: int = 100,
    watch: Watch | None = None,
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
    solution = SOLVERS[solver](scaled, start, tol=tol, max_iter=max_iter, watch=seen)
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


# A name stands for the optimum: all have the same one.
SOLVERS: dict[str, Solve] = {
    "auto": _auto,
    "lbfgs": quasi_newton,
    "newton-cg": _newton_cg,
    "newton-cholesky": _newton_cholesky,
    "gradient_descent": gradient_descent,
    "sag": _auto,
    "saga": _auto,
}
