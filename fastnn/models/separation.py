"""Whether the classes are separated, so that the likelihood has no maximum: a proof either way.

The maximum-likelihood estimate exists unless some direction d keeps or raises the margin of every row over every
other class and raises one of them (Albert and Anderson 1984): *complete* separation where it raises all, else
*quasi-complete*. Fitted coefficients that put every row on its side are such a direction themselves.

That there is none follows by duality (Stiemke's lemma) from any positive weights u of the pairs (row, other class)
with ``sum of u (e_own - e_other) x' = 0``. At the maximum the fitted probabilities are such weights. Near it Newton's
step gives them: the probabilities, linearised along the step, satisfy the equation exactly, and so prove that the
estimate exists if they are positive. Where classes are separated they never can be, wherever the step starts:
Newton goes on by 1 in the direction of the separation, and the step itself tends to that direction.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np

from fastnn.models.likelihood import Curvature, Expansion, Likelihood, Vector

__all__ = ["NO_MAXIMUM", "Point", "Separation", "find_maximum", "look", "separation"]

Separation = Literal["complete", "quasi-complete", "none", "unknown"]

NO_MAXIMUM = (
    "The features separate the classes perfectly ({kind} separation): the likelihood has no maximum, some coefficients "
    "grow without limit, and where a fit stops depends on tol and max_iter alone. Use a penalty (a finite C), or leave "
    "out the features that tell the classes apart."
)

_MOST_STEPS = 30  # a separated direction grows by 1 a step, and a probability of exp(-30) is as good as 0
_FALL = 1e-6  # of the largest rise: a margin that falls by less is taken to stay
_AT_MAXIMUM = 1e-8  # standard errors


@dataclass(frozen=True)
class Point:
    """Contrasts theta (m, k) of standardised features, the likelihood there, and Newton's step (m * k,) from there."""

    theta: Vector
    expansion: Expansion
    curvature: Curvature
    step: Vector

    @property
    def distance(self) -> float:
        """From the maximum, in standard errors: Newton's decrement."""
        return sqrt(max(float(np.vdot(self.step, self.expansion.score)), 0.0))


def look(likelihood: Likelihood, theta: Vector) -> Point:
    """What the likelihood is like at theta (m, k)."""
    expansion = likelihood.expand(theta)
    curvature = Curvature(expansion.information)
    return Point(theta, expansion, curvature, curvature.solve(expansion.score))


def separation(likelihood: Likelihood, point: Point) -> tuple[Separation, Point]:
    """Whether the classes are separated, and where Newton's method was when it was known.

    "none" is a proof that the maximum exists; "unknown" the answer where the method did not get near one.
    """
    for _ in range(_MOST_STEPS):
        if point.expansion.smallest_margin > 0:
            return "complete", point
        if point.curvature.rank < _rank(likelihood, point.curvature):  # the weights of rows have vanished
            return "quasi-complete", point
        lowest, fall, rise = likelihood.along(point.theta, point.step.reshape(point.theta.shape))
        if lowest > 0:
            return "none", point
        if fall >= -_FALL * rise:
            return ("quasi-complete" if fall <= _FALL * rise else "complete"), point
        point = _newton_step(likelihood, point)
    return "unknown", point


def find_maximum(likelihood: Likelihood, point: Point) -> Point:
    """Go on by Newton's method from near the maximum, until rounding decides."""
    while point.distance > _AT_MAXIMUM:
        there = _newton_step(likelihood, point)
        if there.distance > point.distance / 2:
            break
        point = there
    return point


def _rank(likelihood: Likelihood, curvature: Curvature) -> int:
    """The rank that the information has where no row's weight has vanished."""
    if curvature.rank == likelihood.n_contrasts * likelihood.n_columns:
        return curvature.rank  # spares a pass over the rows
    return Curvature(likelihood.gram()).rank * likelihood.n_contrasts


def _newton_step(likelihood: Likelihood, point: Point) -> Point:
    """The next point, the step halved until the likelihood rises."""
    step = point.step.reshape(point.theta.shape)
    least = point.expansion.value - 1e-12 * abs(point.expansion.value)  # its own rounding
    for halvings in range(_MOST_STEPS):
        there = look(likelihood, point.theta + step / 2**halvings)
        if there.expansion.value >= least:
            break
    return there
