"""Whether the classes are separated, so that the likelihood has no maximum: a proof either way.

The maximum-likelihood estimate exists unless some direction d keeps or raises the margin of every row over every
other class and raises one of them (Albert and Anderson 1984): *complete* separation where it raises all, else
*quasi-complete*. Fitted coefficients that put every row on its side are such a direction themselves.

That there is none follows by duality (Stiemke's lemma) from any positive weights u of the pairs (row, other class)
with ``sum of u (e_own - e_other) x' = 0``. At the maximum the fitted probabilities are such weights. Near it Newton's
step gives them: the probabilities, linearised along the step, satisfy the equation up to rounding, and what that leaves
is less than the weights themselves. An ordinary fit is decided so, by one more pass over the rows. Where classes are
separated the weights cannot be positive in theory, but one that is zero may be 1e-16 in a computer: therefore they must
be positive by far. Where neither proof succeeds, linear programs decide (`directions`), wherever the fit has stopped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np

from fastnn.models.logistic.inference.directions import Mask, Pairs, separable_pairs
from fastnn.models.logistic.inference.exact_directions import exact_features, exactly_separable_pairs
from fastnn.models.logistic.inference.likelihood import Curvature, Expansion, Likelihood, Vector
from fastnn.models.logistic.inference.separating_columns import separating_features

__all__ = [
    "Finding",
    "LikelihoodPoint",
    "Separation",
    "find_maximum",
    "look",
    "no_maximum",
    "of_large_model",
    "separation",
]

Separation = Literal["complete", "quasi-complete", "none", "unknown"]

NO_MAXIMUM = (
    "The features separate the classes perfectly ({kind} separation): the likelihood has no maximum, some coefficients "
    "grow without limit, and where a fit stops depends on tol and max_iter alone. Use a penalty (a finite C), or leave "
    "out the features that tell the classes apart: {columns}."
)

_NAMED = 10
_MOST_STEPS = 8  # before linear programs are quicker
_MOST_STEPS_TO_MAXIMUM = 200  # an outlier that a step brings nearer by 1, as it does, may be 50 away
_MOST_HALVINGS = 30
_BY_FAR = 0.5  # of a fitted probability: a linearised one that is as large is positive, whatever the rounding
_BALANCED = 1e-11  # of the terms: what rounding may leave of their sum
_ROUNDING = 1e-12  # of the log-likelihood
_AT_MAXIMUM = 1e-8  # standard errors


@dataclass(frozen=True)
class Finding:
    """Whether classes are separated, and the features, by number, that do it: empty for the intercept, or for none.

    "none" is a proof that the maximum exists, and "unknown" the answer where rounding, or the size, hides it.
    """

    kind: Separation
    features: tuple[int, ...] = ()

    @property
    def is_separated(self) -> bool:
        """Whether it is proved that the classes are separated, completely or but for ties."""
        return self.kind in ("complete", "quasi-complete")


@dataclass(frozen=True)
class LikelihoodPoint:
    """Contrasts theta (m, k) of standardised features, the likelihood there, and Newton's step (m * k,) from there."""

    theta: Vector
    expansion: Expansion
    curvature: Curvature
    step: Vector

    @property
    def distance(self) -> float:
        """From the maximum, in standard errors: Newton's decrement."""
        return sqrt(max(float(np.vdot(self.step, self.expansion.score)), 0.0))


def no_maximum(finding: Finding, names: Sequence[str]) -> str:
    """What to tell people who have separated classes and features of these names."""
    found = [names[j] for j in finding.features] or ["(intercept)"]
    columns = ", ".join(found[:_NAMED]) + (f" and {len(found) - _NAMED} more" if len(found) > _NAMED else "")
    return NO_MAXIMUM.format(kind=finding.kind, columns=columns)


def look(likelihood: Likelihood, theta: Vector) -> LikelihoodPoint:
    """What the likelihood is like at theta (m, k)."""
    expansion = likelihood.expand(theta)
    curvature = Curvature(expansion.information)
    return LikelihoodPoint(theta, expansion, curvature, curvature.solve(expansion.score))


def separation(likelihood: Likelihood, point: LikelihoodPoint) -> tuple[Finding, LikelihoodPoint]:
    """Whether the classes are separated, and where Newton's method was when it was known."""
    for _ in range(_MOST_STEPS):
        if point.expansion.smallest_margin > 0 or not np.isfinite(point.expansion.value):
            break
        if _has_maximum(likelihood, point):
            return Finding("none"), point
        there = _newton_step(likelihood, point)
        if not there.distance < point.distance / 2:  # not near a maximum: where classes are separated it never is
            break
        point = there
    finding = _by_direction(likelihood, point.theta)
    return finding, _settled(likelihood, point) if finding.kind == "none" else point


