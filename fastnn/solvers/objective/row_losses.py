"""The rows' losses: from the scores z to the mean loss, its derivatives by z, and probabilities."""

from __future__ import annotations

import numpy as np

from fastnn import losses
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.types import Vector

__all__ = ["RowLosses"]


class RowLosses:
    """Classes and weights of the rows, as the kernel of the loss takes them.

    Attributes
    ----------
    share : ndarray (n,)
        Weight of each row in the mean.
    """

    def __init__(self, objective: LogisticObjective) -> None:
        n, o = len(objective.y), objective.outputs
        self._objective = objective
        self._loss = losses.get("binary_cross_entropy" if o == 1 else "cross_entropy")
        self._targets = np.zeros((n, o))
        self._targets[np.arange(n), 0 if o == 1 else objective.y] = objective.y if o == 1 else 1.0
        weight = objective.sample_weight
        self._weight = None if weight is None else weight.astype(np.float64, copy=False)
        self.share = np.full(n, 1.0 / n) if self._weight is None else self._weight / objective.total

    def loss_and_gradient(self, z: Vector, *, weighted: bool = True) -> tuple[float, Vector]:
        """The mean loss and its gradient by z (n, o), which is contiguous."""
        d_z = np.empty_like(z)
        given = (z, self._targets, self._weight if weighted else None, self._loss, d_z)
        return self._objective.kernel("loss_and_gradient", *given), d_z

    def error_probabilities(self, z: Vector) -> Vector:
        """Probabilities (n, o) of the classes that a row does not belong to, as `duality_gap` takes them."""
        _, d_z = self.loss_and_gradient(z, weighted=False)
        return self._error_probabilities(np.abs(d_z) * len(d_z))

    def error_probabilities_from(self, d_z: Vector) -> Vector:
        """The error probabilities (n, o) from the gradient by z (o, n); zeros for rows without weight."""
        return self._error_probabilities(np.abs(self._per_row(d_z)).T)

    def _error_probabilities(self, size: Vector) -> Vector:
        return size if size.shape[1] == 1 else np.where(self._targets == 1, 0.0, size)

    def _per_row(self, d_z: Vector) -> Vector:
        """The gradient (o, n) of every row's own loss."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.share > 0, d_z / self.share, 0.0)

    def probabilities(self, d_z: Vector) -> Vector:
        """Probabilities of the classes (o, n), from the gradient by z; of two classes the one that is not the row's."""
        difference = self._per_row(d_z)
        return np.abs(difference) if len(d_z) == 1 else difference + self._targets.T
