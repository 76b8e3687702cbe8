"""Choices among numbers and steps, as bodies over `Real`."""

from __future__ import annotations

from fastnn.kernels.jit.functions.expressions import Real, Truth, select


def maximum(x: Real, y: Real) -> Real:
    """The larger one; a NaN if one is, as in NumPy."""
    return select((x >= y) | x.is_nan(), x, y)


def minimum(x: Real, y: Real) -> Real:
    return select((x <= y) | x.is_nan(), x, y)


def fmax(x: Real, y: Real) -> Real:
    """The larger one; the other one if one is NaN."""
    return select((x >= y) | y.is_nan(), x, y)


def fmin(x: Real, y: Real) -> Real:
    return select((x <= y) | y.is_nan(), x, y)


def _share(first: Truth, second: Truth, like: Real) -> Real:
    """1 for the one that is chosen, half for each of two equal ones."""
    return select(first, like.constant(1.0), select(second, like.constant(0.0), 0.5))


def maximum_slope(x: Real, y: Real, value: Real) -> Real:
    return _share(x > y, x < y, x)


def maximum_second_slope(x: Real, y: Real, value: Real) -> Real:
    return _share(y > x, y < x, x)


def minimum_slope(x: Real, y: Real, value: Real) -> Real:
    return _share(x < y, x > y, x)


def minimum_second_slope(x: Real, y: Real, value: Real) -> Real:
    return _share(y < x, y > x, x)


def fabs(x: Real) -> Real:
    return abs(x)


def copysign(size: Real, sign_of: Real) -> Real:
    return size.copysign(sign_of)


def floor(x: Real) -> Real:
    return x.call("llvm.floor")


def ceil(x: Real) -> Real:
    return x.call("llvm.ceil")


def trunc(x: Real) -> Real:
    return x.call("llvm.trunc")


def rint(x: Real) -> Real:
    """The nearest whole number; of two, the even one."""
    return x.call("llvm.rint")


def sign(x: Real) -> Real:
    """-1, 0 or 1; a NaN stays."""
    return select(x > 0.0, 1.0, select(x < 0.0, -1.0, select(x.equals(0.0), 0.0, x)))


def no_slope(x: Real, value: Real) -> Real:
    """Of a function of steps."""
    return x.constant(0.0)


def fabs_slope(x: Real, value: Real) -> Real:
    return sign(x)


def copysign_slope(x: Real, y: Real, value: Real) -> Real:
    return sign(x) * x.constant(1.0).copysign(y)


def copysign_second_slope(x: Real, y: Real, value: Real) -> Real:
    return x.constant(0.0)


def isnan(x: Real) -> Truth:
    return x.is_nan()


def isinf(x: Real) -> Truth:
    return abs(x).equals(x.format.infinity)


def isfinite(x: Real) -> Truth:
    return x.is_finite()


def signbit(x: Real) -> Truth:
    return x.bits().is_negative()
