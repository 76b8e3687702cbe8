"""Sums over vectors of parameters."""

from __future__ import annotations

from fastnn.kernels.select import native
from fastnn.solvers.objective.types import Vector

__all__ = ["dot"]


def dot(a: Vector, b: Vector) -> float:
    """The inner product, summed in an order that no BLAS and no number of threads decides."""
    product: float = native.dot(a, b)
    return product
