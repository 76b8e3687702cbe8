"""log and its relatives, as bodies over `Real`.

With s = f / (2 + f): log(1 + f) = 2 s + s^3 rest(s^2) = f - s (f - s^2 rest(s^2)); the division's
error enters only through the small second term.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from fastnn.kernels.jit.functions.expressions import Real, fma, polynomial, select

__all__ = ["log", "log1p", "log1p_slope", "log_slope"]


class Binary(NamedTuple):
    """x = 2^e m with m in [sqrt(1/2), sqrt(2))."""

    e: Real
    m: Real
    inverse: Real  # 2^-e, wrong for the largest e


def binary(x: Real) -> Binary:
    """For a positive normal number."""
    form = x.format
    sqrt_half = x.constant(math.sqrt(0.5)).bits()
    exponent = (x.bits() + (form.one - sqrt_half)) >> form.mantissa
    shift = (exponent << form.mantissa) - form.one
    e = (exponent | x.constant(form.whole).bits()).as_real() - (form.whole + form.bias)
    return Binary(e, (x.bits() - shift).as_real(), (form.one - shift).as_real())


def normal_binary(x: Real) -> Binary:
    """For a positive number; `inverse` is of no use where it is subnormal."""
    form = x.format
    subnormal = x < form.smallest
    part = binary(select(subnormal, x * form.whole, x))
    return Binary(select(subnormal, part.e - float(form.mantissa), part.e), part.m, part.inverse)


def log_tail(f: Real) -> Real:
    """log(1 + f) - f."""
    s = f / (2.0 + f)
    square = s * s
    return -s * fma(-square, polynomial(square, f.format.polynomials.log), f)


def log_of_parts(e: Real, f: Real) -> Real:
    """log(2^e (1 + f))."""
    low = fma(e, e.format.ln2_low, log_tail(f))
    return fma(e, e.format.ln2_high, f + low)


def or_limit(u: Real, logarithm: Real) -> Real:
    """What a logarithm of u is, also where u is not a positive finite number."""
    limit = select(u.equals(0.0), u.constant(-math.inf), u.constant(math.nan))
    return select(u > 0.0, select(u < math.inf, logarithm, u), limit)


def log(x: Real) -> Real:
    part = normal_binary(x)
    return or_limit(x, log_of_parts(part.e, part.m - 1.0))


def log1p(x: Real) -> Real:
    """The logarithm of 1 + x, from 2^-e (1 + x) - 1, made from x and not from the rounded 1 + x."""
    u = 1.0 + x
    part = binary(u)
    f = fma(x, part.inverse, part.inverse - 1.0)
    # where 2^-e may be wrong, x is too large for 1 to count
    return or_limit(u, log_of_parts(part.e, select(x > 2.0**60, part.m - 1.0, f))).copysign(x)


def log_slope(x: Real, value: Real) -> Real:
    return 1.0 / x


def log1p_slope(x: Real, value: Real) -> Real:
    return 1.0 / (1.0 + x)
