"""The likelihood of logistic regression around a point: what inference and separation need.

Parameters are *contrasts* theta (m, k): the log-odds of every class but the first against the first, so that they
are identified also where a softmax's coefficients are not; m = n_classes - 1, and the k columns are the intercept,
where there is one, and the features. Here features have a unit of their own, their largest deviation, and with an
intercept are centred: else a column such as the year, far from zero and nearly constant, looks like another intercept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve
from scipy.linalg.lapack import dpstrf

from fastnn.models.base import by_rows
from fastnn.validation import dense_rows

__all__ = ["Curvature", "Expansion", "Likelihood", "Vector"]

Vector = NDArray[np.float64]

_ROWS = 1024  # of a block: k columns of them in float64 stay in L2 for the usual k


@dataclass(frozen=True)
class Expansion:
    """The log-likelihood to second order at a point.

    Attributes
    ----------
    value : float
    score : ndarray (m * k,)
        Its gradient.
    information : ndarray (m * k, m * k)
        Fisher's, which for these models is the negative Hessian.
    smallest_margin : float
        By how much the score of a row's own class exceeds that of the next one, in the worst row.
    """

    value: float
    score: Vector
    information: Vector
    smallest_margin: float


class Curvature:
    """A positive semi-definite matrix, factorised: pivoted Cholesky in units in which its diagonal is 1.

    Attributes
    ----------
    rank : int
    dependent : ndarray of int
        Columns that depend linearly on the others; zero columns are among them.
    """

    def __init__(self, matrix: Vector) -> None:
        diagonal = np.diag(matrix)
        self._unit = 1 / np.sqrt(np.where(diagonal > 0, diagonal, 1))
        scaled = matrix * self._unit * self._unit[:, None]
        tolerance = 8 * len(matrix) * np.finfo(np.float64).eps
        factor, pivots, rank, _ = dpstrf(scaled, lower=1, tol=tolerance)
        self.rank = int(rank)
        self._basis, self.dependent = np.split(pivots - 1, [self.rank])
        self._factor = np.tril(factor[: self.rank, : self.rank])

    def solve(self, right: Vector) -> Vector:
        """The solution of matrix @ solution = right, (p,) or (p, q), that is zero in the dependent columns."""
        unit = self._unit[self._basis]
        solution = np.zeros_like(right)
        solution[self._basis] = (cho_solve((self._factor, True), (right[self._basis].T * unit).T).T * unit).T
        return solution

    def inverse(self) -> Vector:
        """The inverse (p, p); for a matrix of full rank."""
        inverse = self.solve(np.eye(len(self._unit)))
        symmetric: Vector = (inverse + inverse.T) / 2
        return symmetric


class Likelihood:
    """The log-likelihood of theta (m, k), over rows in blocks.

    Parameters
    ----------
    x : ndarray, CSR or CSC matrix (n, i)
    index : ndarray of int (n,)
        Which class each row has.
    n_classes : int
    weight : ndarray (n,), optional
        How often each row was observed; rows of weight zero were not.
    intercept : bool
    """

    def __init__(
        self, x: Any, index: NDArray[np.integer], n_classes: int, weight: NDArray[np.floating] | None, intercept: bool
    ) -> None:
        self._x = by_rows(x)
        self._index = index
        self._weight = weight
        self.intercept = intercept
        self.n_contrasts = n_classes - 1
        self.n_columns = x.shape[1] + intercept
        counts = np.bincount(index, weight, n_classes)
        self.n_observations = float(counts.sum())
        self.class_shares: Vector = counts / self.n_observations
        self._centre, self._unit = np.zeros(x.shape[1]), np.ones(x.shape[1])
        self._standardise()

    def _standardise(self) -> None:
        first = int(self.intercept)
        if self.intercept:
            self._centre = sum(((w / self.n_observations) @ d[:, 1:] for d, _, w in self._blocks()), self._centre)
        largest = np.max([np.abs(design[:, first:]).max(axis=0, initial=0) for design, _, _ in self._blocks()], axis=0)
        self._unit = np.where(largest > 0, largest, 1)

    def standardised(self, theta: Vector) -> Vector:
        """Contrasts (m, k) of the user's features as those of the features here."""
        first = int(self.intercept)
        theta = theta.copy()
        theta[:, :first] += theta[:, first:] @ self._centre[:, None]
        theta[:, first:] *= self._unit
        return theta

    def in_user_units(self, theta: Vector) -> Vector:
        """The way back: contrasts (m, k), or the rows of another matrix (q, k) in their place."""
        first = int(self.intercept)
        theta = theta.copy()
        theta[:, first:] /= self._unit
        theta[:, :first] -= theta[:, first:] @ self._centre[:, None]
        return theta

    def covariance(self, inverse: Vector) -> Vector:
        """The covariance (m * k, m * k) of the user's contrasts, from the information's inverse."""
        p = len(inverse)
        half = self.in_user_units(inverse.reshape(-1, self.n_columns)).reshape(p, p)
        return self.in_user_units(half.T.reshape(-1, self.n_columns)).reshape(p, p)

    def null_value(self) -> float:
        """The log-likelihood without features: of the intercept alone, or without one of equal probabilities."""
        if not self.intercept:
            return -self.n_observations * float(np.log(self.n_contrasts + 1))
        shares = self.class_shares[self.class_shares > 0]
        return self.n_observations * float(shares @ np.log(shares))

    def expand(self, theta: Vector) -> Expansion:
        """Value, score and information at theta (m, k)."""
        m, k = theta.shape
        value, score, smallest = 0.0, np.zeros((m, k)), np.inf
        information = np.zeros((m, k, m, k))
        for design, is_own, weight in self._blocks():
            z = _scores(design, theta)
            p, log_sum = _softmax(z)
            value += float(weight @ (_own(z, is_own) - log_sum))
            smallest = min(smallest, _smallest_lead(z, is_own))
            score += ((is_own[1:] - p[1:]) * weight) @ design
            _add_information(information, design, p[1:], weight)
        return Expansion(value, score.ravel(), information.reshape(m * k, m * k), smallest)

    def smallest_margin(self, theta: Vector) -> float:
        """That of `Expansion`, at theta (m, k), by itself."""
        return min(_smallest_lead(_scores(design, theta), is_own) for design, is_own, _ in self._blocks())

    def gram(self) -> Vector:
        """The columns' products with each other (k, k), over the observed rows."""
        gram: Vector = sum((design.T @ design for design, _, _ in self._blocks()), np.zeros((1, 1)))
        return gram

    def along(self, theta: Vector, step: Vector) -> tuple[float, float, float]:
        """What a step (m, k) from theta does to the rows.

        Returns
        -------
        lowest : float
            The smallest ratio of a linearised to a present probability, of the classes that a row does not have.
        fall, rise : float
            The smallest and the largest change of a row's margin over another class.
        """
        lowest, fall, rise = np.inf, np.inf, -np.inf
        for design, is_own, _ in self._blocks():
            p, _ = _softmax(_scores(design, theta))
            change = _scores(design, step)
            ratio = 1 + change - (p * change).sum(axis=0)
            gain = _own(change, is_own) - change
            lowest = min(lowest, float(ratio[~is_own].min(initial=np.inf)))
            fall = min(fall, float(gain[~is_own].min(initial=np.inf)))
            rise = max(rise, float(gain[~is_own].max(initial=-np.inf)))
        return lowest, fall, rise

    def _blocks(self) -> Iterator[tuple[Vector, NDArray[np.bool_], Vector]]:
        """Blocks of the observed rows: design (r, k), which class each has (m + 1, r), weights (r,)."""
        first = int(self.intercept)
        classes = np.arange(self.n_contrasts + 1)[:, None]
        for start in range(0, self._x.shape[0], _ROWS):
            rows: Any = slice(start, start + _ROWS)
            block, index = self._x[rows], self._index[rows]
            weight = np.ones(len(index)) if self._weight is None else self._weight[rows].astype(np.float64)
            if not weight.all():
                observed = weight > 0
                block, index, weight = block[observed], index[observed], weight[observed]
            design = np.ones((len(index), self.n_columns))
            np.subtract(dense_rows(block), self._centre, out=design[:, first:])
            design[:, first:] /= self._unit
            yield design, index == classes, weight


