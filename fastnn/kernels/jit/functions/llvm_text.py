"""A graph, written down as the LLVM code of whole vectors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from fastnn.kernels.jit.functions.angles import ANGLES
from fastnn.kernels.jit.functions.graph import INTEGER, REAL, TRUTH, Graph, Node
from fastnn.kernels.jit.functions.large_angle_text import hexadecimal, large_angle_text
from fastnn.kernels.jit.functions.scale_text import scale_text

__all__ = ["Writer"]

_SUFFIX = {np.float32: "f32", np.float64: "f64"}
_REALS = {np.float32: "float", np.float64: "double"}
_INTEGERS = {np.float32: "i32", np.float64: "i64"}
_REAL_OPERATIONS = {"add": "fadd", "subtract": "fsub", "multiply": "fmul", "divide": "fdiv"}
_INTEGER_OPERATIONS = {
    "add": "add",
    "subtract": "sub",
    "multiply": "mul",
    "left": "shl",
    "right": "lshr",
    "and": "and",
    "or": "or",
    "xor": "xor",
}
_REAL_COMPARISONS = {name: f"o{name}" for name in ("lt", "le", "gt", "ge", "eq")} | {"ne": "une"}  # NaN is not equal
_INTEGER_COMPARISONS = {"lt": "slt", "le": "sle", "gt": "sgt", "ge": "sge", "eq": "eq", "ne": "ne"}
_CASTS = {"bits", "of_bits"}
_INTRINSICS = {name: name for name in ("sqrt", "fabs", "floor", "ceil", "trunc", "rint", "copysign", "fma")}
_INTRINSICS["multiply_add"] = "fmuladd"  # two operations where a machine has no such one


class Writer:
    """Writes nodes as instructions, each once.

    Parameters
    ----------
    graph : Graph
        Of the nodes.
    lanes : int
        Elements of a vector.
    calls_libm : bool, default=False
        Whether sin, cos and tan of large angles are computed, by calls.
    """

    def __init__(self, graph: Graph, lanes: int, calls_libm: bool = False) -> None:
        self._calls_libm = calls_libm
        self._prefix = "c" if calls_libm else "n"
        self.lanes, self.dtype = lanes, graph.dtype
        self.element = _REALS[graph.dtype]
        self.vector = f"<{lanes} x {self.element}>"
        self._types = {
            REAL: self.vector,
            INTEGER: f"<{lanes} x {_INTEGERS[graph.dtype]}>",
            TRUTH: f"<{lanes} x i1>",
        }
        self.graph = graph
        self.declared: set[str] = set()
        self.defined: dict[str, str] = {}  # functions, by their names

    def body(self, outputs: Iterable[Node]) -> list[str]:
        """The instructions for some nodes and all that they need; arguments are registers of their names."""
        left_out = {"argument", "constant"} if self._calls_libm else {"argument", "constant", *ANGLES}
        needed = [node for node in self._needed(outputs) if node.operation not in left_out]
        return [line for node in needed for line in self._instructions(node)]

    def large_angles(self, outputs: Iterable[Node]) -> list[str]:
        """The tests, as operands, whether angles that some nodes need are too large without calls."""
        tests = {node.operands[2] for node in self._needed(outputs) if node.operation in ANGLES}
        return [self.text(each) for each in sorted(tests, key=lambda node: node.number)]

    def text(self, node: Node) -> str:
        """A node as an operand."""
        if node.operation == "argument":
            return f"%{node.operands[0]}"
        if node.operation in ANGLES and not self._calls_libm:
            return self.text(node.operands[1])
        if node.operation != "constant":
            return f"%{self._prefix}{node.number}"
        kind = self._types[node.kind].split()[-1].rstrip(">")
        number = _number(node)
        return f"<{', '.join([f'{kind} {number}'] * self.lanes)}>"

    def _needed(self, outputs: Iterable[Node]) -> list[Node]:
        needed: set[int] = set()
        left = list(outputs)
        while left:
            node = left.pop()
            if node.number not in needed:
                needed.add(node.number)
                left += [each for each in node.operands if isinstance(each, Node)]
        return [self.graph.nodes[number] for number in sorted(needed)]

    def _instructions(self, node: Node) -> list[str]:
        name = f"%{self._prefix}{node.number}"
        if node.operation == "scale":
            lines, declared = scale_text(name, [self.text(each) for each in node.operands], self.element, self.lanes)
            self.declared.add(declared)
            return lines
        return [f"{name} = {self._right_side(node.operation, node, *node.operands)}"]

    def _right_side(self, operation: str, node: Node, *operands: Any) -> str:
        first = operands[0]
        kind = self._types[first.kind]
        texts = [self.text(each) for each in operands]
        if operation == "select":
            typed = ", ".join(f"{self._types[each.kind]} {text}" for each, text in zip(operands, texts, strict=True))
            return f"select {typed}"
        if operation in ANGLES:
            self.defined[operation], declared = large_angle_text(operation, self.element, self.lanes)
            self.declared |= declared
            return f"call {kind} @fastnn_{operation}({kind} {texts[0]}, {kind} {texts[1]})"
        if operation in _CASTS:
            return f"bitcast {kind} {texts[0]} to {self._types[node.kind]}"
        if operation in _INTRINSICS:
            name = f"@llvm.{_INTRINSICS[operation]}.v{self.lanes}{_SUFFIX[self.dtype]}"
            self.declared.add(f"declare {kind} {name}({', '.join([kind] * len(operands))})")
            return f"call {kind} {name}({', '.join(f'{kind} {text}' for text in texts)})"
        if operation == "negate":
            return f"fneg {kind} {texts[0]}" if first.kind == REAL else f"sub {kind} zeroinitializer, {texts[0]}"
        if first.kind == REAL:
            if operation in _REAL_COMPARISONS:
                return f"fcmp {_REAL_COMPARISONS[operation]} {kind} {', '.join(texts)}"
            return f"{_REAL_OPERATIONS[operation]} {kind} {', '.join(texts)}"
        if operation in _INTEGER_COMPARISONS:
            return f"icmp {_INTEGER_COMPARISONS[operation]} {kind} {', '.join(texts)}"
        return f"{_INTEGER_OPERATIONS[operation]} {kind} {', '.join(texts)}"


def _number(node: Node) -> str:
    if node.kind == REAL:
        return hexadecimal(node.constant)
    return str(node.constant).lower()
