"""atan, atan2, asin and acos, as bodies over `Real`: all are the angle of a point (run, rise)."""

from __future__ import annotations

from fastnn.kernels.jit.functions.expressions import Pair, Real, fma, polynomial, select
from fastnn.kernels.jit.functions.formats import PI
from fastnn.kernels.jit.functions.roots import sqrt

TAN_EIGHTH, TAN_THREE_EIGHTHS = 0.41421356, 2.4142135  # of pi: which polynomial is used changes there


def angle(rise: Real, run: Real) -> Pair:
    """atan(rise / run) in [0, pi/2], for two numbers that are not negative."""
    form = rise.format
    steep, middle = rise > run * TAN_THREE_EIGHTHS, rise > run * TAN_EIGHTH
    above = select(steep, -run, select(middle, rise - run, rise))
    below = select(steep, rise, select(middle, rise + run, run))
    t = above / below
    square = t * t
    tail = (square * t) * polynomial(square, form.polynomials.atan)
    half, quarter = form.parts(PI / 2), form.parts(PI / 4)

    def choose(for_steep: float, for_middle: float) -> Real:
        return select(steep, for_steep, select(middle, rise.constant(for_middle), 0.0))

    start = choose(half[0], quarter[0])
    rest = choose(half[1], quarter[1])
    return Pair(start + t, ((start - (start + t)) + t) + (tail + rest))


def atan(x: Real) -> Real:
    found = angle(abs(x), x.constant(1.0))
    return (found.top + found.low).copysign(x)


def asin(x: Real) -> Real:
    size = abs(x)
    found = angle(size, sqrt((1.0 - size) * (1.0 + size)))
    return (found.top + found.low).copysign(x)


def acos(x: Real) -> Real:
    found = angle(sqrt(1.0 - x), sqrt(1.0 + x))
    return 2.0 * (found.top + found.low)


def atan2(y: Real, x: Real) -> Real:
    rise, run = abs(y), abs(x)
    huge = (rise > 2.0**120) | (run > 2.0**120)  # their sum would be infinite
    scale = select(huge, rise.constant(2.0**-3), 1.0)
    equal = rise.equals(run)  # also two zeros and two infinities
    found = angle(select(equal, 1.0, rise * scale), select(equal, 1.0, run * scale))
    top, rest = x.format.parts(PI)
    behind = x.bits().is_negative()
    size = select(behind, top - (found.top - (rest - found.low)), found.top + found.low)
    none = rise.equals(0.0) & run.equals(0.0)
    return select(none, select(behind, y.constant(top), 0.0), size).copysign(y)


def atan_slope(x: Real, value: Real) -> Real:
    return 1.0 / fma(x, x, 1.0)


def asin_slope(x: Real, value: Real) -> Real:
    return 1.0 / sqrt((1.0 - x) * (1.0 + x))


def acos_slope(x: Real, value: Real) -> Real:
    return -asin_slope(x, value)


def atan2_slope(y: Real, x: Real, value: Real) -> Real:
    return x / fma(x, x, y * y)


def atan2_second_slope(y: Real, x: Real, value: Real) -> Real:
    return -y / fma(x, x, y * y)
