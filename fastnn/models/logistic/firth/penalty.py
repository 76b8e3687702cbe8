"""Firth's penalised likelihood of logistic regression: the likelihood times Jeffreys' prior, and its maximum.

``log-likelihood + log det I(theta) / 2``, where I is Fisher's information (Firth 1993, Biometrika 80:27-38). It takes
the first-order bias from the estimates, and has a finite maximum where classes are separated (Heinze and Schemper 2002,
Statistics in Medicine 21:2409-2419; for more classes Bull, Mak and Greenwood 2002, Computational Statistics & Data
Analysis 39:57-74). Other units of the features, or another class to compare with, add a constant to it.

With Q_ab = x' (I^-1)_ab x of a row, for classes a and b, and its probabilities p, the gradient of the penalty is
``sum of weight * p_c ((Q_cc - 2 (Qp)_c) - sum over a of p_a (Q_aa - 2 (Qp)_a)) * x / 2``: third cumulants of
the classes, contracted with Q. For two classes that is Firth's ``h (1/2 - p) x`` with the leverage h.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, replace
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from fastnn.models.logistic.inference.likelihood import Likelihood, Vector, add_information, scores, softmax

__all__ = [
    "Factor",
    "Held",
    "Maximum",
    "PenalisedLikelihood",
    "PenalisedPoint",
    "distance_to_maximum",
    "highest",
    "maximise",
]

_REMEMBERED = 10  # steps, for the difference between Fisher's information and the Hessian
_STRAIGHT = 0.01  # of the information: a step along which the gradient changes by less teaches nothing
_MOST_HALVINGS = 40
_SLACK = 1e-13  # of the value: its own rounding
_STALLED = 5  # iterations without half the distance: rounding decides,
_NEAR = 1e-4  # where the maximum is no further away, in standard errors
_SHARES = (0.25, 0.5)  # of the penalty, on the way from outside
_MOVED = 0.5  # standard errors: where the penalty moves the estimate by less there is one maximum
_HIGHER = 1e-9  # than another maximum, relative: more than rounding and what tolerances leave
_ROUGHLY = 0.01  # standard errors, on the way


class Factor:
    """A positive definite matrix (p, p), factorised by Cholesky in units in which its diagonal is 1.

    Raises
    ------
    LinAlgError
        If it is not positive definite, to rounding.
    """

    def __init__(self, matrix: Vector) -> None:
        diagonal = np.diag(matrix)
        if not (np.isfinite(matrix).all() and (diagonal > 0).all()):
            raise LinAlgError("the diagonal is not positive, or not finite")
        self._unit = 1 / np.sqrt(diagonal)
        self._lower = cho_factor(matrix * self._unit * self._unit[:, None], lower=True, check_finite=False)[0]
        self.log_det = 2 * float(np.log(np.diag(self._lower)).sum() - np.log(self._unit).sum())

    def solve(self, right: Vector) -> Vector:
        """The solution of matrix @ solution = right, (p,) or (p, q)."""
        solution: Vector = (
            cho_solve((self._lower, True), (right.T * self._unit).T, check_finite=False).T * self._unit
        ).T
        return solution

    def quadratic(self, vector: Vector) -> float:
        """vector @ matrix @ vector."""
        half = np.tril(self._lower).T @ (vector / self._unit)
        return float(half @ half)

    def inverse(self) -> Vector:
        """Return the inverse of the matrix, (p, p)."""
        inverse = self.solve(np.eye(len(self._unit)))
        symmetric: Vector = (inverse + inverse.T) / 2
        return symmetric


@dataclass(frozen=True)
class PenalisedPoint:
    """The penalised likelihood at contrasts theta (p,): its value and gradient, and Fisher's information."""

    theta: Vector
    value: float
    score: Vector
    information: Factor


@dataclass(frozen=True)
class Held:
    """Linear functions of theta that a maximum leaves as they are: ``rows @ theta``, rows (q, p)."""

    rows: Vector

    def moved(self, point: PenalisedPoint, to: Vector) -> Vector:
        """The theta nearest to a point, by its information, where the functions have these values (q,)."""
        towards = point.information.solve(self.rows.T)
        moved: Vector = point.theta + towards @ np.linalg.solve(self.rows @ towards, to - self.rows @ point.theta)
        return moved


@dataclass(frozen=True)
class Maximum:
    """Where a search for the maximum ended: `distance` standard errors from it."""

    point: PenalisedPoint
    n_iter: int
    distance: float
    converged: bool


