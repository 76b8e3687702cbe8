"""exp and its relatives, as bodies over `Real`.

exp(x) = 2^k (1 + q) with x = k ln 2 + r, |r| <= ln(2) / 2 and q = expm1(r), a polynomial.
"""

from __future__ import annotations

from typing import NamedTuple

from fastnn.kernels.jit.functions.expressions import (
    Pair,
    Real,
    Whole,
    exact_product,
    exact_sum,
    fma,
    polynomial,
    sorted_sum,
)
from fastnn.kernels.jit.functions.formats import LN2, LOG2_E

__all__ = [
    "cosh",
    "cosh_slope",
    "exp",
    "exp2",
    "exp2_slope",
    "exp_slope",
    "expm1",
    "expm1_of_negative",
    "expm1_slope",
    "sigmoid",
    "sigmoid_slope",
    "sinh",
    "sinh_slope",
    "tanh",
    "tanh_slope",
]

ONLY_ONE = 45.0  # exp(-45) is less than a quarter ulp of 1, in both types
FAR = 60  # 2^-60 is nothing beside 2^60
SIGMOID_END = {32: 116.0, 64: 760.0}  # sigmoid(-x) rounds to zero before
SHIFT = {32: 60, 64: 200}  # 2^(k + SHIFT) is normal for every k that an exponential, lowered so, does not round to 0


class Reduced(NamedTuple):
    """x = k ln 2 + r + low."""

    shifted: Real  # k + round, in whose bits k stands
    k: Real
    r: Real
    low: Real  # what rounding took from r


def reduced(x: Real) -> Reduced:
    form = x.format
    shifted = fma(x, form.nearest(LOG2_E), form.round)
    k = shifted - form.round
    above = fma(k, -form.ln2_high, x)  # exact
    r = fma(k, -form.ln2_low, above)
    return Reduced(shifted, k, r, fma(k, -form.ln2_low, above - r))


def expm1_tail(r: Real) -> Real:
    """expm1(r) - r."""
    return r * r * polynomial(r, r.format.polynomials.exp)


def power_of_two(k: Whole, shift: int = 0) -> Real:
    """2^(k + shift), a normal number, for the low bits k."""
    form = k.format
    return ((k << form.mantissa) + ((form.bias + shift) << form.mantissa)).as_real()


def halves(part: Reduced) -> tuple[Real, Real]:
    """Two powers of two far from overflow, whose product is 2^k."""
    half = fma(part.k, 0.5, part.k.format.round).bits()
    return power_of_two(half), power_of_two(part.shifted.bits() - half)


def clamped(x: Real, low: float, high: float) -> Real:
    """Within [low, high]; a NaN stays."""
    return x.at_least(low).at_most(high)


def scaled_exp(part: Reduced, low: Real | None = None) -> Real:
    """2^k (1 + expm1(r) + low), rounded to a subnormal number or overflowing in the last step."""
    tail = expm1_tail(part.r) if low is None else expm1_tail(part.r) + low
    if part.r.has_scale:  # the same bits in four operations less
        return (1.0 + (part.r + tail)).scaled(part.k)
    first, second = halves(part)
    return fma(first, part.r + tail, first) * second


def exp(x: Real) -> Real:
    return scaled_exp(reduced(clamped(x, x.format.exp_low, x.format.exp_high)))


def exp2(x: Real) -> Real:
    """2^x = 2^k exp(r ln 2) for the whole number k next to x."""
    form = x.format
    x = clamped(x, form.exp_low / 0.69, form.exp_high / 0.69)
    shifted = x + form.round
    k = shifted - form.round
    rest = x - k
    ln2, ln2_rest = form.parts(LN2)
    r, low = exact_product(rest, ln2)
    return scaled_exp(Reduced(shifted, k, r, low), fma(rest, ln2_rest, low))


def expm1(x: Real) -> Real:
    """2^k r + (2^k - 1), and what the rounding of both took, with the rest of expm1(r)."""
    part = reduced(clamped(x, x.format.exp_low, x.format.exp_high))
    first, second = halves(part)
    one = ((2 * x.format.one) - second.bits()).as_real()  # 1 / second, exact
    top, lost = exact_sum(first - one, first * part.r)
    value = top + fma(first, expm1_tail(part.r) + part.low, lost)
    return (value * second).copysign(x)


def expm1_of_negative(x: Real) -> Real:
    """exp(x) - 1 for x <= 0, at two thirds of the cost and 2 ulp; the sign of a zero is lost."""
    part = reduced(x.at_least(-ONLY_ONE))
    scale = power_of_two(part.shifted.bits())
    return fma(scale, part.r + expm1_tail(part.r), scale - 1.0)


