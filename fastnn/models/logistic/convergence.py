"""What a logistic regression's ConvergenceWarning says."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.solvers.objective.types import Solution
from fastnn.solvers.table import SOLVERS, WARNING

__all__ = ["hardly_resolved", "not_converged"]

_NAMED = 10  # columns


def not_converged(model: Any, solution: Solution, where: str = "") -> str:
    """The warning that a solver has not come as close as the model's `tol`; `where` says in which of many fits."""
    solver = solution.solver or model.solver
    beginning = SOLVERS[solver].warning if solution.n_iter >= model.max_iter else WARNING
    details = ", ".join(filter(None, (where, f"max_iter={model.max_iter}")))
    return (
        f"{beginning.format(solver=solver, n_iter=solution.n_iter)} ({details}): {solution.message}. "
        f"Increase the number of iterations, or tol (now {model.tol})."
    )


def hardly_resolved(model: Any, solution: Solution, dtype: Any) -> str:
    """The warning of columns that lie so far from zero that their dtype rounds away what varies; "" without any."""
    if not solution.coarse:
        return ""
    names = getattr(model, "feature_names_in_", None)
    found = [f"{names[j]!r}" if names is not None else str(j) for j in solution.coarse]
    listed = ", ".join(found[:_NAMED]) + (f" and {len(found) - _NAMED} more" if len(found) > _NAMED else "")
    other = "" if dtype == np.float64 else " in float64, or pass float64"
    which = f"Column {listed} of X lies" if len(found) == 1 else f"Columns {listed} of X lie"
    return (
        f"{which} so far from zero that {dtype} rounds the values, and the intercept, to a thousandth of their "
        f"deviation or worse: coefficients and predictions have that error. Subtract the median{other}."
    )
