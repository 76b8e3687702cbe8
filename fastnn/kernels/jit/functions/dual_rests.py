"""Whole quotients of dual numbers, and what is left: by three ways of rounding the quotient.

The quotient of two numbers is rounded before it is made whole, and so may be one too far; what is left tells. Where it
is off by more, as for a quotient of more digits than a number has, there is no number instead of a wrong one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from fastnn.kernels.jit.functions.dual import OPERATIONS, Dual, chain, slope_difference
from fastnn.kernels.jit.functions.graph import REAL, Node

__all__ = ["fmod", "remainder"]


class _Step(NamedTuple):
    """Whether a whole quotient is one too far, what is too much of it, and what is missing of the rest."""

    needed: Node
    too_much: Node | float
    missing: Node
    sign_of: Node  # whose sign a rest of zero has


def _down(a: Node, b: Node, rest: Node) -> _Step:
    """The rest has the sign of b."""
    return _Step((rest != 0.0) & ((rest < 0.0) ^ (b < 0.0)), 1.0, b, b)


def _towards_zero(a: Node, b: Node, rest: Node) -> _Step:
    """The rest has the sign of a."""
    sign = _with_sign(a.graph.real(1.0), a)
    return _Step((rest != 0.0) & ((rest < 0.0) ^ (a < 0.0)), _with_sign(sign, sign * b), _with_sign(b, a), a)


def _to_nearest(a: Node, b: Node, rest: Node) -> _Step:
    """The rest is at most half of b."""
    missing = -_with_sign(b, rest)
    return _Step(abs(rest) > 0.5 * abs(b), _with_sign(a.graph.real(1.0), missing * b), missing, a)


def _with_sign(size: Node, of: Node) -> Node:
    return size.graph.node("copysign", REAL, size, of)


def _whole_and_rest(a: Dual, b: Dual, rounding: str, step: Callable[[Node, Node, Node], _Step]) -> tuple[Node, Dual]:
    graph, divisor = a.graph, b.value
    whole = graph.node(rounding, REAL, a.value / divisor)
    rest = graph.node("fma", REAL, -whole, divisor, a.value)  # exact, on machines without such an operation, too
    if divisor.constant is None or math.isinf(divisor.constant):
        rest = graph.select(whole == 0.0, a.value, rest)  # 0 * infinity would be NaN
    needed, too_much, missing, sign_of = step(a.value, divisor, rest)
    whole, rest = graph.select(needed, whole - too_much, whole), graph.select(needed, rest + missing, rest)
    rest = graph.select(rest == 0.0, _with_sign(rest, sign_of), rest)
    known = graph.select(abs(rest) <= abs(divisor), rest, math.nan)
    return whole, a.like(known, slope_difference(a.slope, chain(whole, b.slope)))


def _floor_divide(a: Dual, b: Dual) -> Dual:
    whole, _ = _whole_and_rest(a, b, "floor", _down)
    return a.like(a.graph.select(abs(a.value) == math.inf, math.nan, whole))


def _modulo(a: Dual, b: Dual) -> Dual:
    return _whole_and_rest(a, b, "floor", _down)[1]


def fmod(a: Dual, b: Dual) -> Dual:
    """The rest of a division that is rounded towards zero."""
    return _whole_and_rest(a, b, "trunc", _towards_zero)[1]


def remainder(a: Dual, b: Dual) -> Dual:
    """The rest of a division that is rounded to the nearest."""
    return _whole_and_rest(a, b, "rint", _to_nearest)[1]


OPERATIONS["floor_divide"] = _floor_divide
OPERATIONS["modulo"] = _modulo
