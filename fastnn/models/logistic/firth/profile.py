"""Profiles of Firth's penalised likelihood: intervals and tests that hold where a likelihood is not a parabola.

The profile of a parameter is the largest penalised likelihood with the parameter held at a value. An interval has the
values at which it lies no more than half a quantile of chi-squared below the maximum, and the test that a parameter is
zero asks how far it lies below at zero (Heinze and Schemper 2002; for more classes Bull, Lewinger and Lee 2007,
Statistics in Medicine 26:903-918). The penalty is that of all parameters, also of those that are held.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt
from typing import NamedTuple

import numpy as np
from scipy.special import chdtri

from fastnn.models.logistic.firth.penalty import Held, Maximum, PenalisedLikelihood, PenalisedPoint, maximise
from fastnn.models.logistic.inference.likelihood import Vector

__all__ = ["Profile", "null_value", "profile"]

_EXACT = 1e-10  # standard errors, of every maximum
_MOST_STEPS = 300
_MOST_VALUES = 60
_HIGHER = 1e-6  # than the maximum: more than rounding
_ON_TARGET = 1e-10  # relative, of the root of the fall
_CLOSED, _NEARLY = 1e-13, 1e-4  # a bracket no wider is closed, and has the root where rounding has it so near
_FURTHER = 4  # times as far from the estimate as the value before, at most


class Profile(NamedTuple):
    """What the profile of one parameter says: the interval's ends, and twice the fall from the maximum to zero.

    `is_higher` says whether it has met points higher than that maximum, which then is only the highest nearby.
    """

    lower: float
    upper: float
    chi2: float
    is_higher: bool


class _At(NamedTuple):
    """The profile at a value: the root of twice the fall, its slope away from the estimate, and where it is."""

    root: float
    slope: float
    point: PenalisedPoint


@dataclass
class _ProfileCurve:
    """The profile of ``held.rows[0] @ theta``."""

    likelihood: PenalisedLikelihood
    best: PenalisedPoint
    held: Held
    is_higher: bool = False

    @property
    def estimate(self) -> float:
        return float(self.held.rows[0] @ self.best.theta)

    @property
    def standard_error(self) -> float:
        row = self.held.rows[0]
        return sqrt(float(row @ self.best.information.solve(row)))

    def at(self, value: float, near: PenalisedPoint) -> _At | None:
        """The profile at a value, searched from a point; None where it cannot be computed."""
        found = _held_maximum(self.likelihood, near, self.held, np.array([value]))
        if found is None:
            return None
        point, row = found.point, self.held.rows[0]
        along = point.information.solve(row)
        fall = max(2 * (self.best.value - point.value), 0.0)
        self.is_higher |= bool(point.value > self.best.value + _HIGHER)
        steep = abs(float(along @ point.score / (along @ row)))
        return _At(sqrt(fall), steep / sqrt(fall) if fall > 0 else 1 / self.standard_error, point)

    def end(self, side: int, target: float) -> float:
        """Where the root of twice the fall reaches the target, below (-1) or above (1) the estimate.

        Infinite where it does not, as far as it can be computed. The root is nearly straight, so that Newton's method
        needs few values; the bracket that it is kept in always shrinks or moves on.
        """
        inner, outer, near = 0.0, inf, self.best
        step = target * self.standard_error
        for _ in range(_MOST_VALUES):
            found = self.at(self.estimate + side * step, near)
            if found is None and self.is_higher:
                break  # far out, and not on the way down
            if found is not None and abs(found.root - target) <= _ON_TARGET * target:
                return self.estimate + side * step
            if found is None or found.root > target:
                outer = step
            else:
                inner, near = step, found.point
            if outer - inner <= _CLOSED * step:
                is_there = found is not None and abs(found.root - target) <= _NEARLY * target
                return self.estimate + side * step if is_there else side * inf
            is_straight = found is not None and found.slope > 0 and found.root > 0
            following = step + (target - found.root) / found.slope if found is not None and is_straight else inf
            step = _between(following, inner, outer, _FURTHER * step)
        return side * inf


def _between(wanted: float, inner: float, outer: float, furthest: float) -> float:
    """The wanted step, if it is inside the bracket and no further than said; else the middle, or the furthest."""
    if np.isinf(outer):
        return wanted if inner < wanted <= furthest else furthest
    return wanted if inner < wanted < outer else (inner + outer) / 2


def profile(likelihood: PenalisedLikelihood, best: PenalisedPoint, row: Vector, level: float) -> Profile:
    """The interval of a level, and the test, of the parameter ``row @ theta``, from the maximum."""
    curve = _ProfileCurve(likelihood, best, Held(row[None, :]))
    target = sqrt(float(chdtri(1, 1 - level)))
    zero = curve.at(0.0, best)
    lower, upper = curve.end(-1, target), curve.end(1, target)
    return Profile(lower, upper, inf if zero is None else zero.root**2, curve.is_higher)


def null_value(likelihood: PenalisedLikelihood, best: PenalisedPoint) -> float:
    """The largest penalised likelihood with all features' coefficients held at zero."""
    m, k = likelihood.n_contrasts, likelihood.n_columns
    feature = np.tile(np.arange(k) >= likelihood.intercept, m)
    found = _held_maximum(likelihood, best, Held(np.eye(m * k)[feature]), np.zeros(int(feature.sum())))
    return -inf if found is None else found.point.value


def _held_maximum(likelihood: PenalisedLikelihood, near: PenalisedPoint, held: Held, values: Vector) -> Maximum | None:
    """The maximum where the functions have these values; from zero, if there the point near by tells too little."""
    start = likelihood.look(held.moved(near, values))
    if start is None and not values.any():
        start = likelihood.look(np.zeros_like(near.theta))
    if start is None:
        return None
    found = maximise(likelihood, start, held=held, tol=_EXACT, max_iter=_MOST_STEPS)
    return found if found.converged else None
