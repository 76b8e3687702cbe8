"""The constants of float32 and float64 that the functions' bodies need."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fastnn.kernels.jit.functions.polynomials import FLOAT32, FLOAT64, Polynomials

__all__ = ["FORMATS", "Format"]


@dataclass(frozen=True)
class Format:
    """One type of floating-point numbers."""

    bits: int
    mantissa: int  # bits stored
    bias: int
    round: float  # x + round - round is x rounded to a whole number, which stands in the low bits of x + round
    whole: float  # its bits | n are those of whole + n
    smallest: float  # normal number
    ln2_high: float  # times any exponent: no rounding
    ln2_low: float
    ln2: float  # the nearest number
    ln2_rest: float
    exp_low: float  # below, exp rounds to zero
    exp_high: float  # above, exp rounds to infinity
    quarter_turn: tuple[float, float, float]  # pi / 2 in parts
    polynomials: Polynomials
    infinity: float = math.inf

    @property
    def one(self) -> int:
        """The bits of 1."""
        return self.bias << self.mantissa


_float32 = Format(
    bits=32,
    mantissa=23,
    bias=127,
    round=1.5 * 2.0**23,
    whole=2.0**23,
    smallest=2.0**-126,
    ln2_high=float.fromhex("0x1.62e4p-1"),
    ln2_low=float.fromhex("0x1.7f7d1cp-20"),
    ln2=float.fromhex("0x1.62e430p-1"),
    ln2_rest=float.fromhex("-0x1.05c610p-29"),
    exp_low=-104.0,
    exp_high=89.0,
    quarter_turn=(float.fromhex("0x1.921fb6p+0"), float.fromhex("-0x1.777a5cp-25"), float.fromhex("-0x1.ee59dap-50")),
    polynomials=FLOAT32,
)
_float64 = Format(
    bits=64,
    mantissa=52,
    bias=1023,
    round=1.5 * 2.0**52,
    whole=2.0**52,
    smallest=2.0**-1022,
    ln2_high=float.fromhex("0x1.62e42feep-1"),
    ln2_low=float.fromhex("0x1.a39ef35793c76p-33"),
    ln2=math.log(2),
    ln2_rest=float.fromhex("0x1.abc9e3b39803fp-56"),
    exp_low=-746.0,
    exp_high=710.0,
    quarter_turn=(
        float.fromhex("0x1.921fb54442d18p+0"),
        float.fromhex("0x1.1a62633145c07p-54"),
        float.fromhex("-0x1.f1976b7ed8fbcp-110"),
    ),
    polynomials=FLOAT64,
)
FORMATS = {"float": _float32, "double": _float64}
