"""Logistic regression on some of its features."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.solvers.column_model import ColumnModel
from fastnn.solvers.logistic_objective import LogisticObjective
from fastnn.solvers.objective import Vector
from fastnn.solvers.quadratic_model import HessianModel, QuadraticModel
from fastnn.solvers.rows import Rows
from fastnn.solvers.separable import Separable
from fastnn.solvers.working_set import Features, take_columns

__all__ = ["Restricted"]

_MOST_WITH_HESSIAN = 512  # parameters; a Hessian of more is slow to make and to go through


class Restricted:
    """The problem in which all other features' coefficients stay zero.

    Columns of a dense X are centred where an intercept without penalty can take that up: it changes
    the intercept alone, and a column whose mean is much larger than its deviation keeps its digits.

    Attributes
    ----------
    features : ndarray (m,)
    penalty : Separable
        Of the parameters that `narrow` gives.
    model : QuadraticModel
    """

    def __init__(self, objective: LogisticObjective, rows: Rows, penalty: Separable, features: Features) -> None:
        o, i = objective.outputs, objective.x.shape[1]
        biases = np.arange(i * o, objective.n_params)
        self._coordinates = np.concatenate([(features[:, None] * o + np.arange(o)).ravel(), biases])
        self._rows, self.features, self._split = rows, features, len(features) * o
        self.penalty = penalty.only(self._coordinates)
        columns = take_columns(objective.x, features)
        self._mean: Vector | None = None
        if isinstance(columns, np.ndarray) and len(biases) and self.penalty.free[self._split :].all():
            self._mean = np.einsum("ji,i->j", columns, rows.share)
            columns -= self._mean[:, None]
        self.model: QuadraticModel
        if len(self._coordinates) <= _MOST_WITH_HESSIAN:
            x = np.ascontiguousarray(columns.T) if isinstance(columns, np.ndarray) else columns
            self.model = HessianModel(objective.over(x), self.penalty)
        else:
            by_rows = None if isinstance(columns, np.ndarray) else objective.over(columns)
            columns = columns if isinstance(columns, np.ndarray) else _by_column(columns)
            self.model = ColumnModel(objective, columns, rows, self.penalty, by_rows)
        self._columns = columns

    def narrow(self, params: Vector) -> Vector:
        """The parameters of these features and, if there is one, the intercept."""
        narrow: Vector = params[self._coordinates]
        self._shift_intercept(narrow, 1.0)
        return narrow

    def widen(self, params: Vector, like: Vector) -> Vector:
        """The reverse of `narrow`: all parameters, zero but for these."""
        narrow = params.copy()
        self._shift_intercept(narrow, -1.0)
        wide = np.zeros_like(like)
        wide[self._coordinates] = narrow
        return wide

    def refined(self, gradient: Vector) -> Vector:
        """The gradient (p,) by all parameters, for these the model's own: in float64 whatever X is."""
        own = self.model.gradient.copy()
        if self._mean is not None:
            d_w, d_b = own[: self._split].reshape(len(self._mean), -1), own[self._split :]
            d_w += self._mean[:, None] * d_b
        refined = gradient.copy()
        refined[self._coordinates] = own
        return refined

    def wrong(self, params: Vector) -> Vector:
        """Probabilities (n, o) of the classes that a row does not belong to, see `duality_gap`."""
        return self._rows.wrong(self._columns, self.narrow(params))

    def _shift_intercept(self, params: Vector, sign: float) -> None:
        if self._mean is not None:
            w = params[: self._split].reshape(len(self._mean), -1)
            params[self._split :] += sign * np.einsum("j,jo->o", self._mean, w)


def _by_column(columns: Any) -> Any:
    """A CSC matrix, with indices as the kernels read them where they fit: else each call would convert them."""
    columns = columns.tocsc()
    if max(columns.nnz, *columns.shape) <= np.iinfo(np.int32).max:
        columns.indices = columns.indices.astype(np.int32, copy=False)
        columns.indptr = columns.indptr.astype(np.int32, copy=False)
    return columns
