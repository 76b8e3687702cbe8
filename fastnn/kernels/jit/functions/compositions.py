"""Functions of functions that people write for known ones, in the known ones' own form.

log(1 + exp(z)) overflows for a z of 89 in float32, and tanh of it has no slope there; both are written without an
exponential of anything above zero, at a third of the operations. So is log(cosh(z)). 1 + erf(z) cancels for negative
z, and is the tail of the normal distribution. What a number was made of is kept beside it, and read here.
"""

from __future__ import annotations

import math

from fastnn.kernels.jit.functions import error_functions, exponentials, logarithms
from fastnn.kernels.jit.functions.dual import OPERATIONS, Dual, add, chain
from fastnn.kernels.jit.functions.expressions import Real, fma, polynomial, select
from fastnn.kernels.jit.functions.graph import Node
from fastnn.kernels.jit.functions.vector_bodies import applied

__all__ = [
    "cosh_argument",
    "exp_of_negative",
    "exp_of_negative_size",
    "log_cosh",
    "of_exponential",
    "of_one_and_exponential",
    "softplus",
    "softplus_argument",
    "tanh_of_softplus",
]


_LOG_COSH_NEAR = 0.125
_LOG_COSH = (1 / 2, -1 / 12, 1 / 45, -17 / 2520, 62 / 28350, -1382 / 1871100, 21844 / 85135050)  # by powers of x^2
_LOG_COSH_TERMS = {32: 4, 64: 7}  # beside which the next is less than half an ulp


def of_exponential(z: Dual) -> Dual | None:
    """The x of a z that was made as exp(x), or None."""
    return z.made[1] if z.made is not None and z.made[0] == "exp" else None


def of_one_and_exponential(z: Dual) -> Dual | None:
    """The x of 1 + exp(x) or exp(x) + 1, or None."""
    return of_exponential(z.made[1]) if z.made is not None and z.made[0] == "one more" else None


def softplus_argument(z: Dual) -> Dual | None:
    """The x of softplus(x), or None."""
    return z.made[1] if z.made is not None and z.made[0] == "softplus" else None


def cosh_argument(z: Dual) -> Dual | None:
    """The x of cosh(x), or None."""
    return z.made[1] if z.made is not None and z.made[0] == "cosh" else None


def _log1p_of_unit(e: Real) -> Real:
    """log(1 + e) for 0 <= e <= 1, where 1 + e or half of it is within the reach of the logarithm's polynomial."""
    far = e > 0.41421356
    f = select(far, fma(e, 0.5, -0.5), e)
    return logarithms.log_of_parts(select(far, e.constant(1.0), 0.0), f)


def _log_cosh(x: Real) -> Real:
    """|x| + log((1 + e) / 2) with the e = exp(-2 |x|) that tanh(x) needs, too; near zero, where that cancels, a series.

    (1 + e) / 2, or twice that, is within the reach of the logarithm's polynomial.
    """
    size, square = abs(x), x * x
    scale, q = exponentials.tanh_exponential(size)
    e = fma(scale, q, scale)
    is_large = e > 0.41421356
    f = select(is_large, fma(e, 0.5, -0.5), e)
    logarithm = f + logarithms.log_tail(f)
    far = size + select(is_large, logarithm, logarithm - math.log(2))
    near = square * polynomial(square, _LOG_COSH[: _LOG_COSH_TERMS[x.format.bits]])
    return select(size < _LOG_COSH_NEAR, near, far)


def exp_of_negative(x: Real) -> Real:
    """exp(x) for x <= 0, which needs one power of two: raised, it is normal where the result may not be."""
    part = exponentials.reduced(x.at_least(x.format.exp_low))
    if x.has_scale:
        return exponentials.scaled_exp(part)
    shift = exponentials.SHIFT[x.format.bits]
    scale = exponentials.power_of_two(part.shifted.bits(), shift)
    return fma(scale, part.r + exponentials.expm1_tail(part.r), scale) * 2.0**-shift


def exp_of_negative_size(v: Node) -> Node:
    """exp(-|v|)."""
    return applied(exp_of_negative, -abs(v))


def _one_and_erf(x: Real) -> Real:
    """1 + erf(x), which is erfc(-x)."""
    tail = error_functions.raised_tail(x) * 2.0 ** -exponentials.SHIFT[x.format.bits]
    return select(x > 0.0, 2.0 - tail, tail)


def _sum(a: Dual, b: Dual) -> Dual:
    """a + b; of 1 and a number that says what it was made of, too."""
    one, other = (a, b) if a.value.constant == 1 else (b, a)
    if one.value.constant != 1 or other.made is None:
        return add(a, b)
    result = add(a, b)
    if other.made[0] == "erf":
        result = a.like(applied(_one_and_erf, other.made[1].value), other.slope)
    result.made = ("one more", other)
    return result


OPERATIONS["add"] = _sum


def softplus(x: Dual) -> Dual:
    """log(1 + exp(x)) as max(x, 0) + log(1 + exp(-|x|)); the slope is a sigmoid."""
    v, choose = x.value, x.graph.select
    e = exp_of_negative_size(v)
    value = choose(v < 0.0, 0.0, v) + applied(_log1p_of_unit, e)
    result = x.like(value, chain(choose(v < 0.0, e, 1.0) / (1.0 + e), x.slope))
    result.made = ("softplus", x)
    return result


def log_cosh(x: Dual) -> Dual:
    """log(cosh(x)), whose cosh may overflow; the slope is tanh(x)."""
    v = x.value
    return x.like(applied(_log_cosh, v), chain(applied(exponentials.short_tanh, v), x.slope))


def tanh_of_softplus(x: Dual) -> Dual:
    """tanh(log(1 + exp(x))), the gate of mish, which is rational in exp(x) and in exp(-x)."""
    v, choose = x.value, x.graph.select
    e = exp_of_negative_size(v)
    square, is_left = e * e, v < 0.0
    above = choose(is_left, square, 1.0) + 2.0 * e
    inverse = 1.0 / (above + choose(is_left, 2.0, 2.0 * square))
    slope = (4.0 + 4.0 * e) * choose(is_left, e, square) * (inverse * inverse)
    return x.like(above * inverse, chain(slope, x.slope))
