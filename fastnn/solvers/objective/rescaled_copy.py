"""A centred and scaled copy of X, where the passes cannot work with its columns as they are, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from fastnn.solvers.objective.coordinates import weights_and_biases
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.objective.scales import Scales
from fastnn.solvers.objective.types import Vector

__all__ = ["RescaledCopy", "intercept_at_zero"]

# Deviations from zero, times the root of the rounding, beyond which second derivatives lose their last digits: 290 in
# float32, 6.7e6 in float64.
_FAR = 0.1
# Of deviations, as powers of ten: squares of what is outside overflow or lose digits.
_HELD = {True: (-15, 15), False: (-140, 140)}
_COARSE = 1e-3  # of a deviation: an intercept that is rounded so raises the loss by some 1e-7
_HUGE = 1e300  # no penalty need be larger: it holds a coefficient at zero
_ROUGH = 1e3  # times the intercept: terms below that have rounding which no loss can see


@dataclass(frozen=True)
class RescaledCopy:
    """A problem over a copy of X with columns ``(x - centre) * factor``; where none is needed, the problem itself.

    Attributes
    ----------
    objective : LogisticObjective
    centre : ndarray (i,), optional
        None where there is no copy.
    factor : ndarray (i,), optional
        Powers of two, which round nothing.
    coarse : tuple of int
        The user's columns that lie so far from zero that X's dtype resolves little of their deviation, however the
        passes compute.
    """

    objective: LogisticObjective
    centre: Vector | None
    factor: Vector | None
    coarse: tuple[int, ...] = ()

    @classmethod
    def of(cls, objective: LogisticObjective, scales: Scales) -> RescaledCopy:
        """What the passes can work with."""
        centre, factor = np.zeros(len(scales.deviation)), _factors(objective, scales)
        coarse: tuple[int, ...] = ()
        if scales.centre.any():
            steps = np.spacing(np.abs(scales.centre).astype(objective.x.dtype)).astype(np.float64)
            coarse = tuple(map(int, np.flatnonzero((scales.centre != 0) & (steps > _COARSE * scales.deviation))))
            if isinstance(objective.x, np.ndarray):  # sparse rows are computed in float64, and stay sparse
                centre = np.where(scales.far > _limit(objective), scales.centre, 0.0)
        if factor is None and not centre.any():
            return cls(objective, None, None, coarse)
        factor = np.ones(len(centre)) if factor is None else factor
        with np.errstate(over="ignore"):
            strength = objective.strength * np.minimum(_per_parameter(factor, objective) ** 2, _HUGE)
            other = objective.with_features(_copied(objective.x, centre, factor), np.minimum(strength, _HUGE))
        return cls(other, centre, factor, coarse)

    @classmethod
    def for_penalty(cls, objective: LogisticObjective, penalty: Separable, steps: Sequence[int] = ()) -> RescaledCopy:
        """What the passes can work with under any penalty, which decides whether an intercept makes up for a shift."""
        if not isinstance(objective.x, np.ndarray) and _is_held(objective.x.data):
            return cls(objective, None, None)
        is_free = bool(penalty.free[-objective.outputs :].all())
        return cls.of(objective, objective.scales(steps, can_shift=is_free))

    @property
    def is_copied(self) -> bool:
        """Whether X had to be copied."""
        return self.factor is not None

    def from_user(self, user: Vector) -> Vector:
        """Params (p,) of this problem, from w and b."""
        if self.centre is None or self.factor is None:
            return user
        params = user / _per_parameter(self.factor, self.objective)
        if self.centre.any():
            w, b = weights_and_biases(user, self.objective.outputs)
            weights_and_biases(params, self.objective.outputs)[1][:] = b + np.einsum("j,jo->o", self.centre, w)
        return params

    def to_user(self, scaled: LogisticObjective, params: Vector) -> Vector:
        """w and b in float64, but numbers of X's dtype, from params (p,) of this problem in other coordinates.

        The intercept is the best one for coefficients that are already rounded: of a feature that is a million
        deviations from zero, the rounding of its coefficient alone would move every z.
        """
        coordinates, dtype = scaled.coordinates, self.objective.x.dtype
        here: Vector = params / coordinates.unit
        user = here if self.factor is None else here * _per_parameter(self.factor, self.objective)
        user = user if dtype == np.float64 else user.astype(dtype).astype(np.float64)
        centre = self._centre_with(coordinates.centre)
        if centre is not None and centre.any():
            at_centre = weights_and_biases(here, self.objective.outputs)[1].copy()
            w, b = weights_and_biases(user, self.objective.outputs)
            for k in range(len(b)):
                b[k] = dtype.type(intercept_at_zero(at_centre[k], centre, w[:, k]))
        return user

    def _centre_with(self, centre: Vector | None) -> Vector | None:
        """Add to this centre another one, of the copied columns; the sum is by the user's features."""
        if centre is None or self.centre is None or self.factor is None:
            return self.centre if centre is None else centre
        return self.centre + centre / self.factor

    def penalty(self, penalty: Separable) -> Separable:
        """The penalty and bounds (p,) of w and b as those of this problem's params."""
        if self.factor is None or (self.factor == 1).all():
            return penalty
        by = _per_parameter(self.factor, self.objective)
        l1, l2, lower, upper = penalty.table
        strengths = np.minimum(l1 * np.minimum(by, _HUGE), _HUGE), np.minimum(l2 * np.minimum(by**2, _HUGE), _HUGE)
        return Separable.of(len(by), *strengths, lower / by, upper / by)


