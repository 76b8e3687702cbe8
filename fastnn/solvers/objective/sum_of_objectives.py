"""The objective of several sets of rows together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.types import Matrix, Vector

__all__ = ["PenalisedObjective", "SumObjective"]


class SumObjective:
    """The mean loss over sets of rows, each a `LogisticObjective` without a penalty, and one penalty for all.

    Parameters
    ----------
    parts : sequence of LogisticObjective
        Of the same parameters.
    alpha : float or ndarray (i,)
        Strength of the penalty, of all features or of each, in units of the mean loss over all rows.

    Attributes
    ----------
    outputs, resolution, gain_resolution, coordinates, strength
        What a `LogisticObjective` of all rows together would have.
    """

    def __init__(self, parts: Sequence[LogisticObjective], alpha: float | Vector) -> None:
        self._parts = parts
        total = sum(part.total for part in parts)
        self._shares = [part.total / total for part in parts]
        self._whole = parts[0].penalised(alpha * parts[0].total / total)
        self.outputs = parts[0].outputs
        self.resolution, self.gain_resolution = parts[0].resolution, parts[0].gain_resolution
        self.coordinates, self.strength = self._whole.coordinates, self._whole.strength

    def __call__(self, params: Vector) -> tuple[float, Vector]:
        """Loss and gradient (p,)."""
        losses, gradients = zip(*(part(params) for part in self._parts), strict=True)
        penalty = float(np.einsum("i,i,i->", self.strength, params, params)) / 2
        loss = sum(share * loss for share, loss in zip(self._shares, losses, strict=True))
        return penalty + loss, self.gradient(gradients, params)

    def with_hessian(self, params: Vector) -> tuple[float, Vector, Matrix]:
        """Loss, gradient and Hessian (p, p)."""
        found = [part.with_hessian(params) for part in self._parts]
        penalty = float(np.einsum("i,i,i->", self.strength, params, params)) / 2
        loss = sum(share * each[0] for share, each in zip(self._shares, found, strict=True))
        gradient = self.gradient([each[1] for each in found], params)
        return penalty + loss, gradient, self.hessian([each[2] for each in found])

    def null_loss(self) -> float:
        """The null loss of the parts, each with an intercept of its own: no more than of all of them with one."""
        return sum(share * part.null_loss() for share, part in zip(self._shares, self._parts, strict=True))

    def largest_change(self, step: Vector) -> float:
        """The most that a step (p,) changes a row's score, over all rows."""
        return max(part.largest_change(step) for part in self._parts)

    def gradient(self, gradients: Sequence[Vector], params: Vector) -> Vector:
        """The gradient at params, from those of the parts."""
        d_params = self.strength * params
        for share, gradient in zip(self._shares, gradients, strict=True):
            d_params += share * gradient
        return d_params

    def hessian(self, hessians: Sequence[Matrix]) -> Matrix:
        """The Hessian, from those of the parts at the same params."""
        hessian = np.diag(self.strength)
        for share, matrix in zip(self._shares, hessians, strict=True):
            hessian += share * matrix
        return hessian


PenalisedObjective = LogisticObjective | SumObjective
"""A mean loss with an L2 penalty, over one set of rows or several."""
