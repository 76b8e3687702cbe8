"""The history of L-BFGS: the last steps and changes of the gradient, for the two-loop recursion (Nocedal 1980)."""

from __future__ import annotations

import numpy as np

from fastnn.kernels.select import native
from fastnn.solvers.objective.types import Vector
from fastnn.solvers.objective.vectors import dot
from fastnn.solvers.preconditioner.preconditioners import Preconditioner

__all__ = ["LbfgsHistory"]

_FLAT = 1e-14  # of |s| |y|: a curvature that is only rounding


class LbfgsHistory:
    """Corrects a preconditioner by the last `size` steps.

    Parameters
    ----------
    size : int
    rescale : bool, default=False
        Whether the preconditioner is first scaled by what the last step measured: for those whose size is a guess.
    """

    def __init__(self, size: int, rescale: bool = False) -> None:
        self._size, self._rescale = size, rescale
        self._newest = self._count = 0
        self._steps = self._changes = np.empty((0, 0))  # rings of vectors (size, p)
        self._curvatures, self._factors = np.empty(size), np.empty(size)

    def __bool__(self) -> bool:
        return self._count > 0

    def clear(self) -> None:
        """Forget all steps."""
        self._count = 0

    def add(self, step: Vector, change: Vector) -> None:
        """Remember a step and the change of the gradient; not where the function is flat along it."""
        curvature = dot(step, change)
        if not curvature > _FLAT * (dot(step, step) * dot(change, change)) ** 0.5:
            return
        if not self._steps.size:
            self._steps, self._changes = np.empty((2, self._size, len(step)))
        self._newest = (self._newest + 1) % self._size
        self._count = min(self._count + 1, self._size)
        self._steps[self._newest], self._changes[self._newest] = step, change
        self._curvatures[self._newest] = curvature

    def solve(self, preconditioner: Preconditioner, vector: Vector) -> Vector:
        """The corrected preconditioner's answer to a vector (p,), by the two-loop recursion."""
        if not self:
            return preconditioner.solve(vector)
        pairs = (self._steps, self._changes, self._curvatures, self._newest, self._count, self._factors)
        q = vector.copy()
        native.memory_backward(*pairs, q)
        r = preconditioner.solve(q)
        if self._rescale:
            change = self._changes[self._newest]
            r *= self._curvatures[self._newest] / dot(change, preconditioner.solve(change))
        native.memory_forward(*pairs, r)
        return r