class PenalisedLikelihood(Likelihood):
    """Firth's penalised log-likelihood of theta (m, k), flat (p,) here, over rows in blocks.

    Values are those in the user's units of the features. `share` of the penalty counts.
    """

    share = 1.0

    def __init__(
        self,
        x: Any,
        index: NDArray[np.integer[Any]],
        n_classes: int,
        weight: NDArray[np.floating[Any]] | None,
        intercept: bool,
    ) -> None:
        super().__init__(x, index, n_classes, weight, intercept)
        self.n_params = self.n_contrasts * self.n_columns
        self._volume = self.n_contrasts * float(np.linalg.slogdet(self.standardised(np.eye(self.n_columns)))[1])

    def with_share(self, share: float) -> PenalisedLikelihood:
        """The same likelihood with a share of the penalty."""
        other = copy(self)
        other.share = share
        return other

    def gram(self) -> Vector:
        """The columns' products with each other (k, k), over the observed rows."""
        gram = np.zeros((self.n_columns, self.n_columns))
        for design, _, _ in self._blocks():
            gram += design.T @ design
        return gram

    def user_parameter(self, contrast: int, column: int) -> Vector:
        """The row (p,) that gives one of the user's contrasts when multiplied with theta."""
        row = np.zeros((self.n_contrasts, self.n_columns))
        row[contrast] = self.in_user_units(np.eye(self.n_columns))[:, column]
        return row.ravel()

    def look(self, theta: Vector) -> PenalisedPoint | None:
        """The point theta (p,); None where rows tell so little that the information has no inverse."""
        found = self.value_at(theta)
        return None if found is None else PenalisedPoint(theta, found[0], self.score_at(theta, found[1]), found[1])

    @np.errstate(over="ignore", invalid="ignore")
    def value_at(self, theta: Vector) -> tuple[float, Factor] | None:
        """The value, and the information; None where that has no inverse."""
        m, k = self.n_contrasts, self.n_columns
        value, information = 0.0, np.zeros((m, k, m, k))
        for design, is_own, weight in self._blocks():
            z = scores(design, theta.reshape(m, k))
            p, largest, log_total = softmax(z)
            value += float(weight @ np.where(is_own, (z - largest) - log_total, 0).sum(axis=0))
            others = (1 - np.eye(m + 1)) @ p  # and not 1 - p, which has no digits where p is nearly 1
            add_information(information, design, p[1:], others[1:], weight)
        try:
            factor = Factor(information.reshape(m * k, m * k))
        except LinAlgError:
            return None
        value += self.share * (factor.log_det / 2 + self._volume)
        return (value, factor) if np.isfinite(value) else None

    def score_at(self, theta: Vector, information: Factor) -> Vector:
        """The gradient (p,), with the information there."""
        m, k = self.n_contrasts, self.n_columns
        inverse = information.inverse().reshape(m, k, m, k)
        score = np.zeros((m, k))
        for design, is_own, weight in self._blocks():
            p = softmax(scores(design, theta.reshape(m, k))).p
            score += ((is_own[1:] - p[1:] + self.share * _slopes(design, p, inverse) / 2) * weight) @ design
        return score.ravel()


def _slopes(design: Vector, p: Vector, inverse: Vector) -> Vector:
    """Derivatives (m, r) of every row's part of log det I by its z, of probabilities p (m + 1, r)."""
    m = len(p) - 1
    own, mixed = np.zeros_like(p), np.zeros_like(p)  # Q_aa, (Qp)_a; zero for the first class
    for a in range(1, m + 1):
        for b in range(1, a + 1):
            q = ((design @ inverse[a - 1, :, b - 1, :]) * design).sum(axis=1)
            mixed[a] += q * p[b]
            if a == b:
                own[a] = q
            else:
                mixed[b] += q * p[a]
    others, slope = 1 - np.eye(m + 1), own - 2 * mixed
    result: Vector = p * (slope * (others @ p) - others @ (p * slope))
    return result[1:]


