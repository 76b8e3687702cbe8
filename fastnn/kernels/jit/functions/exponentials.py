"""exp and its relatives, as bodies over `Real`.

exp(x) = 2^k (1 + q) with x = k ln 2 + r, |r| <= ln(2) / 2 and q = expm1(r), a polynomial.
"""

from __future__ import annotations

from typing import NamedTuple

from fastnn.kernels.jit.functions.expressions import Real, Whole, fma, polynomial, select

__all__ = [
    "cosh",
    "exp",
    "exp2",
    "exp2_slope",
    "exp_slope",
    "expm1",
    "expm1_slope",
    "sigmoid",
    "sinh",
    "tanh",
    "tanh_slope",
]

LOG2_E = 1.4426950408889634
ONLY_ONE = 45.0  # exp(-45) is less than a quarter ulp of 1, in both types
SHIFT = {32: 60, 64: 200}  # 2^(k + SHIFT) is normal for every k that an exponential, lowered so, does not round to 0


class Reduced(NamedTuple):
    """x = k ln 2 + r + low."""

    shifted: Real  # k + round, in whose bits k stands
    k: Real
    r: Real
    low: Real  # what rounding took from r


def reduced(x: Real) -> Reduced:
    form = x.format
    shifted = fma(x, LOG2_E, form.round)
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
    first, second = halves(part)
    tail = expm1_tail(part.r) if low is None else expm1_tail(part.r) + low
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
    r = rest * form.ln2
    low = fma(rest, form.ln2, -r) + rest * form.ln2_rest
    return scaled_exp(Reduced(shifted, k, r, low), low)


def expm1(x: Real) -> Real:
    """2^k r + (2^k - 1), and what the rounding of both took, with the rest of expm1(r)."""
    part = reduced(clamped(x, x.format.exp_low, x.format.exp_high))
    first, second = halves(part)
    # (first - 1 / second + first q) second
    one = ((2 * x.format.one) - second.bits()).as_real()
    whole, r = first - one, first * part.r
    total = whole + r
    larger = abs(whole) > abs(r)
    lost = select(larger, (whole - total) + r, (r - total) + whole)
    value = total + fma(first, expm1_tail(part.r) + part.low, lost)
    return (value * second).copysign(x)


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
    # 1 - scale and scale r are exact; their difference is rounded, and what it lost comes with the tail
    rest, r = 1.0 - scale, scale * part.r
    total = rest - r
    lost = select(rest > abs(r), (rest - total) - r, rest - (total + r))
    return Halved(total + fma(-scale, tail, lost), fma(scale, q, 1.0 + scale), fma(scale, q, scale))


def tanh(x: Real) -> Real:
    parts = tanh_parts(x)
    return (parts.above / parts.below).copysign(x)


def tanh_slope(x: Real, value: Real) -> Real:
    """(1 - |value|) (1 + |value|) with 1 - |value| = 2 e / (1 + e), which does not cancel."""
    parts = tanh_parts(x)
    return (1.0 + abs(value)) * ((2.0 * parts.e) / parts.below)


def exp_slope(x: Real, value: Real) -> Real:
    return value


def exp2_slope(x: Real, value: Real) -> Real:
    return x.format.ln2 * value


def expm1_slope(x: Real, value: Real) -> Real:
    """exp(x), which shares all but its last steps with expm1(x); value + 1 would cancel."""
    return exp(x)
