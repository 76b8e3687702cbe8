"""Directions that separate classes, in rational arithmetic: for small data where rounding hides the answer.

A number such as 1e12 in a column of ones makes a row whose margin turns on a coefficient of 1e-12, which a linear
program in floating point does not see. Floating-point numbers are fractions, and few of them can be computed with as
such.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from fastnn.models.logistic.inference.likelihood import Likelihood

__all__ = ["exact_features", "exactly_separable_pairs"]

_MOST_NUMBERS = 3000  # of the tableau: a second

Row = list[Fraction]
Mask = NDArray[np.bool_]
Features = NDArray[np.intp]


def exactly_separable_pairs(likelihood: Likelihood, features: Features | None = None) -> Mask | None:
    """Which pairs (m + 1, n) some direction of some features tells apart, as `separable_pairs`; None for large data."""
    m, k, first = likelihood.n_contrasts, likelihood.n_columns, int(likelihood.intercept)
    if len(likelihood.observed()) * m * m * k > _MOST_NUMBERS:
        return None
    rows, index = likelihood.exact_rows()
    columns = [*range(first), *(first + (np.arange(k - first) if features is None else features))]
    places = [(c, r) for r, own in enumerate(index) for c in range(m + 1) if c != own]
    pairs = [_pair([rows[r][j] for j in columns], int(index[r]), c, m) for c, r in places]
    separable = np.zeros((m + 1, len(rows)), bool)
    border = list(range(len(places)))
    while border:
        direction = _direction([list(row) for row in dict.fromkeys(tuple(pairs[i]) for i in border)])
        if direction is None:
            break
        told_apart = [i for i in border if _dot(pairs[i], direction) > 0]
        border = [i for i in border if i not in set(told_apart)]
        for i in told_apart:
            separable[places[i]] = True
    return separable


def exact_features(likelihood: Likelihood) -> Features | None:
    """Features, by number, none of which can be left out if all separable pairs are to be told apart."""
    everything = exactly_separable_pairs(likelihood)
    if everything is None:
        return None
    features = np.arange(likelihood.n_columns - likelihood.intercept)
    for feature in features:
        fewer = features[features != feature]
        separable = exactly_separable_pairs(likelihood, fewer)
        if separable is not None and (separable == everything).all():
            features = fewer
    return features


def _pair(row: Row, own: int, other: int, m: int) -> Row:
    """The gradient of a margin by contrasts (m * k)."""
    pair = [Fraction(0)] * (m * len(row))
    for c, sign in ((own, 1), (other, -1)):
        if c > 0:
            pair[(c - 1) * len(row) : c * len(row)] = [sign * x for x in row]
    return pair


def _dot(a: Row, b: Row) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True) if x and y), Fraction(0))


def _direction(pairs: list[Row]) -> Row | None:
    """A direction along which no pair has a negative margin and some have a positive one; None if there is none.

    The simplex method, with Bland's rule, for weights 1 + v that balance the pairs, v >= 0. The multipliers of an
    optimum that does not balance them are the direction (Farkas).
    """
    n, p = len(pairs), len(pairs[0])
    needed = [-sum(column, Fraction(0)) for column in zip(*pairs, strict=True)]
    signs = [-1 if right < 0 else 1 for right in needed]
    tableau = []
    for j in range(p):
        artificial = [Fraction(int(i == j)) for i in range(p)]
        tableau.append([*(signs[j] * pair[j] for pair in pairs), *artificial, signs[j] * needed[j]])
    # An artificial variable costs 1, and they are the first basis.
    costs = [int(n <= i < n + p) - sum((row[i] for row in tableau), Fraction(0)) for i in range(n + p + 1)]
    basis = list(range(n, n + p))
    while (entering := next((i for i in range(n) if costs[i] < 0), None)) is not None:
        ratios = [(row[-1] / row[entering], basis[j], j) for j, row in enumerate(tableau) if row[entering] > 0]
        leaving = min(ratios)[2]
        _pivot(tableau, costs, leaving, entering)
        basis[leaving] = entering
    return None if costs[-1] == 0 else [signs[j] * (costs[n + j] - 1) for j in range(p)]


def _pivot(tableau: list[Row], costs: Row, leaving: int, entering: int) -> None:
    pivot = tableau[leaving][entering]
    tableau[leaving] = line = [x / pivot if x else x for x in tableau[leaving]]
    for row in (*(row for j, row in enumerate(tableau) if j != leaving), costs):
        factor = row[entering]
        if factor:
            row[:] = [x - factor * y if y else x for x, y in zip(row, line, strict=True)]
