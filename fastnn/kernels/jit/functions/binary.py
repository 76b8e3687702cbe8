"""A positive number taken apart into a power of two and a factor, over `Real`."""

from __future__ import annotations

import math
from typing import NamedTuple

from fastnn.kernels.jit.functions.expressions import Real, select

__all__ = ["Binary", "binary", "normal_binary"]


class Binary(NamedTuple):
    """x = 2^e m with m in [sqrt(1/2), sqrt(2))."""

    e: Real
    m: Real
    inverse: Real  # 2^-e, wrong for the largest e


def binary(x: Real) -> Binary:
    """For a positive normal number."""
    form = x.format
    sqrt_half = x.constant(math.sqrt(0.5)).bits()
    exponent = (x.bits() + (form.one - sqrt_half)) >> form.mantissa
    shift = (exponent << form.mantissa) - form.one
    e = (exponent | x.constant(form.whole).bits()).as_real() - (form.whole + form.bias)
    return Binary(e, (x.bits() - shift).as_real(), (form.one - shift).as_real())


def normal_binary(x: Real) -> Binary:
    """For a positive number; `inverse` is of no use where it is subnormal."""
    form = x.format
    subnormal = x < form.smallest
    part = binary(select(subnormal, x * form.whole, x))
    return Binary(select(subnormal, part.e - float(form.mantissa), part.e), part.m, part.inverse)
