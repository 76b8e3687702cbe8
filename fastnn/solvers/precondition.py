"""The preconditioner that a logistic regression of many parameters is worth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fastnn.solvers.cost import gram_cost
from fastnn.solvers.logistic_objective import LogisticObjective
from fastnn.solvers.metric import DiagonalMetric, Metric, SharedMetric
from fastnn.solvers.objective import Vector

__all__ = ["metric_for"]

_STEPS = (17, 5, 1)  # every so many rows make the second derivatives
_ROWS = 2.5  # for each feature, at least
_MOST_PASSES = 25.0  # that it may cost; without it L-BFGS takes two to four times as many as with it


def metric_for(objective: LogisticObjective) -> Callable[[Vector], Metric]:
    """A function that gives what stands for the Hessian of a rescaled objective at params (p,).

    The second derivatives by one output's parameters, averaged over the outputs, from a sample of
    the rows; or, where features are too many for that, the diagonal that rescaling has made equal.
    """
    m = objective.n_params // objective.outputs
    rows = len(objective.y)
    step = next((step for step in _STEPS if rows >= _ROWS * m * step and objective.is_fair(step, 0)), 1)
    if gram_cost(objective, step) <= _MOST_PASSES:
        sample = objective.sample(step)
        return lambda params: SharedMetric(sample.with_shared_curvature(params)[2], sample.outputs)
    o = objective.outputs
    diagonal = DiagonalMetric(np.full(objective.n_params, 0.25 if o == 1 else (1 - 1 / o) / o))
    return lambda params: diagonal
