"""Whether features separate classes, by a linear program."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

LARGEST = 1e6  # of a direction's components, by columns of size 1
ROUNDING = 1e-5


def separation_by_program(x: NDArray[np.float64], y: NDArray[np.intp], fit_intercept: bool = True) -> str | None:
    """Say "complete", "quasi-complete", "none", or None where rounding could decide.

    A direction that lowers no margin, of a row's class over another one, can be made so long that each margin that it
    raises is at least 1. So the most that a sum of margins can be, each cut off at 1, is how many of them it raises.
    """
    columns = x - np.median(x, axis=0) if fit_intercept else x
    size = np.abs(columns).max(axis=0)
    columns = columns[:, size > 0] / size[size > 0]
    if fit_intercept:
        columns = np.hstack([columns, np.ones((len(x), 1))])
    raised = margins(columns, y)
    if not raised.shape[1]:
        return "none"
    n, p = raised.shape
    costs = np.concatenate([np.zeros(p), -np.ones(n)])
    bounds = [(-LARGEST, LARGEST)] * p + [(0, 1)] * n
    solution = linprog(costs, np.hstack([-raised, np.eye(n)]), np.zeros(n), bounds=bounds, method="highs")
    assert solution.success, solution.message
    count = -solution.fun
    if abs(count - round(count)) > ROUNDING:
        return None
    return "none" if round(count) == 0 else "complete" if round(count) == n else "quasi-complete"


def margins(columns: NDArray[np.float64], y: NDArray[np.intp]) -> NDArray[np.float64]:
    """Of each row's class over each other one, by the coefficients of all classes but the first."""
    n, p = columns.shape
    k = int(y.max()) + 1
    rows = np.zeros((n, k, k, p))
    each = np.arange(n)
    for other in range(k):
        rows[each, other, y] += columns
        rows[each, other, other] -= columns
    is_other = np.arange(k) != y[:, None]
    return rows[is_other][:, 1:].reshape(n * (k - 1), (k - 1) * p)
