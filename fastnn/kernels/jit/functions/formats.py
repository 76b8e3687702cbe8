"""The constants of float32 and float64 that the functions' bodies need."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from fastnn.kernels.jit.functions.polynomials import FLOAT32, FLOAT64, Polynomials

__all__ = ["FORMATS", "LN2", "LOG10_2", "LOG10_E", "LOG2_E", "PI", "Format"]

# To 57 digits: what three parts of float64 hold.
PI = Fraction("3.14159265358979323846264338327950288419716939937510582097")
LN2 = Fraction("0.693147180559945309417232121458176568075500134360255254121")
LOG2_E = Fraction("1.44269504088896340735992468100189213742664595415298593414")
LOG10_E = Fraction("0.434294481903251827651128918916605082294397005803666566114")
LOG10_2 = Fraction("0.301029995663981195213738894724493026768189881462108541310")


@dataclass(frozen=True)
class Format:
    """One type of floating-point numbers."""

    bits: int
    mantissa: int  # bits stored
    bias: int
    code: str  # in `struct`
    high_bits: int  # of the upper part of a constant that any exponent may multiply without rounding
    smallest: float  # normal number
    exp_low: float  # below, exp rounds to zero
    exp_high: float  # above, exp rounds to infinity
    hyperbolic_high: float  # above, sinh rounds to infinity
    largest_angle: float  # up to here sin, cos and tan are reduced in this type
    polynomials: Polynomials
    infinity: float = math.inf

    @property
    def one(self) -> int:
        """The bits of 1."""
        return self.bias << self.mantissa

    @property
    def whole(self) -> float:
        """Its bits | n are those of whole + n."""
        return 2.0**self.mantissa

    @property
    def round(self) -> float:
        """x + round - round is x rounded to a whole number, which stands in the low bits of x + round."""
        return 1.5 * self.whole

    @property
    def ln2_high(self) -> float:
        """The upper part of log(2), which any exponent may multiply."""
        return self.high_and_low(LN2)[0]

    @property
    def ln2_low(self) -> float:
        """The rest of it."""
        return self.high_and_low(LN2)[1]

    def nearest(self, number: Fraction) -> float:
        """The nearest number of this type."""
        (found,) = struct.unpack(self.code, struct.pack(self.code, float(number)))
        return float(found)

    @cache  # noqa: B019 - two instances, which live as long as the module
    def parts(self, number: Fraction, count: int = 2) -> tuple[float, ...]:
        """A number as a sum: each is the nearest to what is left."""
        found: list[float] = []
        for _ in range(count):
            found.append(self.nearest(number))
            number -= Fraction(found[-1])
        return tuple(found)

    @cache  # noqa: B019 - see above
    def high_and_low(self, number: Fraction) -> tuple[float, float]:
        """A number between 1/4 and 1 as a sum, of which any exponent may multiply the first without rounding."""
        high = Fraction(math.floor(number * 2**self.high_bits), 2**self.high_bits)
        return float(high), self.nearest(number - high)


_float32 = Format(
    bits=32,
    mantissa=23,
    bias=127,
    code="f",
    high_bits=16,
    smallest=2.0**-126,
    exp_low=-104.0,
    exp_high=89.0,
    hyperbolic_high=89.5,
    largest_angle=2.0**17,
    polynomials=FLOAT32,
)
_float64 = Format(
    bits=64,
    mantissa=52,
    bias=1023,
    code="d",
    high_bits=41,
    smallest=2.0**-1022,
    exp_low=-746.0,
    exp_high=710.0,
    hyperbolic_high=710.6,
    largest_angle=2.0**30,
    polynomials=FLOAT64,
)
FORMATS = {"float": _float32, "double": _float64}
