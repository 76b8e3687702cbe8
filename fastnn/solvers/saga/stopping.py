"""Stopping rules of SAGA: how far an iterate is from the optimum, by the gradient or by the duality gap."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from fastnn.solvers.objective.duality_gap import duality_gap
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.objective.types import Vector

__all__ = ["ByGap", "ByGradient", "StoppingRule"]

_ROUNDING = 1e-14  # of the gap


class StoppingRule(Protocol):
    """Measures the error of an iterate, from a gradient of the mean loss and the table of derivatives it goes with."""

    name: str
    enough: float

    def __call__(self, params: Vector, gradient: Vector, table: Vector) -> tuple[float, float]:
        """The objective with its penalty, and the error."""
        ...

    def is_rounding(self, value: float, error: float) -> bool:
        """Whether such an error may be what rounding leaves."""
        ...


class ByGradient:
    """The largest component of the smallest subgradient, by the objective's params."""

    name = "the largest component of the gradient"

    def __init__(self, objective: LogisticObjective, penalty: Separable, tol: float) -> None:
        self._objective, self._penalty, self.enough = objective, penalty, tol

    def __call__(self, params: Vector, gradient: Vector, table: Vector) -> tuple[float, float]:
        """The objective with its penalty, and the largest component of the subgradient."""
        value = self._objective(params)[0] + self._penalty.value(params)
        return value, float(self._penalty.excess(params, gradient).max(initial=0.0))

    def is_rounding(self, value: float, error: float) -> bool:
        """Whether rounding may leave such an error: the gain that is left goes with its square."""
        return error * error <= self._objective.resolution * abs(value)


class ByGap:
    """The duality gap, of the objective's value; the table is the dual point that SAGA keeps anyway.

    To it is added what parameters without a penalty, which the gap leaves out, can still gain: alone, and because
    others follow, of which their own size gives an idea.
    """

    name = "the duality gap"

    def __init__(self, objective: LogisticObjective, penalty: Separable, tol: float) -> None:
        self._objective, self._penalty, self.enough = objective, penalty, max(tol * tol, _ROUNDING)
        l1, l2 = penalty.table[:2]
        self._free = np.flatnonzero((l1 == 0) & (l2 == 0))

    def __call__(self, params: Vector, gradient: Vector, table: Vector) -> tuple[float, float]:
        """The objective with its penalty, and the relative gap."""
        loss, _, diagonal = self._objective.with_diagonal(params)
        value = loss + self._penalty.value(params)
        gap = duality_gap(value, params, gradient, self._penalty, self._error_probabilities(table), self._objective)
        slope, curvature = self._penalty.excess(params, gradient)[self._free], diagonal[self._free]
        alone = slope**2 / np.maximum(2 * curvature, np.finfo(float).tiny)
        free = float((alone + np.abs(slope * params[self._free])).sum())
        return value, (max(gap, 0.0) + free) / value if value > 0 else 0.0

    def is_rounding(self, value: float, error: float) -> bool:
        """Whether rounding may leave such an error."""
        return error <= 100 * _ROUNDING

    def _error_probabilities(self, table: Vector) -> Vector:
        error_probabilities: Vector = np.abs(table)
        if error_probabilities.shape[1] > 1:
            error_probabilities[np.arange(len(error_probabilities)), self._objective.y] = 0.0
        return error_probabilities
