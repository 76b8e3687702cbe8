"""What a logistic regression's ConvergenceWarning says."""

from __future__ import annotations

from typing import Any

from fastnn.solvers.objective import Solution

__all__ = ["not_converged"]

# How scikit-learn's warning of the same solver begins where max_iter was reached, since users filter by that.
_BEGINNINGS = {
    "liblinear": "Liblinear failed to converge, increase the number of iterations.",
    "sag": "The max_iter was reached which means the coef_ did not converge",
    "saga": "The max_iter was reached which means the coef_ did not converge",
    "newton-cholesky": "Newton solver did not converge after {n_iter} iterations.",
}


def not_converged(model: Any, solution: Solution, where: str = "") -> str:
    """The warning that a solver has not come as close as the model's `tol`; `where` says in which of many fits."""
    solver = solution.solver or model.solver
    beginning = _BEGINNINGS.get(solver) if solution.n_iter >= model.max_iter else None
    beginning = beginning or "{solver} failed to converge after {n_iter} iteration(s)"
    details = ", ".join(filter(None, (where, f"max_iter={model.max_iter}")))
    return (
        f"{beginning.format(solver=solver, n_iter=solution.n_iter)} ({details}): {solution.message}. "
        f"Increase the number of iterations, or tol (now {model.tol})."
    )
