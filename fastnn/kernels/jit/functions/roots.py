"""Roots, as bodies over `Real`."""

from __future__ import annotations

from fastnn.kernels.jit.functions.binary import binary
from fastnn.kernels.jit.functions.expressions import Real, exact_product, fma, polynomial, select

CUBE_SHIFT = 20  # 2^60 makes a subnormal number a normal one


def sqrt(x: Real) -> Real:
    return x.call("llvm.sqrt")


def sqrt_slope(x: Real, value: Real) -> Real:
    return 0.5 / value


def hypot(x: Real, y: Real) -> Real:
    """Large numbers are lowered and small ones raised, by powers of two, so that no square leaves the normal range."""
    form = x.format
    x, y = abs(x), abs(y)
    larger, half = select(x > y, x, y), form.bias // 2
    large, small = larger > 2.0 ** (half - 1), larger < 2.0 ** (form.mantissa - half)
    down, up = 2.0 ** -(half + 3), 2.0 ** (half + form.mantissa + 10)
    scale = select(large, x.constant(down), select(small, x.constant(up), 1.0))
    back = select(large, x.constant(1 / down), select(small, x.constant(1 / up), 1.0))
    across, upwards = x * scale, y * scale
    length = sqrt(fma(across, across, upwards * upwards)) * back
    return select(x.equals(form.infinity) | y.equals(form.infinity), form.infinity, length)


def hypot_slope(x: Real, y: Real, value: Real) -> Real:
    return x / value


def hypot_second_slope(x: Real, y: Real, value: Real) -> Real:
    return y / value


def cbrt(x: Real) -> Real:
    """A polynomial to four digits, a step of Halley's and one of Newton's method, whose residual is exact."""
    form = x.format
    size = abs(x)
    subnormal = size < form.smallest
    part = binary(select(subnormal, size * 2.0 ** (3 * CUBE_SHIFT), size))
    shifted = part.e * (1 / 3) + form.round
    q = shifted - form.round
    over = fma(q, -3.0, part.e)  # -1, 0 or 1
    step = select(over > 0.0, x.constant(2.0 ** (1 / 3)), select(over < 0.0, x.constant(0.5 ** (1 / 3)), 1.0))
    m = part.m * select(over > 0.0, x.constant(2.0), select(over < 0.0, x.constant(0.5), 1.0))
    guess = polynomial(part.m - 1.0, form.polynomials.cbrt) * step
    cube = guess * guess * guess
    guess = guess + guess * ((m - cube) / (cube + cube + m))
    square = exact_product(guess, guess)
    left = fma(-square.top, guess, m) - square.low * guess
    root = guess + left / (3.0 * square.top)
    root = root * ((shifted.bits() << form.mantissa) + form.one).as_real()
    root = select(subnormal, root * 2.0**-CUBE_SHIFT, root)
    return select(x.equals(0.0) | ~x.is_finite(), x, root.copysign(x))


def cbrt_slope(x: Real, value: Real) -> Real:
    return 1.0 / (3.0 * (value * value))
