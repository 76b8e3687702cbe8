"""sin, cos and tan, as bodies over `Real`.

x = k pi/2 + r + low with |r| <= pi/4, from pi/2 in three parts: the first product leaves no
rounding, those of the second are kept in `low`. So r is right to twice the precision.
"""

from __future__ import annotations

from typing import NamedTuple

from fastnn.kernels.jit.functions.expressions import (
    Real,
    Truth,
    exact_product,
    exact_sum,
    fma,
    polynomial,
    select,
    sorted_sum,
)
from fastnn.kernels.jit.functions.formats import PI

__all__ = ["cos", "cos_slope", "sin", "sin_slope", "tan", "tan_slope"]


class Turned(NamedTuple):
    """The sine and the cosine of r, and the quadrant."""

    sin: Real
    cos: Real
    odd: Truth  # an odd number of quarter turns
    half: Truth  # two or three of four quarter turns
    both: Truth  # one or two of four


def turned(x: Real) -> Turned:
    form = x.format
    shifted = fma(x, form.nearest(2 / PI), form.round)
    k = shifted - form.round
    first, second, third = form.parts(PI / 2, 3)
    above = fma(k, -first, x)  # exact
    product = exact_product(k, -second)
    r, lost = exact_sum(above, product.top)
    top, low = sorted_sum(r, fma(k, -third, lost + product.low))
    quadrant = shifted.bits()
    odd = (quadrant & 1).differs(0)
    half = (quadrant & 2).differs(0)
    return Turned(_sin(top, low), _cos(top, low), odd, half, ((quadrant + 1) & 2).differs(0))


def _sin(r: Real, low: Real) -> Real:
    square = r * r
    tail = (square * r) * polynomial(square, r.format.polynomials.sin)
    return r + fma(low, fma(square, -0.5, 1.0), tail)


def _cos(r: Real, low: Real) -> Real:
    square = r * r
    half = 0.5 * square
    top = 1.0 - half
    tail = (square * square) * polynomial(square, r.format.polynomials.cos)
    return top + (((1.0 - top) - half) + fma(-r, low, tail))


def sin(x: Real) -> Real:
    part = turned(x)
    size = select(part.odd, part.cos, part.sin)
    return select(x.equals(0.0), x, select(part.half, -size, size))


def cos(x: Real) -> Real:
    part = turned(x)
    size = select(part.odd, part.sin, part.cos)
    return select(part.both, -size, size)


def tan(x: Real) -> Real:
    part = turned(x)
    above, below = select(part.odd, -part.cos, part.sin), select(part.odd, part.sin, part.cos)
    return select(x.equals(0.0), x, above / below)


def sin_slope(x: Real, value: Real) -> Real:
    """LLVM finds the reduction and both polynomials in the sine already."""
    return cos(x)


def cos_slope(x: Real, value: Real) -> Real:
    return -sin(x)


def tan_slope(x: Real, value: Real) -> Real:
    return fma(value, value, 1.0)