def _scores(design: Vector, theta: Vector) -> Vector:
    """z (m + 1, r), where the first class has 0."""
    z = np.zeros((len(theta) + 1, len(design)))
    np.matmul(theta, design.T, out=z[1:])
    return z


def _softmax(z: Vector) -> tuple[Vector, Vector]:
    """Probabilities (m + 1, r), and the logarithm of the sum of exp(z) (r,)."""
    largest = z.max(axis=0)
    p = np.exp(z - largest)
    total = p.sum(axis=0)
    p /= total
    return p, largest + np.log(total)


def _smallest_lead(z: Vector, is_own: NDArray[np.bool_]) -> float:
    """The smallest z of a row's own class less the largest z of its others."""
    others = np.where(is_own, -np.inf, z).max(axis=0)
    return float((_own(z, is_own) - others).min(initial=np.inf))


def _own(z: Vector, is_own: NDArray[np.bool_]) -> Vector:
    """The entries of z (m + 1, r) in each row's own class (r,)."""
    own: Vector = np.where(is_own, z, 0).sum(axis=0)
    return own


def _add_information(information: Vector, design: Vector, p: Vector, weight: Vector) -> None:
    """Add a block's information (m, k, m, k): sum of w (p_a [a = b] - p_a p_b) x x'."""
    for a in range(len(p)):
        for b in range(a + 1):
            d = weight * p[a] * ((a == b) - p[b])
            part = (design.T * d) @ design
            information[a, :, b, :] += part
            if a != b:
                information[b, :, a, :] += part.T