def intercept_at_zero(at_centre: float, centre: Vector, w: Vector) -> float:
    """``at_centre - centre @ w``, rounded once where its terms are so large that their rounding would be seen."""
    terms = centre * w
    if np.abs(terms).max(initial=0.0) <= _ROUGH * max(abs(at_centre), 1.0):
        return float(at_centre - terms.sum())
    if not np.isfinite(terms).all():
        return float("nan")
    moved = np.flatnonzero(terms)
    return float(Fraction(at_centre) - sum(Fraction(centre[j]) * Fraction(w[j]) for j in moved))


def _is_held(elements: Vector) -> bool:
    """Whether the largest number is neither so large nor so small that its square may not be held by float64."""
    low, high = (10.0**power for power in _HELD[False])
    largest = max(elements.max(initial=0.0), -elements.min(initial=0.0))
    return bool(low <= largest <= high or largest == 0)


def _limit(objective: LogisticObjective) -> float:
    eps = np.finfo(np.float32 if objective.computes_in_float32 else np.float64).eps
    return float(_FAR / np.sqrt(eps))


def _factors(objective: LogisticObjective, scales: Scales) -> Vector | None:
    """Powers of two (i,), one where a column's size needs none; None if no column needs any."""
    low, high = (10.0**power for power in _HELD[objective.computes_in_float32])
    size = scales.deviation
    if size.max(initial=0.0) <= high and size.min(initial=1.0) >= low:
        return None
    lost = (size > high) | ((size < low) & ((size > 0) | (scales.means != 0))) | ~np.isfinite(size)
    largest = _largest(objective.x) if lost.any() else size
    if not lost.any() or not np.isfinite(largest).all():
        return None
    factor, moved = np.ones(len(size)), lost & (largest > 0)
    factor[moved] = np.ldexp(1.0, -np.frexp(largest[moved])[1])
    return factor


def _largest(x: Any) -> Vector:
    """The largest magnitude in each column (i,)."""
    if isinstance(x, np.ndarray):
        of_each: Vector = np.maximum(x.max(axis=0), -x.min(axis=0)).astype(np.float64)
        return of_each
    largest: Vector = abs(x).max(axis=0).toarray().ravel().astype(np.float64)
    return largest


def _copied(x: Any, centre: Vector, factor: Vector) -> Any:
    """The columns ``(x - centre) * factor`` in X's form and dtype; only a dense X has a centre."""
    if isinstance(x, np.ndarray):
        copied = np.subtract(x, centre.astype(x.dtype))
        copied *= factor  # in float64, where float32 does not hold the factor
        return copied
    copied = x.copy()
    copied.data = (x.data * _of_elements(x, factor)).astype(x.dtype)
    return copied


def _of_elements(x: Any, by_column: Vector) -> Vector:
    """The number that belongs to the column of each element that a sparse matrix stores."""
    found: Vector = np.repeat(by_column, np.diff(x.indptr)) if x.format == "csc" else by_column[x.indices]
    return found


def _per_parameter(by_feature: Vector, objective: LogisticObjective) -> Vector:
    """The number that belongs to the feature of every parameter (p,), and one for an intercept."""
    return np.repeat(np.append(by_feature, [1.0] * objective.fit_intercept), objective.outputs)
