"""Which answers follow from others: whether z > 2 holds is known where z > 3 does, and where z > 1 does not.

So a function with many comparisons of one number has as many ways as there are pieces between its bounds, and not two
to the power of them.
"""

from __future__ import annotations

from typing import NamedTuple

from fastnn.kernels.jit.functions.graph import REAL, Node

__all__ = ["HalfLine", "half_line", "implied"]

_BELOW = {"lt": False, "le": True}  # whether the bound belongs to the numbers below it
_ABOVE = {"gt": False, "ge": True}
_TURNED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}


class HalfLine(NamedTuple):
    """The numbers on one side of a bound, which may be one of them."""

    node: Node  # what is compared
    below: bool
    bound: float
    closed: bool

    def lies_in(self, other: HalfLine) -> bool:
        """Whether each of these numbers is one of the other's."""
        if self.below != other.below:
            return False
        if self.bound == other.bound:
            return other.closed or not self.closed
        return (self.bound < other.bound) == self.below

    def is_apart_from(self, other: HalfLine) -> bool:
        """Whether none of these numbers is one of the other's."""
        if self.below == other.below:
            return False
        if self.bound == other.bound:
            return not (self.closed and other.closed)
        return (self.bound < other.bound) == self.below


def half_line(condition: Node) -> HalfLine | None:
    """The numbers for which a condition holds, where it compares one with a constant."""
    operation = condition.operation
    if operation not in _TURNED or condition.operands[0].kind != REAL:
        return None
    node, bound = condition.operands
    if bound.constant is None:
        node, bound, operation = bound, node, _TURNED[operation]
    if bound.constant is None or bound.constant != bound.constant:
        return None
    below = operation in _BELOW
    return HalfLine(node, below, bound.constant, (_BELOW if below else _ABOVE)[operation])


def implied(asked: HalfLine, known: HalfLine, told: bool) -> bool | None:
    """Whether a number lies on one half-line, where it is known if it lies on another; None where that says nothing.

    A number that does not lie on the other may be NaN, which lies nowhere.
    """
    if asked.node is not known.node:
        return None
    if told and known.lies_in(asked):
        return True
    if (told and known.is_apart_from(asked)) or (not told and asked.lies_in(known)):
        return False
    return None
