"""The library's vector functions, whose bodies are written over `Real`, as expressions of a graph.

A body appends instructions to a builder of LLVM code; here it is given one that makes nodes instead. What a value and
its slope have in common is then one node, and all of it becomes whole vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from llvmlite import ir

from fastnn.kernels.jit.functions.expressions import Real
from fastnn.kernels.jit.functions.graph import INTEGER, REAL, TRUTH, Graph, Node

__all__ = ["applied"]

_NAMES = {"fadd": "add", "fsub": "subtract", "fmul": "multiply", "fdiv": "divide", "add": "add", "sub": "subtract"}
_NAMES |= {"and_": "and", "or_": "or", "xor": "xor", "shl": "left", "lshr": "right"}
_COMPARISONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}


def applied(body: Callable[..., Real], *numbers: Node) -> Node:
    """What a body gives for some numbers."""
    builder = _Builder(numbers[0].graph)
    return builder.node(body(*(Real(builder, _Typed(each)) for each in numbers)).value)


class _Typed:
    """A node with its type in LLVM, as `Real` wants values."""

    __slots__ = ("node", "type")

    def __init__(self, node: Node) -> None:
        self.node, self.type = node, _types(node.graph.dtype)[node.kind]


@lru_cache(2)
def _types(dtype: Any) -> dict[str, Any]:
    is_float = dtype is np.float32
    real, integer = (ir.FloatType(), ir.IntType(32)) if is_float else (ir.DoubleType(), ir.IntType(64))
    return {REAL: real, INTEGER: integer, TRUTH: ir.IntType(1)}


class _Builder:
    """Those methods of `llvmlite.ir.IRBuilder` that bodies call, each of which gives a node."""

    module = SimpleNamespace(declare_intrinsic=lambda name, *types: name.removeprefix("llvm."))

    def __init__(self, graph: Graph) -> None:
        self._graph, self.has_scale = graph, graph.has_scale

    def node(self, value: Any) -> Node:
        """The node of a value, which may be a constant of LLVM."""
        if isinstance(value, _Typed):
            return value.node
        is_real = not isinstance(value.type, ir.IntType)
        return self._graph.operand(value.constant, REAL if is_real else TRUTH if value.type.width == 1 else INTEGER)

    def _made(self, operation: str, kind: str | None, *values: Any) -> _Typed:
        nodes = [self.node(each) for each in values]
        return _Typed(self._graph.node(operation, kind or nodes[0].kind, *nodes))

    def __getattr__(self, name: str) -> Any:
        """An operation on two values of one type."""
        operation = _NAMES[name]
        return lambda left, right, flags=(): self._made(operation, None, left, right)

    def fneg(self, value: Any, flags: Any = ()) -> _Typed:
        return self._made("negate", None, value)

    def not_(self, value: Any) -> _Typed:
        return _Typed(~self.node(value))

    def fcmp_ordered(self, operator: str, left: Any, right: Any, flags: Any = ()) -> _Typed:
        return self._made(_COMPARISONS[operator], TRUTH, left, right)

    def fcmp_unordered(self, operator: str, left: Any, right: Any, flags: Any = ()) -> _Typed:
        """A test for NaN, the only one of these that bodies make."""
        assert operator == "uno" and left is right
        return self._made("ne", TRUTH, left, right)

    def icmp_unsigned(self, operator: str, left: Any, right: Any) -> _Typed:
        return self._made({"==": "eq", "!=": "ne"}[operator], TRUTH, left, right)

    def select(self, condition: Any, chosen: Any, other: Any) -> _Typed:
        return _Typed(self._graph.select(self.node(condition), self.node(chosen), self.node(other)))

    def scale(self, value: Any, k: Any) -> _Typed:
        return self._made("scale", None, value, k)

    def bitcast(self, value: Any, kind: Any) -> _Typed:
        to_bits = isinstance(kind, ir.IntType)
        return self._made("bits" if to_bits else "of_bits", INTEGER if to_bits else REAL, value)

    def call(self, name: str, values: Any) -> _Typed:
        return self._made(name, REAL, *values)
