"""What is known of a number's sign: by how it was made, and by what the way through the function has told of it.

An exponential of a number that is not positive takes three quarters of the operations of any other, and exp(z) - 1
half.
"""

from __future__ import annotations

from fastnn.kernels.jit.functions.dual import Dual
from fastnn.kernels.jit.functions.graph import Node

__all__ = ["is_never_positive"]

_BELOW = {("lt", True), ("le", True), ("gt", False), ("ge", False)}  # comparisons with a number, and their answers


def is_never_positive(z: Dual) -> bool:
    """Whether z is zero, negative or NaN on the way on which it is asked for."""
    return _is_negative(z.value) or _told_negative(z, _without_scale(z.value))


def _is_negative(node: Node) -> bool:
    if node.constant is not None:
        return bool(node.constant <= 0)
    if node.operation == "negate":
        return _is_positive(node.operands[0])
    return node.operation in ("multiply", "divide") and _sign_of_product(*node.operands) == -1


def _is_positive(node: Node) -> bool:
    if node.constant is not None:
        return bool(node.constant >= 0)
    if node.operation in ("multiply", "divide"):
        return _sign_of_product(*node.operands) == 1
    return node.operation in ("fabs", "sqrt")


def _sign_of_product(a: Node, b: Node) -> int:
    """1 of what is never negative, -1 of what is never positive, else 0; of c t t, too, which is (c t) t."""
    if a is b:
        return 1
    for one, other in ((a, b), (b, a)):
        if one.operation == "multiply" and any(each is other for each in one.operands):
            return _sign(one.operands[0] if one.operands[1] is other else one.operands[1])
    return _sign(a) * _sign(b)


def _sign(node: Node) -> int:
    return 1 if _is_positive(node) else -1 if _is_negative(node) else 0


def _without_scale(node: Node) -> Node:
    """What a number is a positive multiple of."""
    if node.operation == "divide" and (node.operands[1].constant or 0) > 0:
        return node.operands[0]  # type: ignore[no-any-return]
    if node.operation == "multiply":
        for one, other in (node.operands, node.operands[::-1]):
            if (one.constant or 0) > 0:
                return other  # type: ignore[no-any-return]
    return node


def _told_negative(z: Dual, node: Node) -> bool:
    for condition, answer in zip(z.questions.asked, z.questions.told, strict=True):
        if (condition.operation, answer) in _BELOW and condition.operands[0] is node:
            limit = condition.operands[1].constant
            if limit is not None and limit <= 0:
                return True
    return False
