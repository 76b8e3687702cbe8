"""Newton's method on samples of the rows that grow (Byrd, Chin, Nocedal and Wu 2012), then on all rows.

Few passes over all rows remain: the optimum of m rows is within about p / (2 m) of all rows' loss, and their Hessian,
off by about sqrt(p / m), is as good a preconditioner. Both cost m / n of a pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from fastnn.solvers.objective.cost_model import hessian_cost
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.types import Goal, HasHessian, Solution, Vector, Watch
from fastnn.solvers.preconditioner.sampled_hessian import SampledHessian
from fastnn.solvers.smooth.newton_cholesky import newton_cholesky

__all__ = ["newton_on_samples", "sample_steps"]

_STEPS = (257, 61, 17, 5)  # every so many rows; primes, so that they do not follow a period of the data
_LEAST = 20  # rows for each parameter: a sample needs so many
# Rows for each parameter: no larger sample follows one that has so many. Of 100,000 x 50 a fifth cost more than the
# step that it saved.
_ENOUGH = 100
_LEAST_ROWS = 1000
_WORTH = 500_000  # elements of X below which a sample saves less than its calls cost
_OF_EACH_CLASS = 20
_MOST_ITERATIONS = 20
_OF_A_SAMPLE = 0.4  # times the root of its rows: its tolerance. At 0.05 adult takes a tenth longer


def sample_steps(objective: LogisticObjective) -> tuple[int, ...]:
    """The samples to go through, as steps from row to row, the smallest first; none where they do not pay."""
    data, p = objective.data, objective.n_params
    n_elements = data.x.size if isinstance(data.x, np.ndarray) else data.x.nnz
    if n_elements < _WORTH:
        return ()
    steps: list[int] = []
    for step in _STEPS:
        rows = len(data.y) // step
        if rows < max(_LEAST * p, _LEAST_ROWS) or not data.is_representative(step, _OF_EACH_CLASS):
            continue
        steps.append(step)
        if rows >= _ENOUGH * p:
            break
    return tuple(steps)


def newton_on_samples(
    objective: LogisticObjective,
    start: Vector,
    *,
    goal: Goal,
    max_iter: int,
    steps: Sequence[int],
    watch: Watch | None = None,
) -> Solution:
    """Minimise by `newton_cholesky`, from the optimum of a sample, or from `start` where that is not zeros.

    Either way the first Hessian comes from a sample, if there is one.

    Parameters
    ----------
    objective : LogisticObjective
    start : ndarray (p,), float64
    goal : Goal
    max_iter : int
        Iterations on all rows, which alone are counted.
    steps : sequence of int
        What `sample_steps` has found.
    watch : callable, optional

    Returns
    -------
    Solution
    """
    cost = hessian_cost(objective)
    smaller: LogisticObjective | None = None
    if start.any() and steps:
        smaller = objective.sample(steps[-1])
    for step in () if start.any() or max_iter == 0 else steps:
        sample = objective.sample(step)
        # Nearer than what a component of the gradient varies by between samples.
        near = Goal(max(goal.gradient, _OF_A_SAMPLE / len(sample.y) ** 0.5))
        source = _first_hessian(sample, smaller)
        found = newton_cholesky(sample, start, goal=near, max_iter=_MOST_ITERATIONS, hessian_cost=cost, source=source)
        if not np.isfinite(found.loss):
            return replace(found, n_iter=0)
        start, smaller = found.params, sample
    source = _first_hessian(objective, smaller)
    return newton_cholesky(
        objective, start, goal=goal, max_iter=max_iter, watch=watch, hessian_cost=cost, source=source
    )


def _first_hessian(objective: LogisticObjective, sample: LogisticObjective | None) -> HasHessian | None:
    """What the first Hessian comes from: the sample, corrected where X is sparse, since it may have missed columns."""
    if sample is None or isinstance(objective.x, np.ndarray):
        return sample
    return SampledHessian(sample)
