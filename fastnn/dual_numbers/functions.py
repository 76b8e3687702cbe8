"""What stands for functions of `math`, NumPy and Python itself where arguments may be dual numbers.

The value is what the function itself gives for the value, so a rule says no more than the slope.
"""

from __future__ import annotations

import builtins
import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn.dual_numbers.number import Dual, as_dual, quotient, safely
from fastnn.dual_numbers.pairs import SEVERAL, number_of

__all__ = ["BUILTINS", "replaced"]

Rule = Callable[[float, float], float]  # of x and f(x), the slope there

_LOG_2, _LOG_10 = math.log(2.0), math.log(10.0)
_ERF = 2.0 / math.sqrt(math.pi)
_NORMAL_DENSITY = 1.0 / math.sqrt(2.0 * math.pi)


def _exp(x: float) -> float:
    return safely(math.exp, x)


def _root(x: float) -> float:
    return safely(math.sqrt, x)


def _sech_squared(x: float, f: float) -> float:
    """1 - tanh(x)**2 from exponentials, of which nothing cancels."""
    e = _exp(-2.0 * abs(x))
    return 4.0 * e / ((1.0 + e) * (1.0 + e))


def _expit_slope(x: float) -> float:
    e = _exp(-abs(x))
    return e / ((1.0 + e) * (1.0 + e))


_RULES: dict[str, Rule] = {  # by the names in `math`
    "exp": lambda x, f: f,
    "exp2": lambda x, f: f * _LOG_2,
    "expm1": lambda x, f: _exp(x),
    "log1p": lambda x, f: quotient(1.0, 1.0 + x),
    "log2": lambda x, f: quotient(1.0, x * _LOG_2),
    "log10": lambda x, f: quotient(1.0, x * _LOG_10),
    "sqrt": lambda x, f: quotient(0.5, f),
    "cbrt": lambda x, f: quotient(1.0, 3.0 * f * f),
    "sin": lambda x, f: safely(math.cos, x),
    "cos": lambda x, f: -safely(math.sin, x),
    "tan": lambda x, f: 1.0 + f * f,
    "asin": lambda x, f: quotient(1.0, _root((1.0 - x) * (1.0 + x))),
    "acos": lambda x, f: -quotient(1.0, _root((1.0 - x) * (1.0 + x))),
    "atan": lambda x, f: 1.0 / (1.0 + x * x),
    "sinh": lambda x, f: safely(math.cosh, x),
    "cosh": lambda x, f: safely(math.sinh, x),
    "tanh": _sech_squared,
    "asinh": lambda x, f: 1.0 / math.hypot(1.0, x),
    "acosh": lambda x, f: quotient(1.0, _root(x - 1.0) * _root(x + 1.0)),
    "atanh": lambda x, f: quotient(1.0, (1.0 - x) * (1.0 + x)),
    "erf": lambda x, f: _ERF * _exp(-x * x),
    "erfc": lambda x, f: -_ERF * _exp(-x * x),
    "ndtr": lambda x, f: _NORMAL_DENSITY * _exp(-0.5 * x * x),
    "expit": lambda x, f: _expit_slope(x),
    "log_expit": lambda x, f: 1.0 / (1.0 + _exp(x)),
    "degrees": lambda x, f: 180.0 / math.pi,
    "radians": lambda x, f: math.pi / 180.0,
}

# NumPy's other names, whatever its version has of them.
_NAMES = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh"}
_NAMES |= {"arctanh": "atanh", "rad2deg": "degrees", "deg2rad": "radians"}

# Those that level off have the slope 0 there, even if what is inside grows beyond all numbers.
_LEVELLING = ("exp", "exp2", "expm1", "tanh", "atan", "erf", "erfc", "ndtr", "expit")

_STEPS = ("floor", "ceil", "trunc", "fix", "rint", "sign", "isnan", "isinf", "isfinite", "signbit")  # of slope 0


def _of_one(function: Any, name: str) -> Callable[[Any], Any]:
    rule, levels = _RULES[name], name in _LEVELLING

    def replaced(x: Any, /) -> Any:
        number = as_dual(x)
        value = safely(function, number.value)
        if number.slope == 0:
            return Dual(value)
        outer = rule(number.value, value)
        return Dual(value, 0.0 if levels and outer == 0 else number.slope * outer)

    return replaced


def _of_two(function: Any, with_slope: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def replaced(x: Any, y: Any, /) -> Any:
        a, b = as_dual(x), as_dual(y)
        return Dual(safely(function, a.value, b.value), with_slope(a, b).slope)

    return replaced


def _step(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def replaced(x: Any, /) -> Any:
        number = as_dual(x).value
        try:
            return function(number)
        except (ValueError, OverflowError):  # what is no number, or infinite, has no integer
            return number

    return replaced


_OF_SCIPY = (
    "erf",
    "erfc",
    "ndtr",
    "expit",
    "log_expit",
    "xlogy",
    "xlog1py",
    "expm1",
    "log1p",
    "exp2",
)  # in its special


def _table() -> dict[Any, Callable[..., Any]]:
    found: dict[Any, Callable[..., Any]] = {}
    for module in (math, np):
        for name, function in SEVERAL.items():
            if hasattr(module, name):
                found[getattr(module, name)] = function
        for name in (*_RULES, *_NAMES):
            if hasattr(module, name):
                original = getattr(module, name)
                found[original] = _of_one(original, _NAMES.get(name, name))
        for name in _STEPS:
            if hasattr(module, name):
                found[getattr(module, name)] = _step(getattr(module, name))
    return found | {np.remainder: SEVERAL["mod"], float: number_of, pow: SEVERAL["pow"]}


_TABLE = _table()


def replaced(function: Any) -> Callable[..., Any] | None:
    """What stands for a function that others have written; None where none is known."""
    try:
        return _TABLE.get(function) or _of_scipy(function)
    except TypeError:  # it has no hash
        return None


def _of_scipy(function: Any) -> Callable[..., Any] | None:
    """What stands for a function of scipy.special, if anyone has imported that."""
    special = sys.modules.get("scipy.special")
    for name in _OF_SCIPY if special is not None else ():
        if function is getattr(special, name, None):
            return _of_two(function, SEVERAL[name]) if name in SEVERAL else _of_one(function, name)
    return None


BUILTINS: dict[str, Any] = {**vars(builtins), "float": number_of}
"""Python's own names for functions of dual numbers; the others work as they are, by the operators."""
