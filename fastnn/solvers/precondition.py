"""The preconditioner that a logistic regression of many parameters is worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fastnn.solvers.cost import gram_cost
from fastnn.solvers.logistic_objective import LogisticObjective
from fastnn.solvers.metric import DiagonalMetric, Metric, SharedMetric
from fastnn.solvers.objective import Vector
from fastnn.solvers.sampled import corrected

__all__ = ["Preconditioner", "preconditioner_for"]

_STEPS = (17, 5)  # every so many rows make the second derivatives,
_ROWS = 2.5  # at least so many for each feature,
_CHEAP = 2.0  # where those of all rows cost more gradients than this
_MOST_PASSES = 25.0  # that it may cost; without it L-BFGS takes two to four times as many as with it


class Preconditioner(NamedTuple):
    """Makes what stands for the Hessian of a rescaled objective.

    Attributes
    ----------
    at : callable
        The metric for params (p,).
    cost : float
        Of a call, in gradients.
    """

    at: Callable[[Vector], Metric]
    cost: float


def preconditioner_for(objective: LogisticObjective) -> Preconditioner:
    """Choose between the two that there are.

    The second derivatives by one output's parameters, averaged over the outputs, from the rows or a
    sample of them; or, where features are too many for that, the diagonal that rescaling has made equal.
    """
    step = _step(objective)
    cost = gram_cost(objective, step)
    if cost <= _MOST_PASSES:
        return Preconditioner(_shared(objective, step), cost + 1 / step)
    o = objective.outputs
    diagonal = DiagonalMetric(np.full(objective.n_params, 0.25 if o == 1 else (1 - 1 / o) / o))
    return Preconditioner(lambda params: diagonal, 0.0)


def _step(objective: LogisticObjective) -> int:
    """Every how many rows to take."""
    if gram_cost(objective, 1) <= _CHEAP:
        return 1
    least = _ROWS * objective.n_params / objective.outputs
    return next((s for s in _STEPS if len(objective.y) >= least * s and objective.is_fair(s, 0)), 1)


def _shared(objective: LogisticObjective, step: int) -> Callable[[Vector], Metric]:
    if step == 1:
        return lambda params: SharedMetric(objective.with_shared_curvature(params)[2], objective.outputs)
    sample = objective.sample(step)
    return lambda params: SharedMetric(corrected(sample.with_shared_curvature(params)[2], sample), objective.outputs)
