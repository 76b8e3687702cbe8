"""Dual numbers and their operators.

Values are what Python computes, except that nothing raises: 1 / 0 and overflow give infinity, and what is no real
number gives NaN, as in compiled code. Where a function has a kink, the slope is that of the branch that Python takes:
of ``abs(z)`` at 0 it is that of z, and ``max`` and ``min`` of equal numbers return, and differentiate, the first.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np

__all__ = ["Dual", "as_dual", "is_number", "power", "quotient", "safely", "times"]


class Dual:
    """A value and its derivative.

    Parameters
    ----------
    value, slope : float
    """

    __slots__ = ("slope", "value")
    __array_ufunc__ = None  # NumPy's scalars leave operators with a dual number to it

    def __init__(self, value: float, slope: float = 0.0) -> None:
        self.value = value
        self.slope = slope

    def __repr__(self) -> str:
        return f"Dual({self.value!r}, {self.slope!r})"

    # --- arithmetic ---

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.slope)

    def __pos__(self) -> Dual:
        return self

    def __abs__(self) -> Dual:
        return Dual(abs(self.value), -self.slope if self.value < 0 else self.slope)

    def __add__(self, other: Any) -> Dual:
        return _binary(_add, self, other)

    def __radd__(self, other: Any) -> Dual:
        return _binary(_add, other, self)

    def __sub__(self, other: Any) -> Dual:
        return _binary(_subtract, self, other)

    def __rsub__(self, other: Any) -> Dual:
        return _binary(_subtract, other, self)

    def __mul__(self, other: Any) -> Dual:
        return _binary(_multiply, self, other)

    def __rmul__(self, other: Any) -> Dual:
        return _binary(_multiply, other, self)

    def __truediv__(self, other: Any) -> Dual:
        return _binary(_divide, self, other)

    def __rtruediv__(self, other: Any) -> Dual:
        return _binary(_divide, other, self)

    def __pow__(self, other: Any) -> Dual:
        return _binary(_power, self, other)

    def __rpow__(self, other: Any) -> Dual:
        return _binary(_power, other, self)

    def __floordiv__(self, other: Any) -> Dual:
        return _binary(_floor_divide, self, other)

    def __rfloordiv__(self, other: Any) -> Dual:
        return _binary(_floor_divide, other, self)

    def __mod__(self, other: Any) -> Dual:
        return _binary(_modulo, self, other)

    def __rmod__(self, other: Any) -> Dual:
        return _binary(_modulo, other, self)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    # --- comparisons ---

    def __lt__(self, other: Any) -> bool:
        return bool(self.value < _value_of(other))

    def __le__(self, other: Any) -> bool:
        return bool(self.value <= _value_of(other))

    def __gt__(self, other: Any) -> bool:
        return bool(self.value > _value_of(other))

    def __ge__(self, other: Any) -> bool:
        return bool(self.value >= _value_of(other))

    def __eq__(self, other: object) -> bool:
        return (isinstance(other, Dual) or is_number(other)) and bool(self.value == _value_of(other))

    def __bool__(self) -> bool:
        return self.value != 0

    __hash__ = None  # type: ignore[assignment] # compared by value, which is no identity

    # --- steps, whose slope is 0 ---

    def __int__(self) -> int:
        return int(self.value)

    __trunc__ = __int__

    def __floor__(self) -> int:
        return math.floor(self.value)

    def __ceil__(self) -> int:
        return math.ceil(self.value)

    def __round__(self, digits: int | None = None) -> Any:
        return round(self.value, digits)

    def __float__(self) -> float:
        raise TypeError(
            "a function of floats is called whose derivative is not known, as it is of those of math and NumPy that "
            "have one"
        )


# --- helpers ------------------------------------------------------------------------------------


def is_number(thing: object) -> bool:
    """Whether it is a real number of Python or NumPy."""
    return isinstance(thing, Real | np.bool_)


def as_dual(thing: Any) -> Dual:
    """A number as a dual number, a constant with the slope 0; TypeError if it is none."""
    if isinstance(thing, Dual):
        return thing
    if not is_number(thing):
        raise TypeError(f"{thing!r} of type {type(thing).__name__} where a number is wanted")
    return Dual(float(thing))


def _value_of(thing: Any) -> float:
    return as_dual(thing).value


def times(slope: float, factor: float) -> float:
    """The product, and 0 where the slope is: what does not depend on an argument has no slope, whatever comes next."""
    return 0.0 if slope == 0 else slope * factor


def safely(function: Callable[..., float], *values: float) -> float:
    """What a function of `math` or NumPy gives; infinity where it overflows, NaN where it has no value."""
    try:
        with np.errstate(all="ignore"):
            return float(function(*values))
    except OverflowError:
        return math.inf
    except (ValueError, ZeroDivisionError):
        return math.nan


# --- operators ----------------------------------------------------------------------------------


def _binary(operator: Callable[[Dual, Dual], Dual], one: Any, other: Any) -> Dual:
    both = isinstance(one, Dual) or is_number(one), isinstance(other, Dual) or is_number(other)
    return operator(as_dual(one), as_dual(other)) if all(both) else NotImplemented


def _add(a: Dual, b: Dual) -> Dual:
    return Dual(a.value + b.value, a.slope + b.slope)


def _subtract(a: Dual, b: Dual) -> Dual:
    return Dual(a.value - b.value, a.slope - b.slope)


def _multiply(a: Dual, b: Dual) -> Dual:
    return Dual(a.value * b.value, times(a.slope, b.value) + times(b.slope, a.value))


def quotient(a: float, b: float) -> float:
    """a / b by IEEE 754, where Python raises for b = 0."""
    if b != 0:
        return a / b
    if a == 0 or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def _divide(a: Dual, b: Dual) -> Dual:
    value = quotient(a.value, b.value)
    if math.isinf(b.value) and b.slope != 0:  # 1 / (1 + exp(-z)) far to the left, where exp's slope is infinite, too
        return Dual(value)
    change = a.slope - times(b.slope, value)
    return Dual(value, 0.0 if change == 0 else quotient(change, b.value))


def power(a: float, b: float) -> float:
    """a ** b as C has it: infinity where Python raises, NaN where it gives a complex number."""
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    except ValueError:
        if a != 0:
            return math.nan
        return math.copysign(math.inf, a) if b % 2 == 1 else math.inf  # 0 to a negative power


def _power(a: Dual, b: Dual) -> Dual:
    value = power(a.value, b.value)
    slope = 0.0
    if a.slope != 0 and b.value != 0:
        slope += times(a.slope, b.value * power(a.value, b.value - 1))
    if b.slope != 0 and value != 0:
        slope += times(b.slope, value * safely(math.log, a.value))
    return Dual(value, slope)


def _floor_divide(a: Dual, b: Dual) -> Dual:
    return Dual(a.value // b.value if b.value != 0 else quotient(a.value, b.value))


def _modulo(a: Dual, b: Dual) -> Dual:
    if b.value == 0 or math.isinf(a.value):
        return Dual(math.nan, math.nan)
    return Dual(a.value % b.value, a.slope - times(b.slope, a.value // b.value))
