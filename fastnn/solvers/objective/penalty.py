"""A penalty and bounds that act on every coefficient by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn.solvers.objective.types import Vector

__all__ = ["Separable"]


@dataclass(frozen=True)
class Separable:
    """``sum of l1 |w| + l2 w**2 / 2`` with ``lower <= w <= upper``.

    Attributes
    ----------
    table : ndarray (4, c), float64
        l1, l2, lower and upper of every coefficient.
    """

    table: NDArray[np.float64]

    @classmethod
    def of(
        cls, count: int, l1: ArrayLike = 0.0, l2: ArrayLike = 0.0, lower: ArrayLike = -np.inf, upper: ArrayLike = np.inf
    ) -> Separable:
        """From numbers or arrays (count,)."""
        return cls(np.stack([np.broadcast_to(np.asarray(row, np.float64), count) for row in (l1, l2, lower, upper)]))

    def __len__(self) -> int:
        return int(self.table.shape[1])

    def only(self, coordinates: NDArray[np.intp]) -> Separable:
        """The penalty of some of the coefficients."""
        return Separable(np.ascontiguousarray(self.table[:, coordinates]))

    def without_less(self, l1: Vector, l2: Vector) -> Separable:
        """Without the penalties of those coefficients for which both are less than these (c,); bounds stay."""
        keep = (self.table[0] >= l1) | (self.table[1] >= l2)
        return Separable(np.concatenate([np.where(keep, self.table[:2], 0.0), self.table[2:]]))

    @property
    def free(self) -> NDArray[np.bool_]:
        """Which coefficients (c,) have neither a penalty nor a bound."""
        l1, l2, lower, upper = self.table
        free: NDArray[np.bool_] = (l1 == 0) & (l2 == 0) & np.isneginf(lower) & np.isposinf(upper)
        return free

    @property
    def is_bounded(self) -> bool:
        """Whether every direction has a penalty or ends at a bound."""
        l1, l2, lower, upper = self.table
        return bool(((l1 > 0) | (l2 > 0) | (np.isfinite(lower) & np.isfinite(upper))).all())

    def value(self, w: Vector) -> float:
        """The penalty of w (c,), which is between the bounds."""
        l1, l2 = self.table[:2]
        return float((l1 * np.abs(w) + l2 * w * w / 2).sum())

    def within(self, w: Vector) -> Vector:
        """The point between the bounds that is nearest to w (c,)."""
        clipped: Vector = np.clip(w, self.table[2], self.table[3])
        return clipped

    def centred(self, w: Vector, outputs: int) -> Vector:
        """The w (c,) that means the same to a softmax and sums to zero over the classes where all of them are free.

        It does not change where the same is added to all classes.
        """
        if outputs == 1:
            return w
        by_class = w.reshape(-1, outputs)
        free = self.free.reshape(-1, outputs).all(axis=1, keepdims=True)
        moved: Vector = by_class - np.where(free, by_class.mean(axis=1, keepdims=True), 0.0)
        return moved.ravel()

    def excess(self, w: Vector, d_w: Vector) -> Vector:
        """How far each partial derivative d_w (c,) of the loss is from where the penalty can hold it.

        The size of the smallest subgradient; zero everywhere is the condition of Karush, Kuhn and Tucker.
        """
        l1, l2, lower, upper = self.table
        slope = d_w + l2 * w
        slope = np.where(w == 0, np.copysign(np.maximum(np.abs(slope) - l1, 0), slope), slope + np.copysign(l1, w))
        held = ((w <= lower) & (slope > 0)) | ((w >= upper) & (slope < 0))
        return np.where(held, 0.0, np.abs(slope))

    def feasible_share(self, d_w: Vector) -> float:
        """The largest factor up to 1 with which -d_w (c,) lies where `conjugate` is finite, free ones left out."""
        l1, l2, lower, upper = self.table
        endless = np.where(d_w < 0, np.isposinf(upper), np.isneginf(lower))
        limited = (l1 > 0) & (l2 == 0) & endless & (np.abs(d_w) > l1)
        return float((l1[limited] / np.abs(d_w[limited])).min(initial=1.0))

    def conjugate(self, v: Vector) -> float:
        """The sum over coefficients of the supremum over w of ``v w - penalty(w)``.

        Where it would be infinite, in a direction without penalty and bound, it counts as zero.
        """
        l1, l2, lower, upper = self.table
        beyond = np.copysign(np.maximum(np.abs(v) - l1, 0), v)
        bound = np.where(beyond > 0, upper, lower)
        with np.errstate(divide="ignore", invalid="ignore"):
            best = np.where(l2 > 0, np.clip(beyond / l2, lower, upper), bound)
        best = np.where((beyond == 0) | np.isinf(best), 0.0, best)
        best = np.clip(best, lower, upper)  # the bounds may exclude 0
        return float((v * best - l1 * np.abs(best) - l2 * best * best / 2).sum())
