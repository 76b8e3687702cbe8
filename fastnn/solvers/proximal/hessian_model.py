"""Logistic regression by its second-order model, whose penalised minimum coordinate descent finds.

That is the inner problem of proximal Newton methods (Lee, Sun and Saunders 2014). Parameters are w (m, o) and then,
with an intercept, b (o,), flat.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from fastnn import activations
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.objective.row_losses import RowLosses
from fastnn.solvers.objective.types import Matrix, Vector
from fastnn.solvers.preconditioner.cholesky import CholeskyPreconditioner
from fastnn.solvers.proximal.active_newton import feasible_end, movable, slope_of

__all__ = ["VANISHING", "HessianModel", "QuadraticModel"]

_ROUNDS = 50
_SWEEPS = 10  # of a round, which a Newton step on the coefficients that are not zero ends
_PATIENCE = 2  # rounds, before Newton steps that are cut short and gain nothing are an end too
_STUCK = 5  # rounds, from which on Newton steps that are cut short go on, up to so many, before sweeps undo them
_CUT_SHORT = 8
_ROUNDING_OF_SLOPE = 1e-11  # of a column's size: what a slope is above its rounding
VANISHING = 1e-11  # of a curvature that is left where the intercept explains the rest: rounding alone


class QuadraticModel(Protocol):
    """A model around one point."""

    gradient: Vector
    """Of the mean loss, by the parameters (p,), at the point."""

    def move_to(self, params: Vector) -> float:
        """Take params (p,) as the point; the mean loss there."""
        ...

    def error_probabilities(self) -> Vector:
        """Probabilities (n, o) at the point of the classes that a row does not belong to, for the duality gap."""
        ...

    def minimum(self, tolerance: float) -> Vector:
        """The params (p,) at which the model and the penalty together are least, to about `tolerance`."""
        ...

    def lacks_curvature(self) -> bool:
        """Whether there is a way down on which `minimum` knows no curvature, so that it cannot go there."""
        ...


class HessianModel:
    """The model whose Hessian (p, p) is computed: for few parameters.

    Parameters
    ----------
    objective : LogisticObjective
        Without a penalty of its own, over the columns of these features.
    row_losses : RowLosses
    penalty : Separable
        Of all parameters.
    """

    def __init__(self, objective: LogisticObjective, row_losses: RowLosses, penalty: Separable) -> None:
        self._objective, self._row_losses, self._penalty = objective, row_losses, penalty
        self._n_biases = objective.outputs if objective.fit_intercept else 0
        self._eliminates = bool(self._n_biases and penalty.free[-self._n_biases :].all())

    def move_to(self, params: Vector) -> float:
        """Take params (p,) as the point; the mean loss there."""
        self._params = params
        loss, self.gradient, self._hessian = self._objective.with_hessian(params)
        return loss

    def error_probabilities(self) -> Vector:
        """Probabilities (n, o) at the point of the classes that a row does not belong to."""
        x, o = self._objective.x, self._objective.outputs
        m = x.shape[1] * o
        w, b = self._params[:m].reshape(-1, o), self._params[m:] if self._n_biases else None
        z = np.empty((x.shape[0], o))
        if isinstance(x, np.ndarray):
            self._objective.kernel("dense_forward", x, w, b, activations.get("identity"), z)
        else:
            z[...] = x @ w if b is None else x @ w + b
        return self._row_losses.error_probabilities(z)

    def minimum(self, tolerance: float) -> Vector:
        """The params (p,) at which the model and the penalty together are least, to about `tolerance`."""
        if not self._eliminates:
            return self._descend(self._hessian, self.gradient, self._params.copy(), self._penalty, tolerance)
        m = len(self._params) - self._n_biases
        cross = self._hessian[:m, m:]
        inverse = np.linalg.pinv(self._hessian[m:, m:], hermitian=True)
        reduced = self._hessian[:m, :m] - cross @ inverse @ cross.T
        diagonal = self._hessian.diagonal()[:m]
        reduced[:, reduced.diagonal() <= VANISHING * diagonal] = 0
        reduced[reduced.diagonal() <= 0] = 0
        start = self._params[:m].copy()
        d_w = self.gradient[:m] - cross @ (inverse @ self.gradient[m:])
        w = self._descend(reduced, d_w, start, self._penalty.only(np.arange(m)), tolerance)
        d_b = self.gradient[m:] + cross.T @ (w - self._params[:m])
        return np.concatenate([w, self._params[m:] - inverse @ d_b])

    def lacks_curvature(self) -> bool:
        """Whether there is a way down on which the Hessian has no curvature."""
        m = len(self._params) - (self._n_biases if self._eliminates else 0)
        slope, diagonal = self.gradient[:m], self._hessian.diagonal()[:m]
        left = diagonal
        if self._eliminates:
            cross = self._hessian[:m, m:]
            explained = cross @ np.linalg.pinv(self._hessian[m:, m:], hermitian=True)
            slope, left = slope - explained @ self.gradient[m:], diagonal - (explained * cross).sum(axis=1)
        penalty = self._penalty.only(np.arange(m))
        excess = penalty.excess(self._params[:m], slope)
        flat = (left <= VANISHING * diagonal) & (penalty.table[1] == 0)
        return bool((excess > _ROUNDING_OF_SLOPE * np.sqrt(diagonal))[flat].any())

    def _descend(self, hessian: Matrix, d_w: Vector, w: Vector, penalty: Separable, tolerance: float) -> Vector:
        hessian, d_w = np.ascontiguousarray(hessian), d_w.copy()
        gain = left = np.inf
        for k in range(_ROUNDS):
            before = _pattern(hessian, w, penalty)
            given = (hessian, penalty.table, tolerance, _SWEEPS, w, d_w)
            fall, sweeps = self._objective.kernel("quadratic_descent", *given, threads=False)
            # Slow sweeps move little, far from the minimum as well. One of them is proof after a Newton step that has
            # left nothing, unless it lets a coefficient go that another one may hold back.
            is_solved = left <= tolerance and np.array_equal(before, _pattern(hessian, w, penalty))
            if fall <= tolerance and sweeps == 1 and (is_solved or (k >= _PATIENCE and gain <= tolerance)):
                break
            for _ in range(_CUT_SHORT if k >= _STUCK else 1):
                ahead, gain, left = _newton_step(hessian, d_w, w, penalty)
                d_w += hessian @ (ahead - w)
                w = ahead
                if left <= tolerance:
                    break
        return w


def _pattern(hessian: Matrix, w: Vector, penalty: Separable) -> Vector:
    """What is the same for all w with the same smooth model: the signs of those that move, zeros for the others."""
    signs = np.where(penalty.table[0] > 0, np.sign(w), 1.0)
    pattern: Vector = np.where(movable(w, hessian.diagonal(), penalty), signs, 0.0)
    return pattern


def _newton_step(hessian: Matrix, d_w: Vector, w: Vector, penalty: Separable) -> tuple[Vector, float, float]:
    """A step to the model's minimum with the same signs, as far as they and the bounds last.

    Gives its end, and by how much the model falls until there and on the rest of the way.
    """
    moves = movable(w, hessian.diagonal(), penalty)
    if not moves.any():
        return w, 0.0, 0.0
    preconditioner = CholeskyPreconditioner(hessian[np.ix_(moves, moves)] + np.diag(penalty.table[1][moves]))
    slope = slope_of(w, d_w, penalty)
    step = np.zeros_like(w)
    step[moves] = -preconditioner.solve(slope[moves])
    ahead, share = feasible_end(w, step, penalty)
    whole = abs(float(slope @ step)) / 2
    left = (1 - share) ** 2 * whole
    return ahead, whole - left, left
