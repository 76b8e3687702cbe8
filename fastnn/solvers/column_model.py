"""The second-order model of logistic regression without its Hessian: for many features."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.solvers.logistic_objective import LogisticObjective
from fastnn.solvers.objective import Vector
from fastnn.solvers.quadratic_model import VANISHING
from fastnn.solvers.rows import Rows
from fastnn.solvers.separable import Separable

__all__ = ["ColumnModel"]

_SWEEPS = 100
_FLAT = 1e-10  # the least second derivative by z that the model is given, where the loss has hardly any


class ColumnModel:
    """A QuadraticModel that keeps ``x @ (v - w)`` up to date instead of a Hessian.

    Parameters
    ----------
    objective : LogisticObjective
        Has the kernels, and says whether there is an intercept.
    columns : ndarray (m, n) or CSC matrix (n, m), float64
    rows : Rows
    penalty : Separable
        Of all parameters.
    """

    def __init__(self, objective: LogisticObjective, columns: Any, rows: Rows, penalty: Separable) -> None:
        self._objective, self._columns, self._rows = objective, columns, rows
        o, has_intercept = objective.outputs, objective.fit_intercept
        self._shape = (len(penalty) // o - has_intercept, o)
        split = self._split = self._shape[0] * o
        self._penalty = penalty.only(np.arange(split))
        of_intercept = penalty.only(np.arange(split, len(penalty)))
        self._eliminates = has_intercept and o == 1 and bool(of_intercept.free.all())
        self._penalty_b = of_intercept.table if has_intercept and not self._eliminates else None

    def move_to(self, params: Vector) -> float:
        """See QuadraticModel."""
        self._params = params
        loss, d_z = self._rows.loss_and_gradient(self._columns, params)
        self._derive(np.ascontiguousarray(d_z.T))
        return loss

    def _derive(self, d_z: Vector) -> None:
        """First and second derivatives by z (o, n) and by the parameters."""
        p = self._rows.probabilities(d_z)
        self._p = p if len(p) > 1 else None
        self._weight = np.maximum(p if len(p) > 1 else p * (1 - p), _FLAT) * self._rows.share
        self._moment = None if len(p) > 1 else np.empty(self._shape[0])
        self._d_w, self._curvature = np.empty(self._shape), np.empty(self._shape)
        sums = (self._d_w, self._curvature, self._moment)
        self._objective.kernel("column_sums", self._columns, d_z, self._weight, self._p, *sums)
        self._d_b = d_z.sum(axis=1)
        self._curvature_b = (self._weight if self._p is None else self._weight * (1 - self._p)).sum(axis=1)
        parts = [self._d_w.ravel(), self._d_b] if self._objective.fit_intercept else [self._d_w.ravel()]
        self.gradient = np.concatenate(parts)
        if self._eliminates and self._moment is not None:
            left = self._curvature - self._moment[:, None] ** 2 / self._curvature_b
            self._curvature = np.where(left > VANISHING * self._curvature, left, 0.0)

    def minimum(self, tolerance: float) -> Vector:
        """See QuadraticModel."""
        o, has_intercept = self._shape[1], self._objective.fit_intercept
        params = self._params.copy()
        w, b = params[: self._split].reshape(self._shape), params[self._split :] if has_intercept else np.zeros(o)
        u = np.zeros_like(self._weight)
        q = None if o == 1 else np.zeros(u.shape[1])
        of_intercept = (self._d_b, self._curvature_b, self._penalty_b) if has_intercept else (None, None, None)
        model = (self._columns, self._weight, self._p, self._d_w, self._curvature, self._moment)
        given = (*model, self._penalty.table, *of_intercept, tolerance, _SWEEPS, w, b, u, q)
        self._objective.kernel("column_descent", *given, threads=False)
        return params
