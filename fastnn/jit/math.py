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
    return np.exp(x)


def exp2(x: float, /) -> Any:
    """2 to the power of x."""
    return np.exp2(x)


def expm1(x: float, /) -> Any:
    """exp(x) - 1, exact near zero."""
    return np.expm1(x)


def sinh(x: float, /) -> Any:
    """The hyperbolic sine."""
    return np.sinh(x)


def cosh(x: float, /) -> Any:
    """The hyperbolic cosine."""
    return np.cosh(x)


def tanh(x: float, /) -> Any:
    """The hyperbolic tangent."""
    return np.tanh(x)


def sigmoid(x: float, /) -> Any:
    """1 / (1 + exp(-x)), which does not overflow."""
    e = np.exp(-np.abs(x))
    return (e if x < 0 else 1) / (1 + e)


# --- logarithms ---------------------------------------------------------------------------------


def log(x: float, /) -> Any:
    """The natural logarithm."""
    return np.log(x)


def log2(x: float, /) -> Any:
    """The logarithm to base 2, exact of its powers."""
    return np.log2(x)


def log10(x: float, /) -> Any:
    """The logarithm to base 10, exact of its powers."""
    return np.log10(x)


def log1p(x: float, /) -> Any:
    """log(1 + x), exact near zero."""
    return np.log1p(x)


def logaddexp(x: float, y: float, /) -> Any:
    """log(exp(x) + exp(y)), which does not overflow."""
    return np.logaddexp(x, y)


def asinh(x: float, /) -> Any:
    """The inverse of the hyperbolic sine."""
    return np.arcsinh(x)


def acosh(x: float, /) -> Any:
    """The inverse of the hyperbolic cosine."""
    return np.arccosh(x)


def atanh(x: float, /) -> Any:
    """The inverse of the hyperbolic tangent."""
    return np.arctanh(x)


# --- angles -------------------------------------------------------------------------------------


def sin(x: float, /) -> Any:
    """The sine, right for every angle in radians."""
    return np.sin(x)


def cos(x: float, /) -> Any:
    """The cosine, right for every angle in radians."""
    return np.cos(x)


def tan(x: float, /) -> Any:
    """The tangent, right for every angle in radians."""
    return np.tan(x)


def asin(x: float, /) -> Any:
    """The angle of a sine."""
    return np.arcsin(x)


def acos(x: float, /) -> Any:
    """The angle of a cosine."""
    return np.arccos(x)


def atan(x: float, /) -> Any:
    """The angle of a tangent."""
    return np.arctan(x)


def atan2(y: float, x: float, /) -> Any:
    """The angle of the point (x, y)."""
    return np.arctan2(y, x)


# --- others -------------------------------------------------------------------------------------


def erf(x: float, /) -> Any:
    """The error function."""
    return _type_of(x)(math.erf(x))


def erfc(x: float, /) -> Any:
    """1 - erf(x), exact far above zero."""
    return _type_of(x)(math.erfc(x))


def cbrt(x: float, /) -> Any:
    """The cube root."""
    return np.cbrt(x)


def hypot(x: float, y: float, /) -> Any:
    """The square root of x x + y y, which does not overflow before it has to."""
    return np.hypot(x, y)


def power(x: float, y: float, /) -> Any:
    """x to the power of y; NaN where x is negative and y no whole number."""
    return _type_of(x, y)(np.float_power(x, y))


def _type_of(*given: float) -> Any:
    return np.float32 if all(isinstance(each, np.float32) for each in given) else np.float64


def _tell_numba() -> None:
    from fastnn.jit.vector_functions import register

    register(*(globals()[name] for name in __all__))


if why_no_numba() is None:
    _tell_numba()