class _Steps:
    """Directions of ascent: by Fisher's information, corrected by what the last steps have taught (L-BFGS)."""

    def __init__(self) -> None:
        self._pairs: deque[tuple[Vector, Vector, float]] = deque(maxlen=_REMEMBERED)

    def learn(self, here: PenalisedPoint, there: PenalisedPoint) -> None:
        """The gradient fell from here to there."""
        step, fall = there.theta - here.theta, here.score - there.score
        product = float(step @ fall)
        if product > _STRAIGHT * there.information.quadratic(step):
            self._pairs.append((step, fall, product))

    def direction(self, point: PenalisedPoint, held: Held | None) -> Vector:
        """The step (p,) from a point, along which what is held stays."""
        if held is None:
            return self._times(point, point.score)
        both = self._times(point, np.column_stack([point.score, held.rows.T]))
        free, towards = both[:, 0], both[:, 1:]
        step: Vector = free - towards @ np.linalg.solve(held.rows @ towards, held.rows @ free)
        return step

    def _times(self, point: PenalisedPoint, right: Vector) -> Vector:
        """The approximate inverse of the Hessian times (p,) or (p, q)."""
        right, shares = right.copy(), []
        for step, fall, product in reversed(self._pairs):
            shares.append(step @ right / product)
            right -= np.multiply.outer(fall, shares[-1])
        result = point.information.solve(right)
        for (step, fall, product), share in zip(self._pairs, reversed(shares), strict=True):
            result += np.multiply.outer(step, share - fall @ result / product)
        return result


def distance_to_maximum(point: PenalisedPoint, held: Held | None = None) -> float:
    """In standard errors, by Fisher's information."""
    return sqrt(max(float(point.score @ _Steps().direction(point, held)), 0.0))


def maximise(
    likelihood: PenalisedLikelihood,
    start: PenalisedPoint,
    *,
    held: Held | None = None,
    tol: float,
    max_iter: int,
    watch: Callable[[int, PenalisedPoint], None] | None = None,
) -> Maximum:
    """Go up from a point until the maximum is at most `tol` standard errors away, or rounding decides.

    With `held`, to the maximum among the points where that is as it is at the start.
    """
    point, steps, n_iter = start, _Steps(), 0
    distance = best = distance_to_maximum(point, held)
    stalled = 0
    while distance > tol and n_iter < max_iter and stalled < _STALLED:
        there = _climb(likelihood, point, steps.direction(point, held))
        if there is None:
            break
        steps.learn(point, there)
        point, n_iter = there, n_iter + 1
        distance = distance_to_maximum(point, held)
        stalled = 0 if distance < best / 2 or distance > _NEAR else stalled + 1
        best = min(best, distance)
        if watch is not None:
            watch(n_iter, point)
    ended = n_iter < max_iter or stalled >= _STALLED
    return Maximum(point, n_iter, distance, distance <= tol or (ended and distance <= _NEAR))


def highest(likelihood: PenalisedLikelihood, found: Maximum, *, tol: float, max_iter: int) -> Maximum:
    """The higher one of a maximum and of that which is found from outside, with a penalty that grows.

    Where classes are separated and rows are few there may be several maxima, and the one that is reached from zero is
    often a low one; a weaker penalty has its maximum further out, and the way back ends at a higher one. Where the
    penalty hardly moves the estimate there is nothing to look for. The other maximum counts as one iteration more.
    """
    plain = likelihood.with_share(0.0).look(found.point.theta)
    if not found.converged or found.n_iter >= max_iter or plain is None or distance_to_maximum(plain) < _MOVED:
        return found
    theta = found.point.theta
    for share in (*_SHARES, 1.0):
        some = likelihood.with_share(share)
        point = some.look(theta)
        if point is None:
            return found
        other = maximise(some, point, tol=tol if share == 1 else _ROUGHLY, max_iter=max_iter)
        theta = other.point.theta
    is_better = other.converged and other.point.value > found.point.value + _HIGHER * max(1.0, abs(found.point.value))
    return replace(other, n_iter=found.n_iter + 1) if is_better else found


def _climb(likelihood: PenalisedLikelihood, point: PenalisedPoint, step: Vector) -> PenalisedPoint | None:
    """The next point, the step halved until the value rises; None where it does not."""
    rise = 1e-4 * float(step @ point.score)
    slack = _SLACK * abs(point.value)
    for halvings in range(_MOST_HALVINGS):
        share = 0.5**halvings
        theta = point.theta + share * step
        found = likelihood.value_at(theta)
        if found is not None and found[0] >= point.value + share * rise - slack:
            return PenalisedPoint(theta, found[0], likelihood.score_at(theta, found[1]), found[1])
    return None
