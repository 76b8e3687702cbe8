"""The second-order model of logistic regression without its Hessian, for many features.

Coordinate descent goes over the columns and keeps the scores up to date (Yuan, Ho and Lin 2012).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.objective.row_losses import RowLosses
from fastnn.solvers.objective.types import Vector
from fastnn.solvers.proximal.active_newton import support_newton_step
from fastnn.solvers.proximal.hessian_model import VANISHING

__all__ = ["ColumnModel"]

_ROUNDS = 20
_SWEEPS = 2  # of the first round, which a Newton step on the support ends; twice as many in each that follows,
_MOST_SWEEPS = 64  # where that was not enough
_KNOWN = 0.01  # of what a model may fall by, if coefficients off the support have no more, the support is known
_FLAT = 1e-10  # the least second derivative by z that the model is given, where the loss has hardly any


class ColumnModel:
    """A QuadraticModel that keeps ``x @ (v - w)`` up to date instead of a Hessian.

    Parameters
    ----------
    objective : LogisticObjective
        Has the kernels, and says whether there is an intercept.
    columns : ndarray (m, n) or CSC matrix (n, m), float64
    row_losses : RowLosses
    penalty : Separable
        Of all parameters.
    row_objective : LogisticObjective, optional
        The same problem over a CSR matrix of these columns, where they are sparse.
    """

    def __init__(
        self,
        objective: LogisticObjective,
        columns: Any,
        row_losses: RowLosses,
        penalty: Separable,
        row_objective: LogisticObjective | None = None,
    ) -> None:
        self._objective, self._columns, self._row_losses = objective, columns, row_losses
        self._row_objective, self._readable = row_objective, objective.data.kernels.readable_columns(columns)
        o, has_intercept = objective.outputs, objective.fit_intercept
        self._shape = (len(penalty) // o - has_intercept, o)
        split = self._split = self._shape[0] * o
        self._penalty, self._penalty_w = penalty, penalty.only(np.arange(split))
        of_intercept = penalty.only(np.arange(split, len(penalty)))
        self._eliminates = has_intercept and o == 1 and bool(of_intercept.free.all())
        self._penalty_b = of_intercept.table if has_intercept and not self._eliminates else None

    def move_to(self, params: Vector) -> float:
        """Take params (p,) as the point; the mean loss there."""
        self._params = params
        loss, d_z = self._row_losses.loss_and_gradient(self._scores(params))
        self._derive(np.ascontiguousarray(d_z.T))
        return loss

    def error_probabilities(self) -> Vector:
        """Probabilities (n, o) at the point of the classes that a row does not belong to."""
        return self._row_losses.error_probabilities_from(self._d_z)

    def _scores(self, params: Vector) -> Vector:
        """z (n, o)."""
        w, b = params[: self._split].reshape(self._shape), params[self._split :]
        z = (w.T @ self._columns).T if self._row_objective is None else self._row_objective.x @ w
        return np.ascontiguousarray(z + b if len(b) else z)

    def _derive(self, d_z: Vector) -> None:
        """First and second derivatives by z (o, n) and by the parameters."""
        self._d_z = d_z
        p = self._row_losses.probabilities(d_z)
        self._p = p if len(p) > 1 else None
        self._weight = np.maximum(p if len(p) > 1 else p * (1 - p), _FLAT) * self._row_losses.share
        if self._row_objective is not None:
            weight = self._weight * self._objective.total if self._p is None else p
            self._state = np.ascontiguousarray(weight.T, self._row_objective.x.dtype)
        self._moment = None if len(p) > 1 else np.empty(self._shape[0])
        d_w, self._curvature = np.empty(self._shape), np.empty(self._shape)
        sums = (d_w, self._curvature, self._moment)
        self._objective.kernel("column_sums", self._readable, d_z, self._weight, self._p, *sums)
        self._curvature_b = (self._weight if self._p is None else self._weight * (1 - self._p)).sum(axis=1)
        n_biases = self._shape[1] if self._objective.fit_intercept else 0
        self.gradient = np.concatenate([d_w.ravel(), d_z.sum(axis=1)[:n_biases]])
        self._diagonal = np.concatenate([self._curvature.ravel(), self._curvature_b[:n_biases]])
        if self._eliminates and self._moment is not None:
            left = self._curvature - self._moment[:, None] ** 2 / self._curvature_b
            self._curvature = np.where(left > VANISHING * self._curvature, left, 0.0)

    def minimum(self, tolerance: float) -> Vector:
        """The params (p,) at which the model and the penalty together are least, to about `tolerance`."""
        params, d_params = self._params.copy(), self.gradient
        for k in range(_ROUNDS):
            possible = self._possible_decrease(params, d_params)
            if possible.sum() <= tolerance:
                break
            rests = (params == 0) & (self._penalty.table[0] > 0)
            if k > 0 or possible[rests].sum() > _KNOWN * possible.sum():
                self._descend(params, d_params, tolerance, min(_SWEEPS << k, _MOST_SWEEPS))
                d_params = self.gradient + self._product(params - self._params)
            step, change = support_newton_step(
                self._product, self._diagonal, self._penalty, params, d_params, tolerance
            )
            params += step
            d_params = d_params + change
        return params

    def lacks_curvature(self) -> bool:
        """Whether there is a way down of no known curvature; here only where a column's squares underflow."""
        flat = self._diagonal + self._penalty.table[1] == 0
        return bool(self._penalty.excess(self._params, self.gradient)[flat].any())

    def _possible_decrease(self, params: Vector, d_params: Vector) -> Vector:
        """The decrease of the model that each coordinate may still give (p,), roughly: what a sweep would find."""
        curvature = self._diagonal + self._penalty.table[1]
        excess = self._penalty.excess(params, d_params)
        decrease: Vector = np.where(curvature > 0, excess * excess / np.where(curvature > 0, curvature, 1.0), 0.0)
        return decrease

    def _descend(self, params: Vector, d_params: Vector, tolerance: float, sweeps: int) -> None:
        """Moves params (p,) by coordinate descent from where the model's gradient is d_params (p,)."""
        o, split = self._shape[1], self._split
        w, b = params[:split].reshape(self._shape), params[split:] if len(params) > split else np.zeros(o)
        d_w, d_b = d_params[:split].reshape(self._shape), d_params[split:]
        u = np.zeros_like(self._weight)
        q = None if o == 1 else np.zeros(u.shape[1])
        of_intercept = (d_b, self._curvature_b, self._penalty_b) if len(d_b) else (None, None, None)
        model = (self._readable, self._weight, self._p, d_w, self._curvature, self._moment)
        given = (*model, self._penalty_w.table, *of_intercept, tolerance, sweeps, w, b, u, q)
        self._objective.kernel("column_descent", *given, threads=False)

    def _product(self, vector: Vector) -> Vector:
        """The Hessian's with a vector (p,)."""
        w, b = vector[: self._split].reshape(self._shape), vector[self._split :]
        if self._row_objective is not None:
            return self._row_objective.product_from(self._state)(vector)
        d_z = w.T @ self._columns
        if len(b):
            d_z += b[:, None]
        if self._p is not None:
            d_z -= (self._p * d_z).sum(axis=0)
        d_z *= self._weight
        return np.concatenate([(self._columns @ d_z.T).ravel(), d_z.sum(axis=1)[: len(b)]])
