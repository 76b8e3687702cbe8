"""Which columns separate classes: few that suffice, for people who want to know what to leave out.

A linear program finds the direction that tells the same pairs apart with the smallest sum of absolute coefficients,
which leaves most of them zero. Of these one alone may suffice; else they are left out one by one, if the others still
suffice.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastnn.models.logistic.inference.directions import ZERO, Mask, Pairs, linear_program, without_noise
from fastnn.models.logistic.inference.likelihood import Vector

__all__ = ["separating_features"]

_MOST_ROUNDS = 50
_MOST_TRIED = 100  # features one by one

Features = NDArray[np.intp]


def separating_features(pairs: Pairs, separable: Mask) -> Features | None:
    """Features, by number, whose coefficients tell all separable pairs apart; empty if the intercept alone does.

    None where the programs would be too large, or rounding hides the answer.
    """
    first = int(pairs.likelihood.intercept)
    found = _sparse(pairs, separable, np.arange(pairs.likelihood.n_columns - first))
    if found is None:
        return None
    features, sizes = found
    if len(features) > _MOST_TRIED:
        return features
    by_size = features[np.argsort(sizes, kind="stable")]
    for feature in by_size[::-1]:
        if _sparse(pairs, separable, np.array([feature])) is not None:
            return np.array([feature])
    for feature in by_size:
        if feature in features:
            fewer = _sparse(pairs, separable, features[features != feature])
            features = features if fewer is None else fewer[0]
    return features


def _sparse(pairs: Pairs, separable: Mask, features: Features) -> tuple[Features, Vector] | None:
    """Of some features those that the direction of the smallest sum has, and the size of their coefficients."""
    first, k, m = int(pairs.likelihood.intercept), pairs.likelihood.n_columns, pairs.likelihood.n_contrasts
    columns = (np.concatenate([np.arange(first), first + features]) + k * np.arange(m)[:, None]).ravel()
    is_feature = columns % k >= first
    direction = np.zeros(m * k)
    for _ in range(_MOST_ROUNDS):
        if not len(columns) or not pairs.can_be_programmed(2 * len(columns)):
            return None
        coefficients = _smallest(pairs, separable, columns, is_feature)
        if coefficients is None:
            return None
        direction[columns] = without_noise(coefficients)
        margins = np.where(pairs.others, pairs.margins(direction), np.inf)
        wrong = np.where(margins <= np.where(separable, ZERO, -ZERO), margins, np.inf)
        if np.isinf(wrong).all():
            sizes = np.abs(direction.reshape(m, k)[:, first:]).max(axis=0, initial=0)
            there = np.flatnonzero(sizes)
            return there, sizes[there]
        if not pairs.choose(wrong):
            return None
    return None


def _smallest(pairs: Pairs, separable: Mask, columns: NDArray[np.intp], is_feature: Mask) -> Vector | None:
    """The coefficients of columns of the smallest sum that give the chosen pairs a margin of 1 where it can be."""
    matrix = pairs.gradients(pairs.chosen)[:, columns]
    positive_and_negative = np.hstack([matrix, -matrix])
    bounds = np.tile([0.0, np.inf], (2 * len(columns), 1))
    least = separable[pairs.chosen].astype(np.float64)
    best = linear_program(np.tile(is_feature.astype(np.float64), 2), least, positive_and_negative, bounds)
    return None if best is None else best.solution[: len(columns)] - best.solution[len(columns) :]
