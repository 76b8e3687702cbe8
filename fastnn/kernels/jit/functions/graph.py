"""Expressions of one element type, as a graph in which equal expressions are one node.

What a user's function does with z is recorded here, node by node, and then written down as LLVM code of whole vectors.
Nodes take Python's operators, so that the formulas of functions such as exp can be written as such.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from fastnn.kernels.jit.functions.refusal import Refused

__all__ = ["INTEGER", "REAL", "TRUTH", "Graph", "Node"]

REAL, INTEGER, TRUTH = "real", "integer", "truth"
_MOST_NODES = 8_000  # of a function; LLVM takes some seconds for so many
_MORE_IN_STEPS = 8  # times as many where a product and a sum are 27 operations, so that the same functions are taken
_COMMUTE = {"add", "multiply", "and", "or", "xor"}
_FOLDED: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
}
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "eq": operator.eq,
    "ne": operator.ne,
}


class Node:
    """An expression: an operation on other nodes, a number, or an argument."""

    __array_ufunc__ = None  # NumPy's scalars leave an operation with a node to the node
    __slots__ = ("graph", "kind", "number", "operands", "operation")

    def __init__(self, graph: Graph, number: int, operation: str, kind: str, operands: tuple[Any, ...]) -> None:
        self.graph, self.number, self.operation, self.kind, self.operands = graph, number, operation, kind, operands

    __hash__ = object.__hash__

    @property
    def constant(self) -> Any:
        """The number that it is, or None."""
        return self.operands[0] if self.operation == "constant" else None

    def _with(self, operation: str, other: Any, kind: str | None = None) -> Node:
        return self.graph.node(operation, kind or self.kind, self, self.graph.operand(other, self.kind))

    def _after(self, operation: str, other: Any) -> Node:
        return self.graph.node(operation, self.kind, self.graph.operand(other, self.kind), self)

    def __add__(self, other: Any) -> Node:
        return self._with("add", other)

    def __radd__(self, other: Any) -> Node:
        return self._after("add", other)

    def __sub__(self, other: Any) -> Node:
        return self._with("subtract", other)

    def __rsub__(self, other: Any) -> Node:
        return self._after("subtract", other)

    def __mul__(self, other: Any) -> Node:
        return self._with("multiply", other)

    def __rmul__(self, other: Any) -> Node:
        return self._after("multiply", other)

    def __truediv__(self, other: Any) -> Node:
        return self._with("divide", other)

    def __rtruediv__(self, other: Any) -> Node:
        return self._after("divide", other)

    def __neg__(self) -> Node:
        return self.graph.node("negate", self.kind, self)

    def __abs__(self) -> Node:
        return self.graph.node("fabs", self.kind, self)

    def __lshift__(self, other: Any) -> Node:
        return self._with("left", other)

    def __rshift__(self, other: Any) -> Node:
        return self._with("right", other)

    def __and__(self, other: Any) -> Node:
        return self._with("and", other)

    def __or__(self, other: Any) -> Node:
        return self._with("or", other)

    def __xor__(self, other: Any) -> Node:
        return self._with("xor", other)

    def __invert__(self) -> Node:
        return self._with("xor", True if self.kind == TRUTH else -1)

    def __lt__(self, other: Any) -> Node:
        return self._with("lt", other, TRUTH)

    def __le__(self, other: Any) -> Node:
        return self._with("le", other, TRUTH)

    def __gt__(self, other: Any) -> Node:
        return self._with("gt", other, TRUTH)

    def __ge__(self, other: Any) -> Node:
        return self._with("ge", other, TRUTH)

    def __eq__(self, other: Any) -> Node:  # type: ignore[override]
        return self._with("eq", other, TRUTH)

    def __ne__(self, other: Any) -> Node:  # type: ignore[override]
        return self._with("ne", other, TRUTH)

    def __bool__(self) -> bool:
        raise TypeError("a formula has no branches")


class Graph:
    """The nodes of one function for one element type.

    Parameters
    ----------
    dtype : type
        numpy.float32 or numpy.float64.
    has_fma : bool, default=True
        Whether the machine has a product and a sum in one operation: bodies rely on its one rounding.
    has_scale : bool, default=False
        Whether the machine multiplies by a power of two in one operation, which has the same bits as several.
    """

    def __init__(self, dtype: Any, has_fma: bool = True, has_scale: bool = False) -> None:
        self.dtype, self.has_scale = dtype, has_scale
        self._has_fma = has_fma
        self._most = _MOST_NODES * (1 if has_fma else _MORE_IN_STEPS)
        self.nodes: list[Node] = []
        self._known: dict[Any, Node] = {}
        self._reals: dict[Any, Node] = {}

    def argument(self, name: str) -> Node:
        """A number that the function is given."""
        return self._made("argument", REAL, (name,), name)

    def real(self, number: Any) -> Node:
        """A real number, rounded to the element type."""
        given = float(number)
        key = given, given == 0 and math.copysign(1, given)
        if key not in self._reals:
            with np.errstate(over="ignore"):
                rounded = float(self.dtype(given))
            name = rounded.hex() if rounded == rounded else "nan"
            self._reals[key] = self._made("constant", REAL, (rounded,), name)
        return self._reals[key]

    def operand(self, value: Any, kind: str) -> Node:
        """A node as it is; a number as one."""
        if isinstance(value, Node):
            return value
        if kind == REAL:
            return self.real(value)
        number = bool(value) if kind == TRUTH else int(value)
        return self._made("constant", kind, (number,), number)

    def node(self, operation: str, kind: str, *operands: Node) -> Node:
        """The node of an operation, or of what it comes to where that is plain."""
        simpler = self._simpler(operation, operands)
        if simpler is not None:
            return simpler
        if operation == "fma" and not self._has_fma:
            return self._fma_in_steps(*operands)
        numbers = tuple(each.number for each in operands)
        key = tuple(sorted(numbers)) if operation in _COMMUTE else numbers
        return self._made(operation, kind, operands, key)

    def select(self, condition: Node, chosen: Any, other: Any) -> Node:
        """`chosen` where the condition holds, else `other`."""
        kind = next((each.kind for each in (chosen, other) if isinstance(each, Node)), REAL)
        a, b = self.operand(chosen, kind), self.operand(other, kind)
        if a is b:
            return a
        if condition.constant is not None:
            return a if condition.constant else b
        pairs = _operands_alike(a, b)
        if pairs:  # one operation on selected numbers instead of a selection of two: the same bits
            return self.node(a.operation, kind, *(self.select(condition, *pair) for pair in pairs))
        return self.node("select", kind, condition, a, b)

    def _made(self, operation: str, kind: str, operands: tuple[Any, ...], key: Any) -> Node:
        full = (operation, kind, key)
        if full not in self._known:
            if len(self.nodes) >= self._most:
                raise Refused(f"comes to more than {self._most} operations; repeat fewer times")
            self._known[full] = Node(self, len(self.nodes), operation, kind, operands)
            self.nodes.append(self._known[full])
        return self._known[full]

    def _fma_in_steps(self, a: Node, b: Node, c: Node) -> Node:
        """a * b + c with the rounding errors of both, by Dekker and Knuth: libm's would be a call for each number.

        Where a factor is infinite, or so large that its split is, the error is not to be had: a product and a sum.
        """
        split = 2.0 ** ((np.finfo(self.dtype).nmant + 2) // 2) + 1
        high_a, high_b = (scaled - (scaled - each) for each, scaled in ((a, a * split), (b, b * split)))
        low_a, low_b = a - high_a, b - high_b
        product = a * b
        lost = ((high_a * high_b - product) + high_a * low_b + low_a * high_b) + low_a * low_b
        total = product + c
        back = total - product
        exact = total + (((product - (total - back)) + (c - back)) + lost)
        return self.select(self.node("ne", TRUTH, exact, exact), total, exact)

    def _simpler(self, operation: str, operands: tuple[Node, ...]) -> Node | None:
        """What an operation gives, if that is known: the same bits, whatever the operands are."""
        numbers = [each.constant for each in operands]
        if operation == "negate":
            if operands[0].operation == "negate":
                return operands[0].operands[0]  # type: ignore[no-any-return]
            return None if numbers[0] is None or operands[0].kind != REAL else self.real(-numbers[0])
        if operation == "fabs" and operands[0].operation in ("negate", "fabs"):
            inside: Node = operands[0].operands[0]
            return abs(inside)
        if operation == "bits" and numbers[0] is not None:
            return self.operand(int(self.dtype(numbers[0]).view(f"i{self.dtype().itemsize}")), INTEGER)
        if len(operands) != 2:
            return None
        left, right = operands
        if operation == "ne" and numbers[1] == 0 and left.operation == "select":
            condition, *chosen = left.operands
            if [each.constant for each in chosen] == [1, 0]:  # a truth as a number, as np.where is given one
                return condition  # type: ignore[no-any-return]
        if None not in numbers and left.kind == REAL:
            return self._folded(operation, *numbers)
        if operation == "multiply" and numbers[0] == 1:
            return right
        if operation in ("multiply", "divide") and numbers[1] == 1:
            return left
        if operation == "multiply" and -1 in numbers and left.kind == REAL:
            return -(right if numbers[0] == -1 else left)
        return None

    def sum(self, left: Node, right: Node) -> Node:
        """left + right, in one operation with a product that one of them is, so that both are rounded once.

        This is done here instead of by LLVM, which looks at what else needs the product: then a value would have other
        bits where its slope is wanted, too.
        """
        if left is right:
            return left + right
        if left.operation == "multiply":
            return self.node("multiply_add", REAL, *left.operands, right)
        if right.operation == "multiply":
            return self.node("multiply_add", REAL, *right.operands, left)
        return left + right

    def difference(self, left: Node, right: Node) -> Node:
        """left - right, in the same way."""
        if left is right:
            return left - right
        if left.operation == "multiply":
            return self.node("multiply_add", REAL, *left.operands, -right)
        if right.operation == "multiply":
            first, second = right.operands
            return self.node("multiply_add", REAL, -first, second, left)
        return left - right

    def _folded(self, operation: str, left: float, right: float) -> Node | None:
        if operation in _COMPARED:
            return self.operand(_COMPARED[operation](left, right), TRUTH)
        if operation in _FOLDED:
            with np.errstate(all="ignore"):
                return self.real(_FOLDED[operation](self.dtype(left), self.dtype(right)))
        return None


def _operands_alike(a: Node, b: Node) -> list[tuple[Node, Node]]:
    """The operands of two nodes in pairs, where one operation may take the place of both; else nothing.

    It does where the two divide, as one division takes as long as ten selections, or share a factor.
    """
    if a.operation != b.operation or a.operation not in ("divide", "multiply") or a.kind != REAL:
        return []
    straight = list(zip(a.operands, b.operands, strict=True))
    if a.operation == "divide":
        return straight
    for pairs in (straight, list(zip(a.operands, b.operands[::-1], strict=True))):
        if any(one is other or one.operation == other.operation == "divide" for one, other in pairs):
            return pairs
    return []