def of_large_model(likelihood: Likelihood, theta: Vector) -> Finding:
    """Whether contrasts theta (m, k) put every row on its side; else nothing is known.

    The features are those of `separating_features` if the programs for it are small, else all, the largest first.
    """
    if not (np.isfinite(theta).all() and _is_right_in_every_row(likelihood, theta)):
        return Finding("unknown")
    pairs = Pairs(likelihood, theta)
    return Finding("complete", _features(pairs, pairs.others, theta))


def find_maximum(likelihood: Likelihood, point: LikelihoodPoint) -> LikelihoodPoint:
    """Go on by Newton's method to a maximum that exists, until rounding decides."""
    for _ in range(_MOST_STEPS_TO_MAXIMUM):
        if point.distance <= _AT_MAXIMUM:
            break
        there = _newton_step(likelihood, point)
        rise = there.expansion.value - point.expansion.value
        if there.distance > point.distance / 2 and rise <= _ROUNDING * abs(point.expansion.value):
            break
        point = there
    return point


def _settled(likelihood: Likelihood, point: LikelihoodPoint) -> LikelihoodPoint:
    """From a point, or from zero where that is better, to one from which Newton's step halves no probability.

    Near an outlier's own border the distance and what a step gains are tiny, though the maximum is 50 steps away.
    """
    zero = look(likelihood, np.zeros_like(point.theta))
    if not (point.expansion.value >= zero.expansion.value and point.curvature.rank >= zero.curvature.rank):
        point = zero  # a fit that is lost may have weights of zero
    nothing = np.zeros(0, np.intp)
    for _ in range(_MOST_STEPS_TO_MAXIMUM):
        if likelihood.along(point.theta, point.step.reshape(point.theta.shape), nothing).lowest > _BY_FAR:
            break
        point = _newton_step(likelihood, point)
    return point


def _has_maximum(likelihood: Likelihood, point: LikelihoodPoint) -> bool:
    """Whether the probabilities, linearised along Newton's step, prove that the likelihood has a maximum."""
    if _has_lost_rows(likelihood, point):
        return False
    dependent = np.unique(point.curvature.dependent % likelihood.n_columns)  # of them the change below says nothing
    weights = likelihood.along(point.theta, point.step.reshape(point.theta.shape), dependent)
    if not (weights.lowest > _BY_FAR and (np.abs(weights.rest) <= _BALANCED * weights.mass).all()):
        return False
    # Another step would restore the balance, and change no weight by more than this, relatively.
    change = float(np.vdot(weights.rest, point.curvature.solve(weights.rest)))
    return change < (weights.lowest / 2) ** 2 * weights.least


def _has_lost_rows(likelihood: Likelihood, point: LikelihoodPoint) -> bool:
    """Whether the information has a lower rank than where all rows count, because weights are rounded to zero."""
    if point.curvature.rank == point.theta.size:
        return False  # spares a pass over the rows
    return point.curvature.rank < look(likelihood, np.zeros_like(point.theta)).curvature.rank


def _by_direction(likelihood: Likelihood, theta: Vector) -> Finding:
    """By coefficients that are right in every row, or by linear programs."""
    if not np.isfinite(theta).all():
        theta = np.zeros_like(theta)
    pairs = Pairs(likelihood, theta)
    separable = pairs.others if _is_right_in_every_row(likelihood, theta) else separable_pairs(pairs)
    if separable is None:
        separable = exactly_separable_pairs(likelihood)
    if separable is None:
        return Finding("unknown")
    if not separable.any():
        return Finding("none")
    kind: Separation = "complete" if (separable == pairs.others).all() else "quasi-complete"
    return Finding(kind, _features(pairs, separable, theta))


def _features(pairs: Pairs, separable: Mask, theta: Vector) -> tuple[int, ...]:
    features = separating_features(pairs, separable)
    if features is None:
        features = exact_features(pairs.likelihood)
    if features is None:
        size = np.abs(theta[:, int(pairs.likelihood.intercept) :]).max(axis=0, initial=0)
        features = np.argsort(-size, kind="stable")[: np.count_nonzero(size)]
    return tuple(int(j) for j in features)


def _is_right_in_every_row(likelihood: Likelihood, theta: Vector) -> bool:
    """Whether every margin along theta (m, k) is positive, and not by rounding."""
    rounding = 4 * (theta.shape[1] + 4) * np.finfo(np.float64).eps
    blocks = likelihood.margins(theta[None])
    return all((margin > rounding * terms)[0, ~is_own].all() for _, is_own, margin, terms in blocks)


def _newton_step(likelihood: Likelihood, point: LikelihoodPoint) -> LikelihoodPoint:
    """The next point, the step halved until the likelihood rises."""
    step = point.step.reshape(point.theta.shape)
    least = point.expansion.value - _ROUNDING * abs(point.expansion.value)
    for halvings in range(_MOST_HALVINGS):
        there = look(likelihood, point.theta + step / 2**halvings)
        if there.expansion.value >= least:
            break
    return there
