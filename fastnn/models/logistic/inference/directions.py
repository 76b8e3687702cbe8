"""Directions that separate classes, by linear programs: which pairs (row, other class) they tell apart, or that none.

A pair's *margin* along a direction d (m, k) is by how much d raises the score of the row's own class above that of the
other one; up to `ZERO` of the sum of its terms' absolute values it counts as zero. The program looks for the largest
sum of margins, in units of the rows' lengths, of which none is negative. Its solution is looked at row by row. Where
the sum is zero, the multipliers are weights u that balance the features, the other proof, which `separation`
describes, and are looked at too.

It takes few pairs, and more where the answer is wrong for one that it has not seen. Few can prove for all that no
direction separates: a direction that separates none of them has no margin on any of them, and if it then has no margin
on any pair at all, that is the proof. What one direction tells apart is done, and the next program looks on the
border that it leaves: a large multiple of the first one, plus the second, separates both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr, solve_triangular

from fastnn.models.logistic.inference.likelihood import Likelihood, Vector
from fastnn.workers import aside

__all__ = ["ZERO", "Pairs", "linear_program", "separable_pairs", "without_noise"]

ZERO = 1e-9  # of its terms: a margin that is smaller counts as none
_NOISE = 1e-11  # of the largest element: smaller ones of a solution are zero
_DEPENDENT = 1e-11  # a column with less than this left, beside the others
_MOST_ROUNDS = 100
_MOST_NUMBERS = 4_000_000  # of a program's matrix: about ten seconds

Mask = NDArray[np.bool_]


class Pairs:
    """All pairs (row, other class) of a likelihood, of which a growing set is in the programs.

    Attributes
    ----------
    others : ndarray of bool (m + 1, n)
        False for the row's own class.
    chosen : ndarray of bool (m + 1, n)
    """

    def __init__(self, likelihood: Likelihood, theta: Vector) -> None:
        self.likelihood = likelihood
        n = len(likelihood.observed())
        self.others = np.zeros((likelihood.n_contrasts + 1, n), bool)
        margin = np.zeros(self.others.shape)
        self._fingerprints = np.zeros(self.others.shape, np.float32)  # pairs whose rows are alike have the same number
        anything = np.random.default_rng(0).normal(size=theta.shape)
        for rows, is_own, block, terms in likelihood.margins(np.array([theta, anything])):
            self.others[:, rows], margin[:, rows], self._fingerprints[:, rows] = ~is_own, block[0] / terms[0], block[1]
        self.chosen = np.zeros_like(self.others)
        self._batch = max(200, 2 * theta.size)
        self.choose(np.where(self.others, margin, np.inf), 2 * self._batch)
        evenly = np.zeros_like(self.others)
        evenly[:, :: n // self._batch + 1] = True
        self.choose(np.where(self.others & evenly, margin, np.inf), 2 * self._batch)

    def choose(self, badness: Vector, most: int | None = None) -> bool:
        """Add pairs, one of those that are alike, with the smallest numbers but infinity; False if there are none."""
        candidates = np.flatnonzero(np.isfinite(badness) & ~self.chosen)
        candidates = candidates[np.argsort(badness.flat[candidates], kind="stable")]
        _, first = np.unique(self._fingerprints.flat[candidates], return_index=True)
        self.chosen.flat[candidates[np.sort(first)[: most or self._batch]]] = True
        return len(candidates) > 0

    def gradients(self, mask: Mask) -> Vector:
        """Of the margins of some pairs, (s, m * k)."""
        other, row = np.nonzero(mask)
        return self.likelihood.pairs(row, other)

    def margins(self, directions: Vector) -> Vector:
        """As shares of their terms (m + 1, n), along a direction (m * k,).

        Along several (q, m * k), the largest absolute value of each pair.
        """
        margins = np.zeros(self.others.shape)
        if not len(directions):
            return margins
        k = self.likelihood.n_columns
        for rows, _, block, terms in self.likelihood.margins(directions.reshape(-1, directions.shape[-1] // k, k)):
            block /= terms
            margins[:, rows] = block[0] if directions.ndim == 1 else np.abs(block).max(axis=0)
        return margins

    def can_be_programmed(self, n_columns: int) -> bool:
        """Whether a program of the chosen pairs takes seconds at the most."""
        return int(np.count_nonzero(self.chosen)) * n_columns <= _MOST_NUMBERS


@dataclass(frozen=True)
class Optimum:
    """Of a linear program: its solution, and a multiplier for each of its inequalities."""

    solution: Vector
    multipliers: Vector


def linear_program(cost: Vector, least: Vector, matrix: Vector, bounds: Vector) -> Optimum | None:
    """The x in bounds (p, 2) with matrix @ x >= least of which cost @ x is smallest; None where there is none."""
    from scipy.optimize import linprog  # half of the package works without SciPy's optimisers
    from scipy.sparse import csr_array

    options = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    program = partial(linprog, cost, csr_array(-matrix), -least, bounds=bounds, method="highs-ds", options=options)
    found = aside(program)
    return Optimum(found.x, -found.ineqlin.marginals) if found.status == 0 else None


def separable_pairs(pairs: Pairs) -> Mask | None:
    """Which pairs (m + 1, n) some separating direction tells apart; None where rounding or size hides the answer."""
    separable = np.zeros_like(pairs.others)
    border = pairs.others.copy()
    for _ in range(_MOST_ROUNDS):
        margins = _best_margins(pairs, border)
        if margins is None:
            return None
        told_apart = border & (margins > ZERO)
        separable |= told_apart
        border &= ~told_apart
        if not told_apart.any() or not border.any():
            return separable
    return None


def _best_margins(pairs: Pairs, border: Mask) -> Vector | None:
    """Margins (m + 1, n) of which none on the border is negative and one is not zero; zeros if no direction has them.

    None where neither is proved.
    """
    for _ in range(_MOST_ROUNDS):
        mask = border & pairs.chosen
        if not mask.any() and not pairs.choose(np.where(border, 0.0, np.inf)):
            return None
        matrix = pairs.gradients(border & pairs.chosen)
        s, p = matrix.shape
        if not pairs.can_be_programmed(p):
            return None
        best = linear_program(-matrix.mean(axis=0), np.zeros(s), matrix, np.tile([-1.0, 1.0], (p, 1)))
        if best is None:
            return None
        direction = without_noise(best.solution)
        if (matrix @ direction > ZERO * (np.abs(matrix) @ np.abs(direction))).any():
            answer = np.where(border, pairs.margins(direction), 0)
            wrong = np.where(answer < -ZERO, answer, np.inf)
        else:
            if not _balance(matrix, 1 / s + best.multipliers):
                return None
            answer = np.zeros(border.shape)
            unseen = np.where(border, pairs.margins(_null_space(matrix)), 0)
            wrong = np.where(unseen > ZERO, -unseen, np.inf)
        if np.isinf(wrong).all():
            return answer
        if not pairs.choose(wrong):
            return None
    return None


def without_noise(direction: Vector) -> Vector:
    """A direction with zeros where rounding has left something else."""
    size = np.abs(direction)
    return np.where(size > _NOISE * size.max(initial=0), direction, 0)


def _balance(matrix: Vector, u: Vector) -> bool:
    """Whether weights near u (s,), which are positive, balance rows of a matrix (s, p) up to rounding."""
    terms = matrix * u[:, None]
    mass = np.abs(terms).sum(axis=0)
    terms /= np.where(mass > 0, mass, 1)
    rest = terms.sum(axis=0)
    factor, triangle, basis, _ = _factors(terms)
    # The smallest relative change of u that restores the balance.
    change = factor @ solve_triangular(triangle, rest[basis], trans="T")
    return bool(np.abs(change).max(initial=0) < 0.5 and np.abs(rest - change @ terms).max() < _DEPENDENT)


def _null_space(matrix: Vector) -> Vector:
    """Directions (q, p) along which no row of a matrix (s, p) has a margin."""
    _, triangle, basis, dependent = _factors(matrix)
    directions = np.zeros((len(dependent), matrix.shape[1]))
    if len(dependent):
        combination = np.linalg.lstsq(matrix[:, basis], matrix[:, dependent])[0]
        directions[:, basis] = -combination.T
        directions[np.arange(len(dependent)), dependent] = 1
    return np.array([without_noise(direction) for direction in directions]).reshape(directions.shape)


def _factors(matrix: Vector) -> tuple[Vector, Vector, NDArray[np.intp], NDArray[np.intp]]:
    """Q (s, r) and R (r, r) of independent columns of a matrix (s, p), which these are, and which depend on them."""
    length = np.sqrt((matrix**2).sum(axis=0))
    length = np.where(length > 0, length, 1)
    q, r, order = qr(matrix / length, mode="economic", pivoting=True)
    rank = int(np.count_nonzero(np.abs(np.diag(r)) > _DEPENDENT))
    basis, dependent = np.split(order, [rank])
    return q[:, :rank], r[:rank, :rank] * length[basis], basis, dependent
