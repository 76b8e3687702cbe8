"""The likelihood of logistic regression around a point: what inference and separation need.

Parameters are *contrasts* theta (m, k): the log-odds of every class but the first against the first, so that they
are identified also where a softmax's coefficients are not; m = n_classes - 1, and the k columns are the intercept,
where there is one, and the features. Here features have a unit of their own and with an intercept are centred: else a
column such as the year, far from zero and nearly constant, looks like another intercept. Centre and unit are medians,
which no outlier moves; the centre is a value of the column and the unit a power of two, so that tables of dummy columns
and of counts stay exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve
from scipy.linalg.lapack import dpstrf

from fastnn.models.common.arrays import by_rows
from fastnn.validation import dense_rows

__all__ = ["Curvature", "Expansion", "Likelihood", "Vector", "Weights", "add_information", "scores", "softmax"]

Vector = NDArray[np.float64]

_ROWS = 1024  # of a block: k columns of them in float64 stay in L2 for the usual k
_VANISHED = 1e-100  # a second derivative, of features of unit one, whose reciprocal would lead to an overflow
_SAMPLE = 511  # rows at most that the medians are of


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


@dataclass(frozen=True)
class Weights:
    """Weights u of the pairs (row, other class), and how nearly they balance the features.

    Attributes
    ----------
    lowest : float
        The smallest ratio of a weight to the fitted probability from which it was linearised.
    least : float
        The smallest of those probabilities, times the row's own weight.
    rest : ndarray (m * k,)
        What the balance lacks: the sum of u (e_own - e_other) x'.
    mass : ndarray (m * k,)
        The same sum with all terms positive, where asked for; else infinity.
    """

    lowest: float
    least: float
    rest: Vector
    mass: Vector


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
        there = diagonal > _VANISHED
        self._unit = 1 / np.sqrt(np.where(there, diagonal, 1))
        scaled = matrix * (self._unit * there) * (self._unit * there)[:, None]
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
        self,
        x: Any,
        index: NDArray[np.integer[Any]],
        n_classes: int,
        weight: NDArray[np.floating[Any]] | None,
        intercept: bool,
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
        rows = self.observed()
        sample = self.design(rows[:: len(rows) // _SAMPLE + 1])[:, first:]
        if self.intercept:
            self._centre = np.partition(sample, len(sample) // 2, axis=0)[len(sample) // 2]
        deviation = np.sort(np.abs(sample - self._centre), axis=0)
        middle = (np.count_nonzero(deviation == 0, axis=0) + len(deviation)) // 2  # of those that are not zero
        unit = np.take_along_axis(deviation, np.minimum(middle, len(deviation) - 1)[None], axis=0)[0]
        if not unit.all():  # the sample has not seen these columns vary
            largest = np.max([np.abs(design[:, first:]).max(axis=0) for design, _, _ in self._blocks()], axis=0)
            unit = np.where(unit > 0, unit, largest)
        self._unit = np.ldexp(1.0, np.clip(np.frexp(np.where(unit > 0, unit, 1))[1], -1000, 1000))

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
        with np.errstate(over="ignore"):  # of features as small as 1e-155 there is no finite variance
            return self._covariance(inverse, p)

    def _covariance(self, inverse: Vector, p: int) -> Vector:
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
            z = scores(design, theta)
            p, largest, log_total = softmax(z)
            value += float(weight @ (_own(z, is_own) - (largest + log_total)))
            smallest = min(smallest, _smallest_lead(z, is_own))
            score += ((is_own[1:] - p[1:]) * weight) @ design
            add_information(information, design, p[1:], 1 - p[1:], weight)
        return Expansion(value, score.ravel(), information.reshape(m * k, m * k), smallest)

    def along(self, theta: Vector, step: Vector, columns: NDArray[np.integer[Any]]) -> Weights:
        """The probabilities of other classes at theta (m, k), linearised along a step (m, k), as weights of pairs.

        `columns`, of k, are those whose mass is wanted.
        """
        lowest, least = np.inf, np.inf
        rest, mass = np.zeros(theta.shape), np.full(theta.shape, np.inf)
        mass[:, columns] = 0
        for design, is_own, weight in self._blocks():
            p = softmax(scores(design, theta)).p
            change = scores(design, step)
            ratio = 1 + change - (p * change).sum(axis=0)
            p *= weight
            lowest = min(lowest, float(ratio[~is_own].min(initial=np.inf)))
            least = min(least, float(p[~is_own].min(initial=np.inf)))
            u = np.where(is_own, 0, p * ratio)
            total = u.sum(axis=0)
            rest += (np.where(is_own, total, 0) - u)[1:] @ design
            if len(columns):
                mass[:, columns] += np.where(is_own, total, u)[1:] @ np.abs(design[:, columns])
        return Weights(lowest, least, rest.ravel(), mass.ravel())

    def margins(self, directions: Vector) -> Iterator[tuple[slice, NDArray[np.bool_], Vector, Vector]]:
        """By how much directions (q, m, k) raise the score of a row's own class above that of each other, by blocks.

        Yields
        ------
        rows : slice
            Of `observed`.
        is_own : ndarray of bool (m + 1, r)
        margin : ndarray (q, m + 1, r)
            0 for the row's own class.
        terms : ndarray (q, m + 1, r)
            The sum of the absolute values of its terms; not zero.
        """
        start = 0
        for design, is_own, _ in self._blocks():
            z = np.array([scores(design, direction) for direction in directions])
            size = np.array([scores(np.abs(design), np.abs(direction)) for direction in directions])
            margin = np.where(is_own, z, 0).sum(axis=1, keepdims=True) - z
            terms = np.where(is_own, size, 0).sum(axis=1, keepdims=True) + size
            yield slice(start, start + len(design)), is_own, margin, np.where(terms > 0, terms, 1)
            start += len(design)

    def pairs(self, rows: NDArray[np.integer[Any]], others: NDArray[np.integer[Any]]) -> Vector:
        """Gradients (s, m * k) of the margins of rows of `observed` over other classes, each of length 1 per row."""
        rows = self.observed()[rows]
        design = self.design(rows)
        _make_unit_rows(design)
        pairs = np.zeros((len(rows), self.n_contrasts + 1, self.n_columns))
        each, own = np.arange(len(rows)), self._index[rows]
        pairs[each, own] += design
        pairs[each, others] -= design
        return pairs[:, 1:].reshape(len(rows), -1)

    def exact_rows(self) -> tuple[list[list[Fraction]], NDArray[np.integer[Any]]]:
        """The observed rows as they are, with a 1 for the intercept, and their classes; for few rows."""
        rows = self.observed()
        start = [Fraction(1)] * self.intercept
        return [start + [Fraction(x) for x in row] for row in dense_rows(self._x[rows]).tolist()], self._index[rows]

    def observed(self) -> NDArray[np.intp]:
        """The numbers of the rows whose weight is not zero."""
        return np.arange(self._x.shape[0]) if self._weight is None else np.flatnonzero(self._weight)

    def design(self, rows: Any) -> Vector:
        """The intercept's column, where there is one, and standardised features of rows of X, (r, k)."""
        block = dense_rows(self._x[rows])
        first = int(self.intercept)
        design = np.ones((len(block), self.n_columns))
        np.subtract(block, self._centre, out=design[:, first:])
        design[:, first:] /= self._unit
        return design

    def _blocks(self) -> Iterator[tuple[Vector, NDArray[np.bool_], Vector]]:
        """Blocks of the observed rows: design (r, k), which class each has (m + 1, r), weights (r,)."""
        classes = np.arange(self.n_contrasts + 1)[:, None]
        for start in range(0, self._x.shape[0], _ROWS):
            rows: Any = slice(start, start + _ROWS)
            index = self._index[rows]
            weight = np.ones(len(index)) if self._weight is None else self._weight[rows].astype(np.float64)
            if not weight.all():
                seen = np.flatnonzero(weight)
                rows, index, weight = start + seen, index[seen], weight[seen]
            if len(index):
                yield self.design(rows), index == classes, weight


