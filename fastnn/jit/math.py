"""Mathematics of numbers in functions that Numba compiles, whose loops become vector instructions.

Numba calls the C library for every number, so a loop over `math.exp` takes eight times as long as one over this
module's `exp`. Each function takes numbers, not arrays, of float32 or float64; integers, and floats of both types
together, are float64. Errors are those of docs/numerics.md. A result depends on its numbers alone: not on the
instruction set, on its place in a loop, nor on the `fastmath` of the function around it.

From Python, and with ``NUMBA_DISABLE_JIT=1``, they are NumPy's functions, whose results may differ in their last bits.

Examples
--------
>>> import numpy as np
>>> from numba import njit
>>> from fastnn.jit import math
>>> @njit
... def decay(t, out):
...     for k in range(t.size):
...         out[k] = math.exp(-t[k])
>>> out = np.empty(3)
>>> decay(np.arange(3.0), out)
>>> out.round(4)
array([1.    , 0.3679, 0.1353])
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from fastnn.kernels.available import why_no_numba

__all__ = [
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atan2",
    "atanh",
    "cbrt",
    "cos",
    "cosh",
    "erf",
    "erfc",
    "exp",
    "exp2",
    "expm1",
    "hypot",
    "log",
    "log1p",
    "log2",
    "log10",
    "logaddexp",
    "power",
    "sigmoid",
    "sin",
    "sinh",
    "tan",
    "tanh",
]


# --- exponentials -------------------------------------------------------------------------------


def exp(x: float, /) -> Any:
    """e to the power of x."""
    return np.exp(_real(x))


def exp2(x: float, /) -> Any:
    """2 to the power of x."""
    return np.exp2(_real(x))


def expm1(x: float, /) -> Any:
    """exp(x) - 1, exact near zero."""
    return np.expm1(_real(x))


def sinh(x: float, /) -> Any:
    """The hyperbolic sine."""
    return np.sinh(_real(x))


def cosh(x: float, /) -> Any:
    """The hyperbolic cosine."""
    return np.cosh(_real(x))


def tanh(x: float, /) -> Any:
    """The hyperbolic tangent."""
    return np.tanh(_real(x))


def sigmoid(x: float, /) -> Any:
    """1 / (1 + exp(-x)), which does not overflow."""
    e = np.exp(-np.abs(_real(x)))
    return (e if x < 0 else 1) / (1 + e)


# --- logarithms ---------------------------------------------------------------------------------


def log(x: float, /) -> Any:
    """The natural logarithm."""
    return np.log(_real(x))


def log2(x: float, /) -> Any:
    """The logarithm to base 2, exact of its powers."""
    return np.log2(_real(x))


def log10(x: float, /) -> Any:
    """The logarithm to base 10, exact of its powers."""
    return np.log10(_real(x))


def log1p(x: float, /) -> Any:
    """log(1 + x), exact near zero."""
    return np.log1p(_real(x))


def logaddexp(x: float, y: float, /) -> Any:
    """log(exp(x) + exp(y)), which does not overflow."""
    return np.logaddexp(_real(x), _real(y))


def asinh(x: float, /) -> Any:
    """The inverse of the hyperbolic sine."""
    return np.arcsinh(_real(x))


def acosh(x: float, /) -> Any:
    """The inverse of the hyperbolic cosine."""
    return np.arccosh(_real(x))


def atanh(x: float, /) -> Any:
    """The inverse of the hyperbolic tangent."""
    return np.arctanh(_real(x))


# --- angles -------------------------------------------------------------------------------------


def sin(x: float, /) -> Any:
    """The sine, right for every angle in radians."""
    return np.sin(_real(x))


def cos(x: float, /) -> Any:
    """The cosine, right for every angle in radians."""
    return np.cos(_real(x))


def tan(x: float, /) -> Any:
    """The tangent, right for every angle in radians."""
    return np.tan(_real(x))


def asin(x: float, /) -> Any:
    """The angle of a sine."""
    return np.arcsin(_real(x))


def acos(x: float, /) -> Any:
    """The angle of a cosine."""
    return np.arccos(_real(x))


def atan(x: float, /) -> Any:
    """The angle of a tangent."""
    return np.arctan(_real(x))


def atan2(y: float, x: float, /) -> Any:
    """The angle of the point (x, y)."""
    return np.arctan2(_real(y), _real(x))


# --- others -------------------------------------------------------------------------------------


def erf(x: float, /) -> Any:
    """The error function."""
    return np.copysign(math.erf(x), _real(x))  # whose type it has


def erfc(x: float, /) -> Any:
    """1 - erf(x), exact far above zero."""
    return np.copysign(math.erfc(x), np.abs(_real(x)))


def cbrt(x: float, /) -> Any:
    """The cube root."""
    return np.cbrt(_real(x))


def hypot(x: float, y: float, /) -> Any:
    """The square root of x x + y y, which does not overflow before it has to."""
    return np.hypot(_real(x), _real(y))


def power(x: float, y: float, /) -> Any:
    """x to the power of y; NaN where x is negative and y no whole number."""
    return np.power(_real(x), _real(y))


def _real(number: float) -> Any:
    """A number that is no integer; integers become float64, where NumPy would compute exp(np.int8(1)) in float16.

    Users' activations and losses may call these functions, too, and have no types to ask for.
    """
    return np.multiply(number, 1.0)


def _tell_numba() -> None:
    from fastnn.jit.vector_functions import register

    register(*(globals()[name] for name in __all__))


if why_no_numba() is None:
    _tell_numba()
