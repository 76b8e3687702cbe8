"""Functions of two or three dual numbers, by the names that `math` and NumPy have for them.

Where two numbers are equal, max and min return, and differentiate, the first.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from fastnn.kernels.jit.functions import inverse_trigonometry, roots
from fastnn.kernels.jit.functions.compositions import softplus
from fastnn.kernels.jit.functions.dual import Dual, Truth, chain, choose, slope_sum
from fastnn.kernels.jit.functions.dual_functions import ONE
from fastnn.kernels.jit.functions.dual_rests import fmod, remainder
from fastnn.kernels.jit.functions.graph import REAL, TRUTH, Node
from fastnn.kernels.jit.functions.vector_bodies import applied

__all__ = ["SEVERAL", "larger", "smaller"]


def larger(a: Dual, b: Dual) -> Dual:
    """max(a, b), as Python has it."""
    return choose(b.value > a.value, b, a)


def smaller(a: Dual, b: Dual) -> Dual:
    """min(a, b), as Python has it."""
    return choose(b.value < a.value, b, a)


def _is_nan(a: Dual) -> Node:
    return a.value != a.value


def _maximum(a: Dual, b: Dual) -> Dual:
    return choose((b.value > a.value) | _is_nan(b), b, a)


def _minimum(a: Dual, b: Dual) -> Dual:
    return choose((b.value < a.value) | _is_nan(b), b, a)


def _fmax(a: Dual, b: Dual) -> Dual:
    return choose((b.value > a.value) | _is_nan(a), b, a)


def _fmin(a: Dual, b: Dual) -> Dual:
    return choose((b.value < a.value) | _is_nan(a), b, a)


def _copysign(a: Dual, b: Dual) -> Dual:
    value = a.graph.node("copysign", REAL, a.value, b.value)
    if a.slope is None:
        return a.like(value)
    one = a.graph.real(1.0)
    signs = [a.graph.node("copysign", REAL, one, each.value) for each in (a, b)]
    return a.like(value, a.slope * (signs[0] * signs[1]))


def _of_bodies(value: Callable[..., Any], *slopes: Callable[..., Any]) -> Callable[[Dual, Dual], Dual]:
    """By a body of two numbers, and those of its slopes by each."""

    def function(a: Dual, b: Dual) -> Dual:
        found = applied(value, a.value, b.value)
        parts = [
            None if each.slope is None else chain(applied(slope, a.value, b.value, found), each.slope)
            for each, slope in zip((a, b), slopes, strict=True)
        ]
        return a.like(found, slope_sum(*parts))

    return function


def _heaviside(a: Dual, b: Dual) -> Dual:
    one = a.like(a.graph.real(1.0))
    found = choose(a.value > 0.0, one, choose(a.value < 0.0, _zero(a), b))
    return choose(_is_nan(a), a.like(a.value), found)


def _logaddexp(a: Dual, b: Dual) -> Any:
    for zero, other in ((a, b), (b, a)):
        if zero.value.constant == 0:
            return softplus(other)
    top, low = _maximum(a, b), _minimum(b, a)
    are_infinite = (top.value == low.value) & (abs(top.value) == math.inf)
    gap = choose(are_infinite, _zero(a), low - top)  # infinity less itself would be NaN
    return top + ONE["log1p"](ONE["exp"](gap))


def _zero(a: Dual) -> Dual:
    return a.like(a.graph.real(0.0))


def _clip(z: Dual, low: Dual, high: Dual) -> Dual:
    return _minimum(_maximum(z, low), high)


def _where(condition: Dual, chosen: Dual, other: Dual) -> Dual:
    return choose(condition.value != 0.0, chosen, other)


def _xlogy(a: Dual, b: Dual) -> Dual:
    return choose((a.value == 0.0) & (b.value == b.value), _zero(a), a * ONE["log"](b))


def _xlog1py(a: Dual, b: Dual) -> Dual:
    return choose((a.value == 0.0) & (b.value == b.value), _zero(a), a * ONE["log1p"](b))


def _logical(operation: str) -> Callable[[Dual, Dual], Truth]:
    def both(a: Dual, b: Dual) -> Truth:
        truths = [each.value != 0.0 for each in (a, b)]
        return Truth(a.questions, a.graph.node(operation, TRUTH, *truths))

    return both


SEVERAL: dict[str, Callable[..., Any]] = {
    "maximum": _maximum,
    "minimum": _minimum,
    "fmax": _fmax,
    "fmin": _fmin,
    "clip": _clip,
    "where": _where,
    "copysign": _copysign,
    "hypot": _of_bodies(roots.hypot, roots.hypot_slope, roots.hypot_second_slope),
    "atan2": _of_bodies(
        inverse_trigonometry.atan2, inverse_trigonometry.atan2_slope, inverse_trigonometry.atan2_second_slope
    ),
    "heaviside": _heaviside,
    "logaddexp": _logaddexp,
    "fmod": fmod,
    "remainder": remainder,
    "xlogy": _xlogy,
    "xlog1py": _xlog1py,
    "fma": lambda a, b, c: a * b + c,
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "floor_divide": lambda a, b: a // b,
    "mod": lambda a, b: a % b,
    "power": lambda a, b: a**b,
    "greater": lambda a, b: a > b,
    "greater_equal": lambda a, b: a >= b,
    "less": lambda a, b: a < b,
    "less_equal": lambda a, b: a <= b,
    "equal": lambda a, b: a == b,
    "not_equal": lambda a, b: a != b,
    "logical_and": _logical("and"),
    "logical_or": _logical("or"),
    "logical_xor": _logical("xor"),
}
