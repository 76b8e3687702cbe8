"""The state of SAGA (Defazio, Bach and Lacoste-Julien 2014): its variables, its table, and the orders of the rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.objective.types import Vector

__all__ = ["SagaState"]

_ROWS_OF_ITERATION = 20_000  # of an iteration, where a pass has fewer
_VANISHING = 1e-11  # of a feature's mean square: a variance that is rounding


class SagaState:
    """Takes SAGA's steps from params to params.

    It has variables of its own: features have mean 0, where they are dense and the intercept is free to make up for it,
    and variance 1, less where the penalty decides. That is for steps that suit all coordinates alike.

    Parameters
    ----------
    objective : LogisticObjective
        Without a penalty of its own.
    penalty : Separable
        Of all its params.
    seed : int

    Attributes
    ----------
    table : ndarray (n, o)
        Derivatives of the rows' losses by z, at their last turns.
    curvature : float
        The largest that a row has, times the number of rows and its share of the mean; after `start`.
    makes_several_epochs : bool
        Whether an iteration makes several passes over the rows, since one takes so little.
    """

    def __init__(self, objective: LogisticObjective, penalty: Separable, seed: int) -> None:
        self._objective, self._bounds, self._seed = objective, penalty, seed
        self._x = objective.data.by_rows()
        n, i, o = len(objective.y), objective.x.shape[1], objective.outputs
        weight = objective.sample_weight
        self._row_numbers: NDArray[np.int64] = np.arange(n) if weight is None else np.flatnonzero(weight > 0)
        means, squares = objective.data.moments()
        self._shift = means if _can_shift(objective, penalty) else None
        unit = self._unit = _unit(objective, penalty, self._shift, squares)
        ratio = self._ratio = np.append(np.repeat(unit, o), np.ones(o * objective.fit_intercept)) / objective.unit
        l1, l2, lower, upper = penalty.table
        self._penalty = np.stack([l1 / ratio, l2 / ratio**2, lower * ratio, upper * ratio])
        self._params, self._d_params = np.empty(objective.n_params), np.empty(objective.n_params)
        self.table = np.empty((n, o))
        self._epochs_per_iteration, self._most_epochs = 1, max(1, _ROWS_OF_ITERATION // max(len(self._row_numbers), 1))
        self.makes_several_epochs = self._most_epochs > 1
        self._n_epochs = 0
        self._n_weights = i * o

    def start(self, params: Vector) -> None:
        """Go to params (p,), with the table of there."""
        self._params[:] = params * self._ratio
        if self._shift is not None:
            self._params[self._n_weights :] += self._shift @ self._coefficients(params)
        of_loss = 0.25 if self._objective.outputs == 1 else 0.5  # its largest second derivative by z
        self.curvature = of_loss * self._run("saga_table") * len(self._row_numbers) / self._objective.total

    def advance(self, step: float) -> None:
        """An iteration's turns: a pass, and where that takes next to nothing, twice as many every time."""
        order = np.concatenate([self._order() for _ in range(self._epochs_per_iteration)])
        self._epochs_per_iteration = min(2 * self._epochs_per_iteration, self._most_epochs)
        self._run("saga_epoch", len(self._row_numbers), step, self._penalty, order=(order,))

    def params(self) -> Vector:
        """The params (p,) of the objective at which SAGA is."""
        params = self._bounds.within(self._params / self._ratio)  # which rounds
        if self._shift is not None:
            b = self._params[self._n_weights :] - self._shift @ self._coefficients(params)
            params[self._n_weights :] = b / self._ratio[self._n_weights :]
        return params

    def magnitude(self) -> float:
        """The size of the terms that a row's z is the sum of, and whose rounding it has."""
        terms = float(np.abs(self._params).sum())
        if self._shift is not None:
            terms += float(np.abs(self._shift) @ np.abs(self._coefficients(self.params())).sum(axis=1))
        return terms

    def gradient(self) -> Vector:
        """The gradient of the mean loss (p,), by the objective's params, as the table has it."""
        gradient: Vector = self._d_params * self._ratio
        if self._shift is not None:
            of_means = np.outer(self._shift, self._d_params[self._n_weights :]).ravel()
            gradient[: self._n_weights] += of_means / self._objective.unit[: self._n_weights]
        return gradient

    def _coefficients(self, params: Vector) -> Vector:
        """w (i, o) in the user's units."""
        w: Vector = (params / self._objective.unit)[: self._n_weights].reshape(-1, self._objective.outputs)
        return w

    def _order(self) -> NDArray[np.int64]:
        order = np.empty(len(self._row_numbers), np.int64)
        self._objective.kernel("permutation", self._seed, self._n_epochs, order, threads=False)
        self._n_epochs += 1
        return order if len(order) == len(self.table) else self._row_numbers[order]

    def _run(self, name: str, *options: object, order: tuple[object, ...] = ()) -> float:
        g = self._objective
        data = (self._x, g.y, g.sample_weight, *order, self._shift, 1 / self._unit, g.total)
        state = (self._params, self.table, self._d_params)
        largest: float = g.kernel(name, *data, *options, *state, threads=False)
        return largest


def _can_shift(objective: LogisticObjective, penalty: Separable) -> bool:
    """Whether the features' means can be taken away."""
    is_dense = isinstance(objective.x, np.ndarray)
    return is_dense and objective.fit_intercept and bool(penalty.free[-objective.outputs :].all())


def _unit(objective: LogisticObjective, penalty: Separable, shift: Vector | None, squares: Vector) -> Vector:
    """What the coefficients (i,) are multiplied by: the standard deviation of each feature, or more.

    `shift` (i,) are the means that are taken away, `squares` (i,) the means of the squares.
    """
    i, o = objective.x.shape[1], objective.outputs
    if shift is not None:
        left = squares - shift**2
        squares = np.where(left > _VANISHING * squares, left, 0.0)
    l2 = (penalty.table[1] * objective.unit**2)[: i * o].reshape(i, o).mean(axis=1)
    unit = np.sqrt(squares + 4 * l2)
    return np.where((unit > 0) & np.isfinite(unit), unit, 1.0)