class Halved(NamedTuple):
    """e = exp(-2 |x|) = scale (1 + q), for tanh and its slope."""

    above: Real  # 1 - e
    below: Real  # 1 + e
    e: Real


def tanh_parts(x: Real) -> Halved:
    size = abs(x)
    part = reduced(-(size + size).at_most(ONLY_ONE))
    scale = power_of_two(part.shifted.bits())
    tail = expm1_tail(part.r) + part.low
    q = part.r + tail
    # 1 - scale and scale r are exact; what their difference loses comes with the tail
    top, lost = exact_sum(1.0 - scale, -scale * part.r)
    return Halved(top + fma(-scale, tail, lost), fma(scale, q, 1.0 + scale), fma(scale, q, scale))


def tanh(x: Real) -> Real:
    parts = tanh_parts(x)
    return (parts.above / parts.below).copysign(x)


def tanh_exponential(size: Real) -> tuple[Real, Real]:
    """exp(-2 size) as scale (1 + q), for a size of at least zero; beyond 22.5 it stays next to nothing."""
    part = reduced(-(size + size).at_most(ONLY_ONE))
    return power_of_two(part.shifted.bits()), part.r + expm1_tail(part.r)


def short_tanh(x: Real) -> Real:
    """(1 - e) / (1 + e) with e = exp(-2 |x|), each rounded once: the operations of the library's own tanh."""
    scale, q = tanh_exponential(abs(x))
    above, below = fma(scale, -q, 1.0 - scale), fma(scale, q, 1.0 + scale)
    return (above / below).copysign(x)


def tanh_slope(x: Real, value: Real) -> Real:
    """(1 - |value|) (1 + |value|) with 1 - |value| = 2 e / (1 + e), which does not cancel."""
    parts = tanh_parts(x)
    return (1.0 + abs(value)) * ((2.0 * parts.e) / parts.below)


class Hyperbolic(NamedTuple):
    """2^k = e^|x - r| and the hyperbolic functions of r and of k ln 2, the latter halved."""

    sinh_tail: Real  # sinh(r) - r
    cosh_tail: Real  # cosh(r) - 1
    r: Real
    sinh_power: Pair
    cosh_power: Pair


def hyperbolic(x: Real) -> Hyperbolic:
    form = x.format
    part = reduced(abs(x).at_most(form.hyperbolic_high))
    square = part.r * part.r
    sinh_tail = fma(square * part.r, polynomial(square, form.polynomials.sinh), part.low)
    cosh_tail = square * polynomial(square, form.polynomials.cosh)
    rising = power_of_two(part.shifted.bits(), -2)
    falling = power_of_two(0 - part.shifted.at_most(form.round + FAR).bits(), -2)
    return Hyperbolic(sinh_tail, cosh_tail, part.r, sorted_sum(rising, -falling), sorted_sum(rising, falling))


def sinh(x: Real) -> Real:
    """sinh(a + r) = sinh(a) cosh(r) + cosh(a) sinh(r)."""
    part = hyperbolic(x)
    top = fma(part.cosh_power.top, part.r, part.sinh_power.top)
    low = fma(part.sinh_power.top, part.cosh_tail, part.sinh_power.low)
    return (2.0 * (top + fma(part.cosh_power.top, part.sinh_tail, low))).copysign(x)


def cosh(x: Real) -> Real:
    """cosh(a + r) = cosh(a) cosh(r) + sinh(a) sinh(r)."""
    part = hyperbolic(x)
    low = fma(part.cosh_power.top, part.cosh_tail, part.cosh_power.low)
    low = fma(part.sinh_power.top, part.sinh_tail, low)
    return 2.0 * (part.cosh_power.top + fma(part.sinh_power.top, part.r, low))


def sigmoid(x: Real) -> Real:
    """Numerator and denominator are lowered by 2^SHIFT: normal numbers where the quotient is not."""
    form = x.format
    shift = SHIFT[form.bits]
    part = reduced(clamped(-x, -ONLY_ONE, SIGMOID_END[form.bits]))
    scale, lowered = power_of_two(part.shifted.bits(), -shift), 2.0**-shift
    q = part.r + expm1_tail(part.r)
    return lowered / (fma(scale, q, x.constant(lowered)) + scale)


def sinh_slope(x: Real, value: Real) -> Real:
    return cosh(x)


def cosh_slope(x: Real, value: Real) -> Real:
    return sinh(x)


def sigmoid_slope(x: Real, value: Real) -> Real:
    return value * sigmoid(-x)


def exp_slope(x: Real, value: Real) -> Real:
    return value


def exp2_slope(x: Real, value: Real) -> Real:
    return x.format.nearest(LN2) * value


def expm1_slope(x: Real, value: Real) -> Real:
    """exp(x), which shares all but its last steps with expm1(x); value + 1 would cancel."""
    return exp(x)
