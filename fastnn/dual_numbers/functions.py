"""What stands for functions of `math`, NumPy and Python itself where arguments may be dual numbers.

The value is what the function itself gives for the value, so a rule says no more than the slope.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn.dual_numbers.number import Dual, as_dual, power, quotient, safely, times

__all__ = ["BUILTINS", "REPLACED"]

Rule = Callable[[float, float], float]  # of x and f(x), the slope there

_LOG_2, _LOG_10 = math.log(2.0), math.log(10.0)
_ERF = 2.0 / math.sqrt(math.pi)


def _exp(x: float) -> float:
    return safely(math.exp, x)


def _root(x: float) -> float:
    return safely(math.sqrt, x)


def _sech_squared(x: float, f: float) -> float:
    """1 - tanh(x)**2 from exponentials, of which nothing cancels."""
    e = _exp(-2.0 * abs(x))
    return 4.0 * e / ((1.0 + e) * (1.0 + e))


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
    "degrees": lambda x, f: 180.0 / math.pi,
    "radians": lambda x, f: math.pi / 180.0,
}

# NumPy's other names, whatever its version has of them.
_NAMES = {"arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh"}
_NAMES |= {"arctanh": "atanh", "rad2deg": "degrees", "deg2rad": "radians"}

_STEPS = ("floor", "ceil", "trunc", "rint", "sign", "isnan", "isinf", "isfinite", "signbit")  # of slope 0


def _of_one(function: Callable[[float], float], rule: Rule) -> Callable[[Any], Any]:
    def replaced(x: Any, /) -> Any:
        number = as_dual(x)
        value = safely(function, number.value)
        return Dual(value, times(number.slope, rule(number.value, value)) if number.slope != 0 else 0.0)

    return replaced


def _step(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def replaced(x: Any, /) -> Any:
        number = as_dual(x).value
        try:
            return function(number)
        except (ValueError, OverflowError):  # what is no number, or infinite, has no integer
            return number

    return replaced


# --- of several numbers -------------------------------------------------------------------------


def _log(x: Any, base: Any = None) -> Any:
    number = as_dual(x)
    # Python has an error for 0, compiled code the limit.
    value = -math.inf if number.value == 0 else safely(math.log, number.value)
    found = Dual(value, times(number.slope, quotient(1.0, number.value)))
    return found if base is None else found / _log(base)


def _absolute(x: Any) -> Any:
    return abs(as_dual(x))


def _maximum(a: Any, b: Any) -> Any:
    one, other = as_dual(a), as_dual(b)
    return other if other.value > one.value or math.isnan(other.value) and not math.isnan(one.value) else one


def _minimum(a: Any, b: Any) -> Any:
    one, other = as_dual(a), as_dual(b)
    return other if other.value < one.value or math.isnan(other.value) and not math.isnan(one.value) else one


def _fmax(a: Any, b: Any) -> Any:
    one, other = as_dual(a), as_dual(b)
    return other if other.value > one.value or math.isnan(one.value) else one


def _fmin(a: Any, b: Any) -> Any:
    one, other = as_dual(a), as_dual(b)
    return other if other.value < one.value or math.isnan(one.value) else one


def _where(condition: Any, a: Any, b: Any) -> Any:
    return as_dual(a if condition else b)


def _clip(x: Any, low: Any = None, high: Any = None) -> Any:
    found = as_dual(x)
    if low is not None:
        found = _maximum(found, low)
    return found if high is None else _minimum(found, high)


def _copysign(x: Any, y: Any) -> Any:
    size, sign = abs(as_dual(x)), math.copysign(1.0, as_dual(y).value)
    return Dual(sign * size.value, sign * size.slope)


def _hypot(x: Any, y: Any) -> Any:
    a, b = as_dual(x), as_dual(y)
    value = math.hypot(a.value, b.value)
    return Dual(value, times(a.slope, quotient(a.value, value)) + times(b.slope, quotient(b.value, value)))


def _atan2(y: Any, x: Any) -> Any:
    b, a = as_dual(y), as_dual(x)
    size = a.value * a.value + b.value * b.value
    slope = times(b.slope, quotient(a.value, size)) - times(a.slope, quotient(b.value, size))
    return Dual(math.atan2(b.value, a.value), slope)


def _fmod(x: Any, y: Any) -> Any:
    a, b = as_dual(x), as_dual(y)
    quotients = math.trunc(a.value / b.value) if b.value != 0 and math.isfinite(a.value) else 0
    return Dual(safely(math.fmod, a.value, b.value), a.slope - times(b.slope, float(quotients)))


def _power(x: Any, y: Any) -> Any:
    return as_dual(x) ** y


def _array_power(x: Any, y: Any) -> Any:
    """As NumPy has it, whose last digit may be another than that of C."""
    a, b = as_dual(x), as_dual(y)
    return Dual(safely(np.power, a.value, b.value), (a**b).slope)


def _square(x: Any) -> Any:
    return as_dual(x) * x


def _reciprocal(x: Any) -> Any:
    return 1.0 / as_dual(x)


def _logaddexp(a: Any, b: Any) -> Any:
    one, other = as_dual(a), as_dual(b)
    value = safely(np.logaddexp, one.value, other.value)
    return Dual(value, times(one.slope, _exp(one.value - value)) + times(other.slope, _exp(other.value - value)))


def _fma(x: Any, y: Any, z: Any) -> Any:
    slope = as_dual(x) * y + z
    return Dual(safely(math.fma, *(as_dual(each).value for each in (x, y, z))), slope.slope)  # type: ignore[attr-defined,unused-ignore]


def _heaviside(x: Any, at_zero: Any) -> Any:
    value = as_dual(x).value
    return as_dual(at_zero) if value == 0 else Dual(float(value > 0) if value == value else value)


def _number(x: Any = 0.0) -> Any:
    return as_dual(float(x) if isinstance(x, str) else x)


_SEVERAL: dict[str, Callable[..., Any]] = {
    "log": _log,
    "fabs": _absolute,
    "abs": _absolute,
    "absolute": _absolute,
    "maximum": _maximum,
    "minimum": _minimum,
    "fmax": _fmax,
    "fmin": _fmin,
    "where": _where,
    "clip": _clip,
    "copysign": _copysign,
    "hypot": _hypot,
    "atan2": _atan2,
    "arctan2": _atan2,
    "fmod": _fmod,
    "pow": _power,
    "power": _array_power,
    "float_power": _array_power,
    "square": _square,
    "reciprocal": _reciprocal,
    "logaddexp": _logaddexp,
    "heaviside": _heaviside,
    "fma": _fma,
    "float64": _number,
    "add": lambda a, b: as_dual(a) + b,
    "subtract": lambda a, b: as_dual(a) - b,
    "multiply": lambda a, b: as_dual(a) * b,
    "divide": lambda a, b: as_dual(a) / b,
    "true_divide": lambda a, b: as_dual(a) / b,
    "negative": lambda a: -as_dual(a),
    "positive": as_dual,
}


def _table() -> dict[Any, Callable[..., Any]]:
    found: dict[Any, Callable[..., Any]] = {}
    for module in (math, np):
        for name, replaced in _SEVERAL.items():
            if hasattr(module, name):
                found[getattr(module, name)] = replaced
        for name in (*_RULES, *_NAMES):
            if hasattr(module, name):
                function = getattr(module, name)
                found[function] = _of_one(function, _RULES[_NAMES.get(name, name)])
        for name in _STEPS:
            if hasattr(module, name):
                found[getattr(module, name)] = _step(getattr(module, name))
    return found


REPLACED: dict[Any, Callable[..., Any]] = _table()
"""What stands for a function, by the function."""

BUILTINS: dict[str, Any] = {**vars(builtins), "float": _number}
"""Python's own names for functions of dual numbers; the others work as they are, by the operators."""

REPLACED[float] = _number
REPLACED[pow] = _power