def _make_unit_rows(design: Vector) -> None:
    """Divide rows, unless they are zero, by their length; their largest element first, whose square may overflow."""
    largest = np.abs(design).max(axis=1, initial=0)
    design /= np.where(largest > 0, largest, 1)[:, None]
    length = np.sqrt(np.einsum("rk,rk->r", design, design))
    design /= np.where(length > 0, length, 1)[:, None]


def scores(design: Vector, theta: Vector) -> Vector:
    """z (m + 1, r), where the first class has 0."""
    z = np.zeros((len(theta) + 1, len(design)))
    np.matmul(theta, design.T, out=z[1:])
    return z


class Softmax(NamedTuple):
    """Probabilities (m + 1, r); the largest z of each row, and the logarithm of the sum of exp(z - largest), (r,)."""

    p: Vector
    largest: Vector
    log_total: Vector


def softmax(z: Vector) -> Softmax:
    """The probabilities of raw outputs z (m + 1, r), and what their logarithms come from."""
    largest = z.max(axis=0)
    p = np.exp(z - largest)
    total = p.sum(axis=0)
    p /= total
    return Softmax(p, largest, np.log(total))


def _smallest_lead(z: Vector, is_own: NDArray[np.bool_]) -> float:
    """The smallest z of a row's own class less the largest z of its others."""
    others = np.where(is_own, -np.inf, z).max(axis=0)
    return float((_own(z, is_own) - others).min(initial=np.inf))


def _own(z: Vector, is_own: NDArray[np.bool_]) -> Vector:
    """The entries of z (m + 1, r) in each row's own class (r,)."""
    own: Vector = np.where(is_own, z, 0).sum(axis=0)
    return own


def add_information(information: Vector, design: Vector, p: Vector, others: Vector, weight: Vector) -> None:
    """Add a block's information (m, k, m, k): sum of w (p_a [a = b] - p_a p_b) x x'.

    Of probabilities p (m, r), and those `others` (m, r) of all classes but each: 1 - p, or their sum where p is so
    nearly 1 that the difference has no digits.
    """
    for a in range(len(p)):
        for b in range(a + 1):
            d = weight * p[a] * (others[a] if a == b else -p[b])
            part = (design.T * d) @ design
            information[a, :, b, :] += part
            if a != b:
                information[b, :, a, :] += part.T
