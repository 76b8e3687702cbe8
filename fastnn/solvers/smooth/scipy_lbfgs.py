"""SciPy's L-BFGS-B (Byrd, Lu, Nocedal and Zhu 1995) without bounds, which multi-layer perceptrons train by."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from fastnn.solvers.objective.types import Objective, Solution, Vector, Watch

__all__ = ["scipy_lbfgs"]


def scipy_lbfgs(
    objective: Objective,
    start: Vector,
    *,
    tol: float,
    max_iter: int,
    max_evaluations: float = inf,
    relative_decrease: float,
    watch: Watch | None = None,
) -> Solution:
    """Minimise until every component of the gradient is within `tol`.

    Parameters
    ----------
    objective : callable
    start : ndarray (p,), float64
    tol : float
    max_iter : int
    max_evaluations : float, default=inf
    relative_decrease : float
        It also ends where an iteration lowers the loss by less than this times the loss.
    watch : callable, optional

    Returns
    -------
    Solution
    """
    if max_iter == 0:  # SciPy takes a step even then
        return Solution(start, objective(start)[0], 0, False, "No iteration is allowed")
    from scipy.optimize import minimize  # half of the package works without SciPy's optimisers

    result = minimize(
        objective,
        start,
        method="L-BFGS-B",
        jac=True,
        callback=None if watch is None else _numbered(watch),
        options={
            "maxiter": max_iter,
            # SciPy counts in C's int.
            "maxfun": int(min(max_evaluations, np.iinfo(np.int32).max)),
            "gtol": tol,
            "ftol": relative_decrease,
            "maxls": 50,
        },
    )
    n_iter = min(int(result.nit), max_iter)
    message = str(result.message).capitalize()
    return Solution(result.x, float(result.fun), n_iter, result.status == 0, message)


def _numbered(watch: Watch) -> Any:
    iteration = 0

    def callback(intermediate_result: Any) -> None:
        nonlocal iteration
        iteration += 1
        watch(iteration, intermediate_result.x, float(intermediate_result.fun))

    return callback
