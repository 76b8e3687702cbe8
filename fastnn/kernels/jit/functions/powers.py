"""x to the power of y, as a body over `Real`: 2^(y log2|x|), the logarithm and the product to twice the precision."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from fastnn.kernels.jit.functions.binary import normal_binary
from fastnn.kernels.jit.functions.exponentials import Reduced, scaled_exp
from fastnn.kernels.jit.functions.expressions import (
    Pair,
    Real,
    Truth,
    exact_product,
    exact_sum,
    fma,
    polynomial,
    select,
    sorted_sum,
)
from fastnn.kernels.jit.functions.formats import LN2, LOG2_E
from fastnn.kernels.jit.functions.logarithms import log

__all__ = ["power", "power_second_slope", "power_slope"]


def product(a: Pair, b: Pair) -> Pair:
    top, low = exact_product(a.top, b.top)
    return Pair(top, low + fma(a.top, b.low, a.low * b.top))


def constant(like: Real, number: Fraction) -> Pair:
    top, low = like.format.parts(number)
    return Pair(like.constant(top), like.constant(low))


def quotient(f: Real) -> Pair:
    """f / (2 + f)."""
    below = sorted_sum(2.0, f)
    inverse = 1.0 / below.top
    top = f * inverse
    left = fma(-top, below.top, f) - top * below.low
    return sorted_sum(top, left * inverse)


def log2_of(x: Real) -> Pair:
    """The binary logarithm of a positive finite number: 2 s + s^3 (2/3 + s^2 rest(s^2)), times log2(e)."""
    part = normal_binary(x)
    s = quotient(part.m - 1.0)
    square = product(s, s)
    two_thirds = constant(x, Fraction(2, 3))
    rest = fma(square.top, polynomial(square.top, x.format.polynomials.log_rest), two_thirds.low)
    cube = product(product(s, square), sorted_sum(two_thirds.top, rest))
    logarithm = sorted_sum(2.0 * s.top, cube.top)
    scaled = product(Pair(logarithm.top, logarithm.low + (2.0 * s.low + cube.low)), constant(x, LOG2_E))
    total = sorted_sum(part.e, scaled.top)
    return sorted_sum(total.top, total.low + scaled.low)


def exp2_of(x: Pair) -> Real:
    """2^x."""
    form = x.top.format
    end = 2.0 * form.bias - 4.0  # beyond, 2^x is 0 or infinite, and the low part may be NaN
    top = x.top.at_least(-end).at_most(end)
    shifted = top + form.round
    k = shifted - form.round
    rest = product(Pair(top - k, select(abs(x.top) < end, x.low, 0.0)), constant(top, LN2))
    r, low = sorted_sum(rest.top, rest.low)
    return scaled_exp(Reduced(shifted, k, r, low), low)


class Parity(NamedTuple):
    """Whether a number is whole, and odd."""

    whole: Truth
    odd: Truth


def parity(y: Real) -> Parity:
    half = 0.5 * y
    whole = y.call("llvm.trunc").equals(y)
    return Parity(whole, whole & ~half.call("llvm.trunc").equals(half))


def power_of_size(size: Real, y: Pair) -> Real:
    """The power of a number that is not negative, where neither number is NaN; 1 is for the caller."""
    exponent = product(y, log2_of(size))
    usual = exp2_of(exponent)
    infinity = size.format.infinity
    at_zero = select(y.top < 0.0, usual.constant(infinity), 0.0)
    at_infinity = select(y.top < 0.0, usual.constant(0.0), infinity)
    return select(size.equals(0.0), at_zero, select(size.equals(infinity), at_infinity, usual))


def power(x: Real, y: Real) -> Real:
    """As C's pow: NaN for a negative number and an exponent that is not whole; 1 for x = 1 or y = 0, beside any NaN."""
    size, exponent = abs(x), parity(y)
    found = power_of_size(size, Pair(y, y.constant(0.0)))
    negative = x.bits().is_negative()
    undefined = (x < 0.0) & ~exponent.whole & size.is_finite()
    found = select(negative & exponent.odd, -found, found)
    found = select(undefined | x.is_nan() | y.is_nan(), x.constant(float("nan")), found)
    one = x.equals(1.0) | y.equals(0.0) | (size.equals(1.0) & abs(y).equals(y.format.infinity))
    return select(one, 1.0, found)


def power_slope(x: Real, y: Real, value: Real) -> Real:
    """By x: y x^(y - 1), from the same logarithm; y value / x would be 0 where the value has rounded to 0."""
    less = exact_sum(y, y.constant(-1.0))
    size, exponent = abs(x), parity(y)
    found = power_of_size(size, less)
    found = select(x.bits().is_negative() & exponent.whole & ~exponent.odd, -found, found)
    found = select(value.is_nan(), value, select(y.equals(1.0), 1.0, found))
    return select(y.equals(0.0), 0.0, y * found)


def power_second_slope(x: Real, y: Real, value: Real) -> Real:
    """By y: value log(x), which goes to 0 with the value."""
    return select(value.equals(0.0), 0.0, value * log(x))
