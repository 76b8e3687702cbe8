"""Warm starts: a problem that goes on where another one ended, which differs from it in its penalty alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fastnn.solvers.objective.sum_of_objectives import PenalisedObjective
from fastnn.solvers.objective.types import Solution, Vector
from fastnn.solvers.objective.vectors import dot

__all__ = ["EndPoint", "WarmStartedObjective"]


@dataclass(frozen=True)
class EndPoint:
    """Where a solve ended, in the user's units.

    Attributes
    ----------
    params : ndarray (p,)
    loss : float, optional
        Of the losses alone, where it is known, with its gradient.
    d_params : ndarray (p,), optional
    """

    params: Vector
    loss: float = 0.0
    d_params: Vector | None = None

    def at(self, params: Vector) -> EndPoint:
        """What is known here, for other params that mean the same."""
        return replace(self, params=params)


class WarmStartedObjective:
    """An objective whose first value follows from what is known where it starts, without a pass over the rows.

    Parameters
    ----------
    objective : LogisticObjective or SumObjective
        In a solver's units.
    start : EndPoint
        Of the same losses under another penalty.

    Attributes
    ----------
    start : ndarray (p,)
        In the solver's units.
    """

    def __init__(self, objective: PenalisedObjective, start: EndPoint) -> None:
        self._objective = objective
        self.resolution: float = objective.resolution
        self.start: Vector = objective.coordinates.from_user(start.params)
        self._params: Vector | None = None  # of the last evaluation
        if start.d_params is not None:
            shrunk = objective.strength * self.start
            self._params = self.start
            d_params = start.d_params.copy()
            objective.coordinates.transform_gradient(d_params)
            self._value = start.loss + dot(shrunk, self.start) / 2, d_params + shrunk

    def __call__(self, params: Vector) -> tuple[float, Vector]:
        """Loss and gradient (p,)."""
        if self._params is None or not np.array_equal(params, self._params):
            self._params, self._value = params, self._objective(params)
        loss, d_params = self._value
        return loss, d_params.copy()

    def end(self, solution: Solution) -> EndPoint:
        """What is known at a solution in the solver's units."""
        params, coordinates = solution.params, self._objective.coordinates
        user = coordinates.to_user(params)
        if self._params is None or not np.array_equal(params, self._params):
            return EndPoint(user)
        loss, d_params = self._value
        shrunk = self._objective.strength * params
        return EndPoint(user, loss - dot(shrunk, params) / 2, coordinates.gradient_to_user(d_params - shrunk))
