"""Products and sums of slopes, with constant factors brought together.

What is written as 0.5 * z ** 2 has the slope z, not (z + z) * 0.5, and 0.5 * abs(z) ** 2 the same. A slope may be
rounded otherwise than by the rules of derivation step by step, where a value may not.
"""

from __future__ import annotations

from fastnn.kernels.jit.functions.graph import REAL, Node

__all__ = ["doubled", "product"]

_SMALLEST, _LARGEST = 1e-6, 1e6  # of a constant factor: it cannot be what kept a product from overflow


def product(slope: Node, factor: Node | float) -> Node:
    """slope * factor."""
    node = slope.graph.operand(factor, REAL)
    if node.constant is not None:
        return _scaled(slope, node.constant)
    signed = _of_size(node, slope)
    return slope * node if signed is None else signed


def doubled(slope: Node) -> Node:
    """slope + slope."""
    _, constant = _without_constant(slope)
    return slope + slope if constant is None else _scaled(slope, 2.0)


def _scaled(slope: Node, number: float) -> Node:
    base, constant = _without_constant(slope)
    if constant is not None and _SMALLEST < abs(number * constant) < _LARGEST:
        return base * (number * constant)
    signs = _constants(slope)
    if signs is not None:
        condition, yes, no = signs
        return slope.graph.select(condition, yes * number, no * number)
    return slope * number


def _without_constant(node: Node) -> tuple[Node, float | None]:
    """A product's factor that is no constant, and the other one; None where it has none that is close to 1."""
    if node.operation == "add" and node.operands[0] is node.operands[1]:
        base, constant = _without_constant(node.operands[0])
        return base, 2.0 * (constant or 1.0)
    for one, other in (node.operands, node.operands[::-1]) if node.operation == "multiply" else ():
        if one.constant is not None and _SMALLEST < abs(one.constant) < _LARGEST:
            return other, one.constant
    return node, None


def _constants(node: Node) -> tuple[Node, float, float] | None:
    """The condition and the two constants of a selection of such."""
    if node.operation != "select":
        return None
    condition, yes, no = node.operands
    return None if yes.constant is None or no.constant is None else (condition, yes.constant, no.constant)


def _of_size(node: Node, slope: Node) -> Node | None:
    """The product of c |v| and the sign of v, or a multiple of that: c v; None for other products."""
    signs, (size, constant) = _constants(slope), _without_constant(node)
    if signs is None or size.operation != "fabs" or signs[1] != -signs[2]:
        return None
    condition, v = signs[0], size.operands[0]
    if condition.operation != "lt" or condition.operands[0] is not v or condition.operands[1].constant != 0:
        return None
    return _scaled(v, signs[2] * (constant or 1.0))
