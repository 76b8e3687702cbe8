"""The preconditioner that a logistic regression of many parameters is worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastnn.solvers.objective.cost_model import gram_cost
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.types import Matrix, Vector
from fastnn.solvers.preconditioner.preconditioners import (
    DiagonalPreconditioner,
    PartialPreconditioner,
    Preconditioner,
    SharedPreconditioner,
)
from fastnn.solvers.preconditioner.sampled_hessian import corrected

__all__ = ["PreconditionerFactory", "preconditioner_for"]

# Second derivatives come from all rows where they cost no more gradients than this, ...
_CHEAP = 2.0
_STEPS = (17, 5)  # ... else from every 17th or 5th row, if that leaves ...
_ROWS = 2.5  # ... so many rows for each feature.
_FREQUENT = 0.05  # of the rows: what makes a sparse feature one of many rows
_MOST_FREQUENT = 120  # 7 steps on texts, as 200 take
_FOR_FREQUENT = 4000  # rows
_MOST_GRADIENTS = 25.0  # that it may cost; without it L-BFGS takes two to four times as many as with it


class PreconditionerFactory(NamedTuple):
    """Makes preconditioners of one kind for a rescaled objective.

    Attributes
    ----------
    at : callable
        The preconditioner for params (p,).
    cost : float
        Of a call, in gradients.
    """

    at: Callable[[Vector], Preconditioner]
    cost: float


def preconditioner_for(objective: LogisticObjective) -> PreconditionerFactory:
    """Choose one of three preconditioners.

    The second derivatives by one output's parameters, averaged over the outputs, from the rows or a
    sample of them. Where features are too many for that, the diagonal that rescaling has made equal;
    and if they are sparse, the derivatives by those that many rows have, since these make the large
    eigenvalues: texts of words to a relative 1e-6 take 7 instead of 19 steps.
    """
    least = _ROWS * objective.n_params / objective.outputs
    step = 1 if gram_cost(objective, 1) <= _CHEAP else _step_of(objective, least)
    cost = gram_cost(objective, step)
    if cost <= _MOST_GRADIENTS:
        return PreconditionerFactory(_shared(objective, step), cost + 1 / step)
    o = objective.outputs
    curvature = 0.25 if o == 1 else (1 - 1 / o) / o
    if not isinstance(objective.x, np.ndarray):
        step = _step_of(objective, _FOR_FREQUENT)
        sample = objective.sample(step)
        frequent = _frequent(sample)
        if len(frequent):
            return PreconditionerFactory(_partial(sample, frequent, curvature), 2 / step)
    diagonal = DiagonalPreconditioner(np.full(objective.n_params, curvature))
    return PreconditionerFactory(lambda params: diagonal, 0.0)


def _step_of(objective: LogisticObjective, least: float) -> int:
    """Every how many rows to take for at least so many."""
    return next((s for s in _STEPS if len(objective.y) >= least * s and objective.data.is_representative(s, 0)), 1)


def _shared(objective: LogisticObjective, step: int) -> Callable[[Vector], Preconditioner]:
    if step == 1:
        return lambda params: _preconditioner(objective.with_shared_curvature(params)[2], objective)
    sample = objective.sample(step)

    def at(params: Vector) -> Preconditioner:
        return _preconditioner(corrected(sample.with_shared_curvature(params)[2], sample), objective)

    return at


def _preconditioner(matrix: Matrix, objective: LogisticObjective) -> SharedPreconditioner:
    return SharedPreconditioner(matrix, objective.outputs, objective.kernel)


def _frequent(sample: LogisticObjective) -> NDArray[np.intp]:
    """The features that many rows have."""
    counts = sample.data.nonzero_counts()
    most = np.argsort(-counts, kind="stable")[:_MOST_FREQUENT]
    return np.sort(most[counts[most] >= _FREQUENT * len(sample.y)])


def _partial(
    sample: LogisticObjective, frequent: NDArray[np.intp], curvature: float
) -> Callable[[Vector], Preconditioner]:
    o = sample.outputs
    chosen = (sample.with_intercept(frequent)[:, None] * o + np.arange(o)).ravel()

    def at(params: Vector) -> Preconditioner:
        matrix = corrected(sample.with_shared_curvature(params, frequent)[2], sample, frequent)
        return PartialPreconditioner(chosen, _preconditioner(matrix, sample), curvature)

    return at
