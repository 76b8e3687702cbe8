"""What stands for functions of several numbers, and of numbers that are no floats, where some may be dual."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn.dual_numbers.number import Dual, as_dual, quotient, safely, times

__all__ = ["SEVERAL", "number_of"]


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


def _clip(x: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:  # noqa: A002
    """As NumPy has it, whose bounds have two names each."""
    low, high = a_min if min is None else min, a_max if max is None else max
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
    return Dual(
        value,
        times(one.slope, safely(math.exp, one.value - value))
        + times(other.slope, safely(math.exp, other.value - value)),
    )


def _fma(x: Any, y: Any, z: Any) -> Any:
    slope = as_dual(x) * y + z
    return Dual(safely(math.fma, *(as_dual(each).value for each in (x, y, z))), slope.slope)  # type: ignore[attr-defined,unused-ignore]


def _remainder(x: Any, y: Any) -> Any:
    """The rest of a division that is rounded to the nearest, as math has it."""
    a, b = as_dual(x), as_dual(y)
    value = safely(math.remainder, a.value, b.value)
    whole = quotient(a.value - value, b.value) if b.slope != 0 else 0.0
    return Dual(value, a.slope - times(b.slope, whole))


def _xlogy(x: Any, y: Any) -> Any:
    a, b = as_dual(x), as_dual(y)
    return Dual(0.0) if a.value == 0 and not math.isnan(b.value) else a * _log(b)


def _xlog1py(x: Any, y: Any) -> Any:
    a, b = as_dual(x), as_dual(y)
    if a.value == 0 and not math.isnan(b.value):
        return Dual(0.0)
    slope = times(b.slope, quotient(1.0, 1.0 + b.value))
    return a * Dual(-math.inf if b.value == -1 else safely(math.log1p, b.value), slope)


def _single(x: Any = 0.0) -> Any:
    number = as_dual(x)
    return Dual(float(np.float32(number.value)), number.slope)


def _round(x: Any, decimals: int = 0) -> Any:
    return round(as_dual(x), decimals)


def _truth(logical: Callable[[bool, bool], bool]) -> Callable[[Any, Any], bool]:
    return lambda a, b: logical(bool(as_dual(a)), bool(as_dual(b)))


def _heaviside(x: Any, at_zero: Any) -> Any:
    value = as_dual(x).value
    return as_dual(at_zero) if value == 0 else Dual(float(value > 0) if value == value else value)


def number_of(x: Any = 0.0) -> Any:
    """What `float` makes of a number, or of a string."""
    return as_dual(float(x) if isinstance(x, str) else x)


_COMPARISONS = {
    "greater": "gt",
    "greater_equal": "ge",
    "less": "lt",
    "less_equal": "le",
    "equal": "eq",
    "not_equal": "ne",
}

SEVERAL: dict[str, Callable[..., Any]] = {
    "log": _log,
    "fabs": _absolute,
    "abs": _absolute,
    "remainder": _remainder,
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
    "float64": number_of,
    "float32": _single,
    "int32": lambda x=0: int(as_dual(x)),
    "int64": lambda x=0: int(as_dual(x)),
    "round": _round,
    "around": _round,
    "xlogy": _xlogy,
    "xlog1py": _xlog1py,
    "add": lambda a, b: as_dual(a) + b,
    "subtract": lambda a, b: as_dual(a) - b,
    "multiply": lambda a, b: as_dual(a) * b,
    "divide": lambda a, b: as_dual(a) / b,
    "true_divide": lambda a, b: as_dual(a) / b,
    "negative": lambda a: -as_dual(a),
    "positive": as_dual,
    "mod": lambda a, b: as_dual(a) % b,
    "floor_divide": lambda a, b: as_dual(a) // b,
    **{name: getattr(operator, word) for name, word in _COMPARISONS.items()},
    "logical_and": _truth(lambda a, b: a and b),
    "logical_or": _truth(lambda a, b: a or b),
    "logical_xor": _truth(lambda a, b: a != b),
    "logical_not": lambda a: not as_dual(a),
}
