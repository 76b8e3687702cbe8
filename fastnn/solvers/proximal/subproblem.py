"""Logistic regression on a working set of its features (Massias, Gramfort and Salmon 2018)."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.objective.row_losses import RowLosses
from fastnn.solvers.objective.scales import has_far_columns
from fastnn.solvers.objective.types import Vector
from fastnn.solvers.preconditioner.cholesky import blocks_of
from fastnn.solvers.proximal.column_model import ColumnModel
from fastnn.solvers.proximal.hessian_model import HessianModel, QuadraticModel
from fastnn.solvers.proximal.relative_gap import RelativeGap
from fastnn.solvers.proximal.working_set import MOST_WITH_HESSIAN, Features

__all__ = ["WorkingSetProblem"]

_MOST_TRANSPOSED = 1 << 22  # numbers at once: 30 ms; Ctrl-C need not wait for all of them
_FILLED = 0.2  # of a sparse matrix, from where passes over a dense one are quicker


class WorkingSetProblem:
    """The problem in which all other features' coefficients stay zero.

    Columns of a dense X, or of a sparse one that become dense here, are centred where an intercept without penalty can
    take that up: it changes the intercept alone, and a column whose mean is much larger than its deviation keeps its
    digits.

    Attributes
    ----------
    features : ndarray (m,)
    penalty : Separable
        Of the parameters that `restrict` gives.
    model : QuadraticModel
        At first around `params`, the parameters (p,) of all features.
    value : float
        The objective where the model is.
    """

    def __init__(
        self,
        objective: LogisticObjective,
        row_losses: RowLosses,
        penalty: Separable,
        features: Features,
        params: Vector,
    ) -> None:
        o, i = objective.outputs, objective.x.shape[1]
        biases = np.arange(i * o, objective.n_params)
        self._coordinates = np.concatenate([(features[:, None] * o + np.arange(o)).ravel(), biases])
        self._row_losses, self.features, self._split = row_losses, features, len(features) * o
        self._whole_penalty, self.penalty = penalty, penalty.only(self._coordinates)
        self._mean: Vector | None = None
        self._objective = objective
        self._columns: Vector | None = None
        self.model: QuadraticModel = (
            self._with_hessian(objective) if len(self._coordinates) <= MOST_WITH_HESSIAN else self._by_column(objective)
        )
        point = self.restrict(params)
        self.value = self.model.move_to(point) + self.penalty.value(point)

    def _with_hessian(self, objective: LogisticObjective) -> HessianModel:
        if isinstance(objective.x, np.ndarray):
            x = np.ascontiguousarray(self._dense_columns(objective).T)
        else:
            x, _ = objective.data.sparse_columns(self.features)
            if x.nnz > _FILLED * x.shape[0] * x.shape[1]:
                x = x.toarray(order="C")
                if has_far_columns(x):
                    self._centre(x.T, objective)
        return HessianModel(objective.with_features(x), self._row_losses, self.penalty)

    def _by_column(self, objective: LogisticObjective) -> ColumnModel:
        if isinstance(objective.x, np.ndarray):
            return ColumnModel(objective, self._dense_columns(objective), self._row_losses, self.penalty)
        by_rows, columns = objective.data.sparse_columns(self.features, by_column=True)
        columns.sum_duplicates()  # the square of a sum is not the sum of squares
        return ColumnModel(objective, columns, self._row_losses, self.penalty, objective.with_features(by_rows))

    def _dense_columns(self, objective: LogisticObjective) -> Vector:
        """The columns (m, n) in float64, centred where that is possible."""
        columns = np.empty((len(self.features), objective.x.shape[0]))
        for some in blocks_of(len(columns), 1 + _MOST_TRANSPOSED // max(columns.shape[1], 1)):
            columns[some] = objective.x[:, self.features[some]].T
        self._centre(columns, objective)
        return columns

    def _centre(self, columns: Vector, objective: LogisticObjective) -> None:
        """Centre columns (m, n) in place, where that is possible."""
        if objective.fit_intercept and self.penalty.free[self._split :].all():
            self._mean = np.einsum("ji,i->j", columns, self._row_losses.share)
            columns -= self._mean[:, None]
        self._columns = columns

    def restrict(self, params: Vector) -> Vector:
        """The parameters of these features and, if there is one, the intercept."""
        restricted: Vector = params[self._coordinates]
        self._shift_intercept(restricted, 1.0)
        return restricted

    def extend(self, params: Vector, like: Vector) -> Vector:
        """The reverse of `restrict`: all parameters, zero but for these."""
        own = params.copy()
        self._shift_intercept(own, -1.0)
        extended = np.zeros_like(like)
        extended[self._coordinates] = own
        return extended

    def relative_gap(self, params: Vector, value: float, gradient: Vector) -> RelativeGap:
        """The duality gap of the whole problem at params (p,), where the model is, with the gradient of the losses."""
        own = self._with_own_gradient(gradient)
        return RelativeGap(self._objective, self._whole_penalty, self.model, params, value, own)

    def _with_own_gradient(self, gradient: Vector) -> Vector:
        """The gradient (p,) by all parameters, for these the model's own: in float64 whatever X is."""
        own = self.model.gradient.copy()
        if self._mean is not None:
            d_w, d_b = own[: self._split].reshape(len(self._mean), -1), own[self._split :]
            d_w += self._mean[:, None] * d_b
        combined = gradient.copy()
        combined[self._coordinates] = own
        return combined

    def rounding_error(self, params: Vector, value: float) -> float:
        """Roughly the error of the mean loss `value`, in units of the last place of one.

        Terms of a row's z that are much larger than z, as those of a feature far from zero and of the intercept,
        leave their rounding there; and a row's loss is at least its derivative by z.
        """
        terms = np.append(self._sizes, 1.0) if len(params) > self._split else self._sizes
        by_class = np.abs(params).reshape(len(terms), -1)
        return float(min(value, 1.0) * (terms @ by_class).max())

    @cached_property
    def _sizes(self) -> Vector:
        """Root mean squares of the columns (m,) as the model has them."""
        if self._columns is None:
            squares = self._objective.data.moments()[1][self.features]
        else:
            squares = np.einsum("ji,ji,i->j", self._columns, self._columns, self._row_losses.share)
        sizes: Vector = np.sqrt(squares)
        return sizes

    def _shift_intercept(self, params: Vector, sign: float) -> None:
        if self._mean is not None:
            w = params[: self._split].reshape(len(self._mean), -1)
            params[self._split :] += sign * np.einsum("j,jo->o", self._mean, w)
