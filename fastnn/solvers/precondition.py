"""The preconditioner that a logistic regression of many parameters is worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fastnn.solvers.cost import gram_cost
from fastnn.solvers.logistic_objective import LogisticObjective
from fastnn.solvers.metric import DiagonalMetric, Metric, SharedMetric
from fastnn.solvers.objective import Matrix, Vector

__all__ = ["Preconditioner", "preconditioner_for"]

_STEPS = (17, 5)  # every so many rows make the second derivatives,
_ROWS = 2.5  # at least so many for each feature,
_CHEAP = 2.0  # where those of all rows cost more gradients than this
_MOST_PASSES = 25.0  # that it may cost; without it L-BFGS takes two to four times as many as with it
# Of a sample's correlations, since those of rare features are chance: digits, C=100, a fifth of the rows, take
# 80 passes without it and 24 with it.
_SHRINKAGE = 0.3


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
        return Preconditioner(_shared(objective, step), cost + 1)
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

    def at(params: Vector) -> Metric:
        diagonal = objective.with_diagonal(params)[2].reshape(-1, objective.outputs).mean(axis=1)
        return SharedMetric(_corrected(sample.with_shared_curvature(params)[2], diagonal), objective.outputs)

    return at


def _corrected(matrix: Matrix, diagonal: Vector) -> Matrix:
    """A sample's matrix with the diagonal of all rows: it may have missed a rare feature, or met it by chance."""
    of_sample = matrix.diagonal()
    ratio = np.sqrt(np.where(of_sample > 0, diagonal / np.where(of_sample > 0, of_sample, 1.0), 0.0))
    corrected: Matrix = matrix * (ratio * (1 - _SHRINKAGE))
    corrected *= ratio[:, None]
    corrected.ravel()[:: len(corrected) + 1] = diagonal
    return corrected
