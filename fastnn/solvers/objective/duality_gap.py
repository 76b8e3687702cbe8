"""The duality gap of penalised logistic regression: how far, at most, the objective is from its optimum.

For losses f and a penalty P the dual objective at a vector r of rows is ``-sum f*(r) - P*(-x.T r)``; cross-entropy's
conjugate is the negative entropy of ``y + r`` (Yu, Huang and Lin 2011, sections 2 and 5).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.objective.types import Vector

__all__ = ["duality_gap"]


def duality_gap(
    value: float,
    params: Vector,
    gradient: Vector,
    penalty: Separable,
    error_probabilities: Vector,
    objective: LogisticObjective,
) -> float:
    """The objective at `params` less the dual objective at the gradient by z, scaled until it is feasible.

    Parameters without a penalty, as the intercept is, count as solved.

    Parameters
    ----------
    value : float
        The objective: the weighted mean of the losses and the penalty.
    params, gradient : ndarray (p,)
        The gradient is that of the losses alone.
    penalty : Separable
    error_probabilities : ndarray (n, o)
        Of the classes that a row does not belong to; of two classes the one, (n, 1). Where o classes have a column
        each, that of the row's own class is 0.
    objective : LogisticObjective
        Has the rows' weights.
    """
    share = penalty.feasible_share(gradient)
    entropies = _negative_entropy(share * error_probabilities)
    weight = objective.sample_weight
    dual = float(entropies.sum() if weight is None else (entropies * weight).sum()) / objective.total
    return value + dual + penalty.conjugate(-share * gradient)


def _negative_entropy(error_probabilities: Vector) -> Vector:
    """Sum of p log p over the classes (n,), from the probabilities of all but the row's own."""
    of_others = error_probabilities.sum(axis=1)
    own = (1 - of_others) * np.log1p(-np.minimum(of_others, 1 - 1e-16))
    entropies: Vector = own + _p_log_p(error_probabilities).sum(axis=1)
    return entropies


def _p_log_p(p: Vector) -> Any:
    return p * np.log(np.maximum(p, np.finfo(np.float64).tiny))
