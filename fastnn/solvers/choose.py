"""Which algorithm solves a logistic regression, by a written model of what each costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from fastnn.solvers.gradient_descent import gradient_descent
from fastnn.solvers.logistic_objective import LogisticObjective
from fastnn.solvers.newton_cg import newton_cg
from fastnn.solvers.newton_cholesky import newton_cholesky
from fastnn.solvers.objective import Solution, Vector, Watch
from fastnn.solvers.quasi_newton import quasi_newton

__all__ = ["SOLVERS", "minimise", "newton_pays"]

Solve = Callable[..., Solution]


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
    scaled = objective.rescaled()
    ratio = objective.unit / scaled.unit
    zeros = np.zeros(objective.n_params)
    # A start where all classes are certain, and wrongly so, has no curvature to begin with.
    start = zeros if start is None or not scaled(start / ratio)[0] <= scaled(zeros)[0] else start / ratio
    seen = None if watch is None else (lambda iteration, params, loss: watch(iteration, params * ratio, loss))
    solution = SOLVERS[solver](scaled, start, tol=tol, max_iter=max_iter, watch=seen)
    return replace(solution, params=objective.centred(solution.params * ratio))


# --- the cost model -----------------------------------------------------------------------------
# Unit: one multiply-add of the vector unit, for one row. Constants are measured.

_ROW = 40.0  # exp, logarithm, divisions
_MOST_PARAMS = 3000  # of a Hessian that is factored
_PASSES = 50.0  # that L-BFGS needs; Newton's method needs about three Hessians


def hessian_cost(objective: LogisticObjective) -> float:
    """What a Hessian costs, in gradients."""
    o = objective.outputs
    i: float = objective.n_params / o
    filled = i if isinstance(objective.x, np.ndarray) else float(objective.x.nnz) / max(len(objective.y), 1)
    gradient = (4 * filled + _ROW) * o
    return 1.0 + filled**2 * o * (o + 1) / 2 / gradient


def factor_cost(objective: LogisticObjective) -> float:
    """What a Cholesky factor costs, in gradients."""
    rows = max(len(objective.y), 1)
    p = float(objective.n_params)
    return p * p * p / 3 / (rows * (4 * p + _ROW))


def newton_pays(objective: LogisticObjective) -> bool:
    """Whether Newton's method, with its Hessians, is quicker than L-BFGS."""
    newton = 3 * (hessian_cost(objective) + factor_cost(objective))
    return objective.n_params <= _MOST_PARAMS and newton <= _PASSES


def _auto(objective: LogisticObjective, start: Vector, **options: Any) -> Solution:
    solve = _newton_cholesky if newton_pays(objective) else quasi_newton
    return solve(objective, start, **options)


def _newton_cholesky(objective: LogisticObjective, start: Vector, **options: Any) -> Solution:
    return newton_cholesky(objective, start, hessian_cost=hessian_cost(objective), **options)


# A name stands for the optimum: all have the same one.
SOLVERS: dict[str, Solve] = {
    "auto": _auto,
    "lbfgs": quasi_newton,
    "newton-cg": newton_cg,
    "newton-cholesky": _newton_cholesky,
    "gradient_descent": gradient_descent,
    "sag": _auto,
    "saga": _auto,
}
