"""Forward-mode dual numbers over nodes: a value and its slope, both expressions.

Numbers that a user's function brings along are weak: they take the element type of what they meet, so that 2.0 * z stays
float32 in a float32 network. A slope that is None is zero everywhere, and costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn.kernels.jit.functions.graph import REAL, TRUTH, Graph, Node
from fastnn.kernels.jit.functions.paths import Questions

__all__ = ["Dual", "Truth", "chain", "choose", "is_number"]

_NUMBERS = (int, float, np.integer, np.floating, np.bool_)  # a bool is an int


def is_number(thing: Any) -> bool:
    """Whether it is a real number that Python or NumPy has, not one that is recorded."""
    return isinstance(thing, _NUMBERS)


class _Recorded:
    """What is recorded instead of computed; it knows whom to ask for truths."""

    __array_ufunc__ = None  # NumPy's scalars leave an operation to the operand that this is
    __hash__ = None  # type: ignore[assignment]
    __slots__ = ("questions",)

    questions: Questions

    def __str__(self) -> str:
        raise TypeError("no text can be made of a number of the network")

    __repr__ = __str__

    def __format__(self, specification: str) -> str:
        return str(self)


class Dual(_Recorded):
    """A real number of the network with its slope."""

    __slots__ = ("slope", "value")

    def __init__(self, questions: Questions, value: Node, slope: Node | None = None) -> None:
        self.questions, self.value = questions, value
        self.slope = None if slope is None or slope.constant == 0 else slope

    @property
    def graph(self) -> Graph:
        """Where it is recorded."""
        return self.value.graph

    def like(self, value: Node, slope: Node | None = None) -> Dual:
        """Another one of the same function."""
        return Dual(self.questions, value, slope)

    def lifted(self, other: Any) -> Dual | None:
        """Any number as a dual one; None for what is no number."""
        if isinstance(other, Dual):
            return other
        if isinstance(other, Truth):
            return other.number()
        return self.like(self.graph.real(other)) if is_number(other) else None

    def __bool__(self) -> bool:
        return self.questions.answer(self.value != 0.0)

    def __pos__(self) -> Dual:
        return self

    def __neg__(self) -> Dual:
        return self.like(-self.value, None if self.slope is None else -self.slope)

    def __abs__(self) -> Dual:
        slope = None if self.slope is None else self.graph.select(self.value < 0.0, -self.slope, self.slope)
        return self.like(abs(self.value), slope)


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

    def __invert__(self) -> Truth:
        return Truth(self.questions, ~self.node)

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
    return None if inner is None else inner * outer


def _sum(left: Node | None, right: Node | None) -> Node | None:
    if left is None or right is None:
        return right if left is None else left
    return left + right


def _difference(left: Node | None, right: Node | None) -> Node | None:
    if right is None:
        return left
    return -right if left is None else left - right


def choose(condition: Node, chosen: Dual, other: Dual) -> Dual:
    """One of two numbers, without a branch."""
    graph = condition.graph
    value = graph.select(condition, chosen.value, other.value)
    if chosen.slope is None and other.slope is None:
        return chosen.like(value)
    slopes = [graph.real(0.0) if each.slope is None else each.slope for each in (chosen, other)]
    return chosen.like(value, graph.select(condition, *slopes))


def _power(a: Dual, b: Dual) -> Dual:
    exponent = b.value.constant
    if exponent == 2:
        return a.like(a.value * a.value, chain(2.0 * a.value, a.slope))
    raise TypeError("sketch")


# --- operations on two numbers ---------------------------------------------------------------------


def _add(a: Dual, b: Dual) -> Dual:
    return a.like(a.value + b.value, _sum(a.slope, b.slope))


def _subtract(a: Dual, b: Dual) -> Dual:
    return a.like(a.value - b.value, _difference(a.slope, b.slope))


def _multiply(a: Dual, b: Dual) -> Dual:
    return a.like(a.value * b.value, _sum(chain(b.value, a.slope), chain(a.value, b.slope)))


def _divide(a: Dual, b: Dual) -> Dual:
    quotient = a.value / b.value
    if b.slope is None:
        return a.like(quotient, None if a.slope is None else a.slope / b.value)
    top = _difference(a.slope, quotient * b.slope)
    # A sigmoid 1 / (1 + exp(-z)) far to the left divides by infinity, of which the slope is infinite, too: no slope is
    # left then, where 0 * infinity would give NaN.
    ended = abs(b.value) == float("inf")
    return a.like(quotient, None if top is None else a.graph.select(ended, 0.0, top / b.value))


def _floor_divide(a: Dual, b: Dual) -> Dual:
    return a.like(a.graph.node("floor", REAL, a.value / b.value))


def _modulo(a: Dual, b: Dual) -> Dual:
    return _subtract(a, _multiply(b, _floor_divide(a, b)))


def _of_two(name: str, function: Callable[[Dual, Dual], Dual]) -> None:
    def forward(self: Any, other: Any) -> Any:
        left = self.number() if isinstance(self, Truth) else self
        right = left.lifted(other)
        return NotImplemented if right is None else function(left, right)

    def backward(self: Any, other: Any) -> Any:
        right = self.number() if isinstance(self, Truth) else self
        left = right.lifted(other)
        return NotImplemented if left is None else function(left, right)

    for kind in (Dual, Truth):
        setattr(kind, f"__{name}__", forward)
        setattr(kind, f"__r{name}__", backward)


def _comparison(name: str) -> None:
    def compared(self: Any, other: Any) -> Any:
        left = self.number() if isinstance(self, Truth) else self
        right = left.lifted(other)
        if right is None:
            return NotImplemented
        return Truth(left.questions, left.graph.node(name, TRUTH, left.value, right.value))

    for kind in (Dual, Truth):
        setattr(kind, f"__{name}__", compared)


for _name, _function in {
    "add": _add,
    "sub": _subtract,
    "mul": _multiply,
    "truediv": _divide,
    "floordiv": _floor_divide,
    "mod": _modulo,
    "pow": _power,
}.items():
    _of_two(_name, _function)
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    _comparison(_name)
for _kind in (Dual, Truth):
    _kind.__hash__ = None  # type: ignore[assignment]
