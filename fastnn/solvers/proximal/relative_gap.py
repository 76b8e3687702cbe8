"""The duality gap in parts of the objective, by which proximal Newton steps know where to stop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fastnn.solvers.objective.duality_gap import duality_gap
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.objective.types import Vector
from fastnn.solvers.proximal.hessian_model import QuadraticModel

__all__ = ["RelativeGap"]

_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class RelativeGap:
    """The gap of one point, of which the model is.

    Attributes
    ----------
    objective : LogisticObjective
    penalty : Separable
    model : QuadraticModel
    params : ndarray (p,)
    value : float
        The objective with its penalty.
    gradient : ndarray (p,)
        Of the losses alone.
    """

    objective: LogisticObjective
    penalty: Separable
    model: QuadraticModel
    params: Vector
    value: float
    gradient: Vector

    def size(self) -> float:
        """The gap itself."""
        return self._under(self.penalty)

    def size_or(self, promise: float) -> float:
        """The gap; where directions have neither penalty nor bound, of which it knows nothing, also a step's promise.

        What the last step promised tells how far it was from the optimum of these directions.
        """
        return self.size() if self.penalty.is_bounded else max(self.size(), promise)

    def beyond_rounding(self, enough: float) -> float:
        """The gap without what the rounding of the gradient makes of it, where a gap of `enough` is wanted.

        An error d of a partial derivative makes the dual point infeasible by d / l1, which the gap has squared, or
        costs d**2 / (2 l2). Penalties so small that it drowns in that are left out, as directions for which the last
        step speaks. The others still have the dual point shrink by d / l1, at the price of that part of the L1 penalty.
        """
        objective, params = self.objective, self.params
        deviation = objective.scales(can_shift=False).deviation  # a row that is certain of its class rounds nothing
        size = np.repeat(deviation, objective.outputs)
        size = np.append(size, np.ones(objective.n_params - len(size))) / objective.unit
        terms = 1 + size @ np.abs(params)  # of a row's z, which rounds
        rounding = _EPS * self.model.error_probabilities().mean() * terms * size
        if not np.isfinite(rounding).all():  # squares of X overflow
            return np.inf
        effective = self.penalty.without_less(rounding / np.sqrt(enough), rounding**2 / (enough * self.value))
        l1, limited = effective.table[0], (effective.table[0] > 0) & (effective.table[1] == 0)
        shrinks = (rounding[limited] / l1[limited]).max(initial=0.0) * (l1 * np.abs(params))[limited].sum()
        return float(self._under(effective) - shrinks / self.value)

    def _under(self, penalty: Separable) -> float:
        error_probabilities = self.model.error_probabilities()
        gap = duality_gap(self.value, self.params, self.gradient, penalty, error_probabilities, self.objective)
        return gap / self.value
