"""Roots, as bodies over `Real`."""

from __future__ import annotations

from fastnn.kernels.jit.functions.expressions import Real

__all__ = ["sqrt", "sqrt_slope"]


def sqrt(x: Real) -> Real:
    return x.call("llvm.sqrt")


def sqrt_slope(x: Real, value: Real) -> Real:
    return 0.5 / value
