"""The two loops by which L-BFGS corrects a metric (Nocedal 1980), over rings of its last steps."""

from __future__ import annotations

import numpy as np

from fastnn.kernels.contract import Array

__all__ = ["dot", "memory_backward", "memory_forward"]


def dot(a: Array, b: Array) -> float:
    """The inner product of two vectors (p,), by no BLAS, whose threads would decide the order."""
    return float(np.einsum("p,p->", a, b))


def memory_backward(
    steps: Array, changes: Array, curvatures: Array, newest: int, count: int, factors: Array, vector: Array
) -> None:
    """Take the changes of the gradient (size, p) out of vector (p,), from the newest pair to the oldest.

    Before the metric's inverse is applied; the factors (size,) are for `memory_forward`.
    """
    for k in _ages(newest, count, len(steps)):
        factors[k] = dot(steps[k], vector) / curvatures[k]
        vector -= factors[k] * changes[k]


def memory_forward(
    steps: Array, changes: Array, curvatures: Array, newest: int, count: int, factors: Array, vector: Array
) -> None:
    """Put the steps (size, p) into vector (p,), from the oldest pair to the newest."""
    for k in reversed(_ages(newest, count, len(steps))):
        vector += (factors[k] - dot(changes[k], vector) / curvatures[k]) * steps[k]


def _ages(newest: int, count: int, size: int) -> list[int]:
    """Places in the ring, the newest pair's first."""
    return [(newest - age) % size for age in range(count)]
