"""Forward-mode dual numbers over nodes: a value and its slope, both expressions.

Numbers that a user's function brings along are weak: they take the element type of what they meet, so that 2.0 * z
stays float32 in a float32 network. A slope that is None is zero everywhere, and costs nothing.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn.kernels.jit.functions.graph import TRUTH, Graph, Node
from fastnn.kernels.jit.functions.paths import Questions
from fastnn.kernels.jit.functions.slopes import doubled, product

__all__ = [
    "OPERATIONS",
    "Dual",
    "Truth",
    "add",
    "chain",
    "chain_levelling",
    "chain_to_end",
    "choose",
    "divide",
    "is_number",
    "slope_difference",
    "slope_sum",
    "subtract",
]

_NUMBERS = (int, float, np.integer, np.floating, np.bool_)  # a bool is an int


def is_number(thing: Any) -> bool:
    """Whether it is a real number that Python or NumPy has, not one that is recorded."""
    return isinstance(thing, _NUMBERS)


class _Recorded(ABC):
    """What is recorded instead of computed; it knows whom to ask for truths."""

    __array_ufunc__ = None  # NumPy's scalars leave an operation to the operand that this is
    __slots__ = ("questions",)

    questions: Questions

    @abstractmethod
    def number(self) -> Dual:
        """It as a real number."""

    def __str__(self) -> str:
        raise TypeError("no text can be made of a number of the network")

    __repr__ = __str__

    def __format__(self, specification: str) -> str:
        return str(self)

    def __add__(self, other: Any) -> Any:
        return _applied("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return _applied("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return _applied("subtract", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _applied("subtract", other, self)

    def __mul__(self, other: Any) -> Any:
        return _applied("multiply", self, other)

    def __rmul__(self, other: Any) -> Any:
        return _applied("multiply", other, self)

    def __truediv__(self, other: Any) -> Any:
        return _applied("divide", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _applied("divide", other, self)

    def __floordiv__(self, other: Any) -> Any:
        return _applied("floor_divide", self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _applied("floor_divide", other, self)

    def __mod__(self, other: Any) -> Any:
        return _applied("modulo", self, other)

    def __rmod__(self, other: Any) -> Any:
        return _applied("modulo", other, self)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __pow__(self, other: Any) -> Any:
        return _applied("power", self, other)

    def __rpow__(self, other: Any) -> Any:
        return _applied("power", other, self)

    def __lt__(self, other: Any) -> Any:
        return _applied("lt", self, other)

    def __le__(self, other: Any) -> Any:
        return _applied("le", self, other)

    def __gt__(self, other: Any) -> Any:
        return _applied("gt", self, other)

    def __ge__(self, other: Any) -> Any:
        return _applied("ge", self, other)

    def __eq__(self, other: object) -> Any:
        return _applied("eq", self, other)

    def __ne__(self, other: object) -> Any:
        return _applied("ne", self, other)

    __hash__ = None  # type: ignore[assignment] # compared by value, which is not known yet


class Dual(_Recorded):
    """A real number of the network with its slope.

    Attributes
    ----------
    value : Node
    slope : Node or None
        None where it is zero everywhere.
    made : tuple or None
        The operation that it comes from, and its operands, where others look for that.
    """

    __slots__ = ("made", "slope", "value")

    def __init__(self, questions: Questions, value: Node, slope: Node | None = None) -> None:
        self.questions, self.value = questions, value
        self.slope = None if slope is None or slope.constant == 0 else slope
        self.made: tuple[Any, ...] | None = None

    @property
    def graph(self) -> Graph:
        """Where it is recorded."""
        return self.value.graph

    def like(self, value: Node, slope: Node | None = None) -> Dual:
        """Another one of the same function."""
        return Dual(self.questions, value, slope)

    def number(self) -> Dual:
        """Itself."""
        return self

    def lifted(self, other: Any) -> Dual | None:
        """Any number as a dual one; None for what is no number."""
        if isinstance(other, _Recorded):
            return other.number()
        return self.like(self.graph.real(other)) if is_number(other) else None

    def __bool__(self) -> bool:
        return self.questions.answer(self.value != 0.0)

    def __pos__(self) -> Dual:
        return self

    def __neg__(self) -> Dual:
        return self._noted("negative", -self.value, None if self.slope is None else -self.slope)

    def __abs__(self) -> Dual:
        slope = None if self.slope is None else self.graph.select(self.value < 0.0, -self.slope, self.slope)
        return self._noted("absolute", abs(self.value), slope)

    def _noted(self, operation: str, value: Node, slope: Node | None) -> Dual:
        result = self.like(value, slope)
        result.made = (operation, self)
        return result


class Truth(_Recorded):
    """What a comparison of numbers of the network gives."""

    __slots__ = ("node",)

    def __init__(self, questions: Questions, node: Node) -> None:
        self.questions, self.node = questions, node

    def number(self) -> Dual:
        """1 or 0, as a real number."""
        return Dual(self.questions, self.node.graph.select(self.node, 1.0, 0.0))

    def __bool__(self) -> bool:
        return self.questions.answer(self.node)

    def _joined(self, other: Any, operation: str) -> Any:
        if isinstance(other, Truth):
            node = other.node
        elif isinstance(other, bool | np.bool_):
            node = self.node.graph.operand(other, TRUTH)
        else:
            return NotImplemented
        return Truth(self.questions, self.node.graph.node(operation, TRUTH, self.node, node))

    def __and__(self, other: Any) -> Any:
        return self._joined(other, "and")

    def __or__(self, other: Any) -> Any:
        return self._joined(other, "or")

    def __xor__(self, other: Any) -> Any:
        return self._joined(other, "xor")

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __pos__(self) -> Dual:
        return self.number()

    def __neg__(self) -> Dual:
        return -self.number()

    def __abs__(self) -> Dual:
        return self.number()


# --- slopes, None being zero ----------------------------------------------------------------------


def chain(outer: Node | float, inner: Node | None) -> Node | None:
    """The slope of a function of a function."""
    return None if inner is None else product(inner, outer)


def chain_to_end(outer: Node | float, inner: Node | None) -> Node | None:
    """The same where the outer slope may be infinite: what does not change inside has no slope, whatever is outside.

    The slope of sqrt(max(z, 0)) would be 0 * infinity otherwise, wherever z is negative.
    """
    slope = chain(outer, inner)
    if inner is None or slope is None or inner.constant is not None:
        return slope
    return inner.graph.select(inner == 0.0, 0.0, slope)


def chain_levelling(outer: Node, inner: Node | None) -> Node | None:
    """The same where a function levels off: there its slope is 0, even if what is inside grows beyond all numbers.

    The slope of tanh(log1p(exp(z))) would be 0 * NaN otherwise, for a z whose exponential is infinite.
    """
    slope = chain(outer, inner)
    if inner is None or slope is None or (inner.constant is not None and math.isfinite(inner.constant)):
        return slope
    return inner.graph.select(outer == 0.0, 0.0, slope)


def slope_sum(left: Node | None, right: Node | None) -> Node | None:
    """The slope of a sum."""
    if left is None or right is None:
        return right if left is None else left
    return doubled(left) if left is right else left.graph.sum(left, right)


def slope_difference(left: Node | None, right: Node | None) -> Node | None:
    """The slope of a difference."""
    if right is None:
        return left
    return -right if left is None else left.graph.difference(left, right)


def choose(condition: Node, chosen: Dual, other: Dual) -> Dual:
    """One of two numbers, without a branch."""
    graph = condition.graph
    value = graph.select(condition, chosen.value, other.value)
    if chosen.slope is None and other.slope is None:
        return chosen.like(value)
    slopes = [graph.real(0.0) if each.slope is None else each.slope for each in (chosen, other)]
    return chosen.like(value, graph.select(condition, *slopes))


# --- operations on two numbers ---------------------------------------------------------------------


def add(a: Dual, b: Dual) -> Dual:
    """The sum."""
    return a.like(a.graph.sum(a.value, b.value), slope_sum(a.slope, b.slope))


def subtract(a: Dual, b: Dual) -> Dual:
    """The difference."""
    return a.like(a.graph.difference(a.value, b.value), slope_difference(a.slope, b.slope))


def _multiply(a: Dual, b: Dual) -> Dual:
    for one, other in ((a, b), (b, a)):
        if one.value.constant == 1 and one.slope is None:
            return other  # which says what it was made of
    return a.like(a.value * b.value, slope_sum(chain(b.value, a.slope), chain(a.value, b.slope)))


def divide(a: Dual, b: Dual) -> Dual:
    """The quotient."""
    quotient = a.value / b.value
    if b.slope is None:
        return a.like(quotient, None if a.slope is None else a.slope / b.value)
    top = slope_difference(a.slope, quotient * b.slope)
    # A sigmoid 1 / (1 + exp(-z)) far to the left divides by infinity, of which the slope is infinite, too: no slope is
    # left then, where 0 * infinity would give NaN.
    ended = abs(b.value) == float("inf")
    if top is None:
        return a.like(quotient)
    # With 1 above, the quotient is the inverse, which saves a second division.
    slope = top * quotient if a.value.constant == 1 else top / b.value
    return a.like(quotient, a.graph.select(ended, 0.0, slope))


def _comparison(name: str) -> Callable[[Dual, Dual], Truth]:
    return lambda a, b: Truth(a.questions, a.graph.node(name, TRUTH, a.value, b.value))


# Those that know more of some operation put it here.
OPERATIONS: dict[str, Callable[[Dual, Dual], Any]] = {
    "add": add,
    "subtract": subtract,
    "multiply": _multiply,
    "divide": divide,
    **{name: _comparison(name) for name in ("lt", "le", "gt", "ge", "eq", "ne")},
}


def _applied(name: str, left: Any, right: Any) -> Any:
    like = (left if isinstance(left, _Recorded) else right).number()
    a, b = like.lifted(left), like.lifted(right)
    return NotImplemented if a is None or b is None else OPERATIONS[name](a, b)
