"""The memory of L-BFGS (Nocedal 1980): steps, and how the gradient changed over them."""

from __future__ import annotations

from collections import deque

from fastnn.solvers.metric import Metric, dot
from fastnn.solvers.objective import Vector

__all__ = ["Memory"]

_FLAT = 1e-14  # of |s| |y|: a curvature that is only rounding


class Memory:
    """Corrects a metric by the last `size` steps.

    Parameters
    ----------
    size : int
    rescale : bool, default=False
        Whether the metric is first scaled by what the last step measured: for metrics whose size is
        a guess.
    """

    def __init__(self, size: int, rescale: bool = False) -> None:
        self._pairs: deque[tuple[Vector, Vector, float]] = deque(maxlen=size)
        self._rescale = rescale

    def __bool__(self) -> bool:
        return bool(self._pairs)

    def clear(self) -> None:
        """Forget all steps."""
        self._pairs.clear()

    def add(self, step: Vector, change: Vector) -> None:
        """Remember a step and the change of the gradient; not where the function is flat along it."""
        curvature = dot(step, change)
        if curvature > _FLAT * (dot(step, step) * dot(change, change)) ** 0.5:
            self._pairs.append((step, change, curvature))

    def solve(self, metric: Metric, vector: Vector) -> Vector:
        """The corrected metric's inverse times a vector (p,), by the two-loop recursion."""
        if not self._pairs:
            return metric.solve(vector)
        q = vector.copy()
        factors = []
        for step, change, curvature in reversed(self._pairs):
            factor = dot(step, q) / curvature
            q -= factor * change
            factors.append(factor)
        r = metric.solve(q)
        if self._rescale:
            _, change, curvature = self._pairs[-1]
            r *= curvature / dot(change, metric.solve(change))
        for (step, change, curvature), factor in zip(self._pairs, reversed(factors), strict=True):
            r += (factor - dot(change, r) / curvature) * step
        return r
