"""log and its relatives, as bodies over `Real`.

With s = f / (2 + f): log(1 + f) = 2 s + s^3 rest(s^2) = f - s (f - s^2 rest(s^2)); the division's
error enters only through the small second term.
"""

from __future__ import annotations

import math
from fractions import Fraction

from fastnn.kernels.jit.functions.binary import binary, normal_binary
from fastnn.kernels.jit.functions.exponentials import exp, sigmoid
from fastnn.kernels.jit.functions.expressions import (
    Real,
    Truth,
    exact_product,
    fma,
    polynomial,
    select,
    sorted_sum,
)
from fastnn.kernels.jit.functions.formats import LOG2_E, LOG10_2, LOG10_E
from fastnn.kernels.jit.functions.roots import sqrt

__all__ = ["log", "log1p", "log1p_slope", "log_slope"]


def log_tail(f: Real) -> Real:
    """log(1 + f) - f."""
    s = f / (2.0 + f)
    square = s * s
    return -s * fma(-square, polynomial(square, f.format.polynomials.log), f)


def log_of_parts(e: Real, f: Real) -> Real:
    """log(2^e (1 + f))."""
    return fma(e, e.format.ln2_high, f + fma(e, e.format.ln2_low, log_tail(f)))


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


def log2(x: Real) -> Real:
    return scaled_log(x, LOG2_E, (1.0, 0.0))


def log10(x: Real) -> Real:
    return scaled_log(x, LOG10_E, x.format.high_and_low(LOG10_2))


def scaled_log(x: Real, scale: Fraction, step: tuple[float, float]) -> Real:
    """scale * log(x), where the step is scale * log(2); rounded so late that whole results are exact."""
    part = normal_binary(x)
    f = part.m - 1.0
    high, low = x.format.parts(scale)
    product = exact_product(f, high)
    rest = fma(log_tail(f), high, fma(f, low, product.low))
    top, lost = sorted_sum(part.e * step[0], product.top)
    return or_limit(x, top + (lost + fma(part.e, step[1], rest)))


def asinh(x: Real) -> Real:
    """log1p(a + a^2 / (1 + sqrt(1 + a^2))) of a = |x|, and log(2 a) where 1 is nothing beside a^2."""
    size = abs(x)
    far = size > 2.0 ** (x.format.mantissa // 2 + 2)
    square = select(far, 0.0, size * size)
    f = size + square / (1.0 + sqrt(1.0 + square))
    return log_one_plus_or_twice(f, size, far).copysign(x)


def acosh(x: Real) -> Real:
    """log1p(t + sqrt(t (t + 2))) of t = x - 1, and log(2 x) where 1 is nothing beside x^2."""
    far = x > 2.0 ** (x.format.mantissa // 2 + 2)
    t = select(far, 0.0, x - 1.0)
    return select(x < 1.0, math.nan, log_one_plus_or_twice(t + sqrt(t * (t + 2.0)), x, far))


def log_one_plus_or_twice(f: Real, size: Real, twice: Truth) -> Real:
    """log(1 + f), or log(2 size)."""
    u = select(twice, size, 1.0 + f)
    part = binary(u)
    rest = select(twice, part.m - 1.0, fma(f, part.inverse, part.inverse - 1.0))
    e = select(twice, part.e + 1.0, part.e)
    return or_limit(u, log_of_parts(e, rest))


def atanh(x: Real) -> Real:
    size = abs(x)
    return (0.5 * log1p((size + size) / (1.0 - size))).copysign(x)


def logaddexp(x: Real, y: Real) -> Real:
    """log(exp(x) + exp(y)) = the larger one + log1p(exp(-|x - y|))."""
    larger = select((x >= y) | x.is_nan(), x, y)
    distance = select(x.equals(y), 0.0, abs(x - y))  # infinity - infinity would be NaN
    return larger + log1p(exp(-distance))


def log_slope(x: Real, value: Real) -> Real:
    return 1.0 / x


def log2_slope(x: Real, value: Real) -> Real:
    return x.format.nearest(LOG2_E) / x


def log10_slope(x: Real, value: Real) -> Real:
    return x.format.nearest(LOG10_E) / x


def log1p_slope(x: Real, value: Real) -> Real:
    return 1.0 / (1.0 + x)


def asinh_slope(x: Real, value: Real) -> Real:
    size = abs(x)
    far = size > 2.0 ** (x.format.mantissa // 2 + 2)
    return 1.0 / select(far, size, sqrt(fma(size, size, 1.0)))


def acosh_slope(x: Real, value: Real) -> Real:
    return 1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0))


def atanh_slope(x: Real, value: Real) -> Real:
    return 1.0 / ((1.0 - x) * (1.0 + x))


def logaddexp_slope(x: Real, y: Real, value: Real) -> Real:
    """exp(x) / (exp(x) + exp(y)); by y, exchange the two."""
    return sigmoid(select(x.equals(y), 0.0, x - y))


def logaddexp_second_slope(x: Real, y: Real, value: Real) -> Real:
    return logaddexp_slope(y, x, value)
