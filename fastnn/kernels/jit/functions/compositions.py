"""Functions of functions that people write for known ones, in the known ones' own form.

log(1 + exp(z)) overflows for a z of 89 in float32, and tanh of it has no slope there; both are written without an
exponential of anything above zero, at a third of the operations. 1 + erf(z) cancels for negative z, and is the tail of
the normal distribution. What a number was made of is kept beside it, and read here.
"""

from __future__ import annotations

from fastnn.kernels.jit.functions import error_functions, exponentials, logarithms
from fastnn.kernels.jit.functions.dual import OPERATIONS, Dual, add, chain
from fastnn.kernels.jit.functions.expressions import Real, fma, select
from fastnn.kernels.jit.functions.graph import Node
from fastnn.kernels.jit.functions.vector_bodies import applied

__all__ = [
    "exp_of_negative",
    "exp_of_negative_size",
    "of_exponential",
    "of_one_and_exponential",
    "softplus",
    "softplus_argument",
    "tanh_of_softplus",
]


def of_exponential(z: Dual) -> Dual | None:
    """The x of a z that was made as exp(x), or None."""
    return z.made[1] if z.made is not None and z.made[0] == "exp" else None


def of_one_and_exponential(z: Dual) -> Dual | None:
    """The x of 1 + exp(x) or exp(x) + 1, or None."""
    return of_exponential(z.made[1]) if z.made is not None and z.made[0] == "one more" else None


def softplus_argument(z: Dual) -> Dual | None:
    """The x of softplus(x), or None."""
    return z.made[1] if z.made is not None and z.made[0] == "softplus" else None


def _log1p_of_unit(e: Real) -> Real:
    """log(1 + e) for 0 <= e <= 1, where 1 + e or half of it is within the reach of the logarithm's polynomial."""
    far = e > 0.41421356
    f = select(far, fma(e, 0.5, -0.5), e)
    return logarithms.log_of_parts(select(far, e.constant(1.0), 0.0), f)


def exp_of_negative(x: Real) -> Real:
    """exp(x) for x <= 0, which needs one power of two: raised, it is normal where the result may not be."""
    shift = exponentials.SHIFT[x.format.bits]
    part = exponentials.reduced(x.at_least(x.format.exp_low))
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


def tanh_of_softplus(x: Dual) -> Dual:
    """tanh(log(1 + exp(x))), the gate of mish, which is rational in exp(x) and in exp(-x)."""
    v, choose = x.value, x.graph.select
    e = exp_of_negative_size(v)
    square, is_left = e * e, v < 0.0
    above = choose(is_left, square, 1.0) + 2.0 * e
    inverse = 1.0 / (above + choose(is_left, 2.0, 2.0 * square))
    slope = (4.0 + 4.0 * e) * choose(is_left, e, square) * (inverse * inverse)
    return x.like(above * inverse, chain(slope, x.slope))
