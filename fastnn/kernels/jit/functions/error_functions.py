"""erf and erfc, as bodies over `Real`.

Near zero erf is an odd polynomial. Elsewhere erfc(x) = exp(-x^2) / (1 + x (sqrt(pi) - P / Q)), where
P(x) / Q(x) is near 1 / x for large x: the quotient's errors fade in both sums, at either end.
"""

from __future__ import annotations

from fastnn.kernels.jit.functions.exponentials import SHIFT, expm1_tail, power_of_two, reduced
from fastnn.kernels.jit.functions.expressions import Real, fma, polynomial, select

__all__ = ["erf", "erf_slope", "erfc", "erfc_slope"]

TWO_OVER_ROOT_PI = 1.1283791670955126
TAIL_END = {32: 10.2, 64: 27.3}  # erfc rounds to zero here


def square_exp(size: Real) -> tuple[Real, Real]:
    """exp(-size^2), times 2^SHIFT, which keeps it a normal number, as scale (1 + q)."""
    square = size * size
    part = reduced(-square)
    r = part.r + (part.low - fma(size, size, -square))  # what the square's rounding took would count up to 700 times
    return power_of_two(part.shifted.bits(), SHIFT[size.format.bits]), r + expm1_tail(r)


def raised_tail(x: Real) -> Real:
    """erfc|x|, times 2^SHIFT."""
    size = abs(x).at_most(TAIL_END[x.format.bits])
    scale, q = square_exp(size)
    coefficients = x.format.polynomials
    above, below = polynomial(size, coefficients.tail_above), polynomial(size, coefficients.tail_below)
    rate = fma(below, coefficients.tail_slope, -above)
    return (fma(below, q, below) * scale) / fma(size, rate, below)


def erf_near_zero(x: Real) -> Real:
    return fma(x, polynomial(x * x, x.format.polynomials.erf), x)


def erf(x: Real) -> Real:
    far = fma(raised_tail(x), -(2.0 ** -SHIFT[x.format.bits]), 1.0)
    return select(abs(x) < 1.0, erf_near_zero(x), far.copysign(x))


def erfc(x: Real) -> Real:
    tail = raised_tail(x) * 2.0 ** -SHIFT[x.format.bits]
    return select(x > 0.0, tail, 2.0 - tail)


def erf_slope(x: Real, value: Real) -> Real:
    """2 / sqrt(pi) exp(-x^2)."""
    form = x.format
    scale, q = square_exp(abs(x).at_most(TAIL_END[form.bits]))
    return fma(scale, q, scale) * (TWO_OVER_ROOT_PI * 2.0 ** -SHIFT[form.bits])


def erfc_slope(x: Real, value: Real) -> Real:
    return -erf_slope(x, value)
