"""What users' functions call, for dual numbers: math's and NumPy's functions, and some of Python and SciPy."""

from __future__ import annotations

import builtins
import math
import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from fastnn.kernels.jit.functions import math_sketch as vm
from fastnn.kernels.jit.functions.dual import Dual, Truth, chain, choose, is_number
from fastnn.kernels.jit.functions.graph import REAL, TRUTH, Node
from fastnn.kernels.jit.functions.refusal import Refused

__all__ = ["known_function"]

_TABLE: dict[Any, Callable[..., Any]] = {}


def known_function(function: Any) -> Callable[..., Any] | None:
    """What stands for a function that others have written, or None where it is unknown."""
    try:
        found = _TABLE.get(function)
    except TypeError:  # it cannot be hashed
        return None
    return found or _of_scipy(function)


def _is_recorded(thing: Any) -> bool:
    return isinstance(thing, Dual | Truth)


def _originals(names: str) -> list[Any]:
    """The functions of math, NumPy and Python that have one of these names."""
    wanted = names.split()
    return [getattr(module, name) for module in (math, np, builtins) for name in wanted if hasattr(module, name)]


def _lift(likes: tuple[Any, ...]) -> list[Dual]:
    """Numbers, of which one at least is recorded, as dual ones."""
    first = next(each for each in likes if _is_recorded(each))
    known = first.number() if isinstance(first, Truth) else first
    lifted = [known.lifted(each) for each in likes]
    if None in [each if each is None else 0 for each in lifted]:
        wrong = next(each for each, dual in zip(likes, lifted, strict=True) if dual is None)
        raise Refused(f"gives {type(wrong).__name__} where a number is wanted")
    return lifted  # type: ignore[return-value]


def _define(names: str, function: Callable[..., Any]) -> None:
    """Let `function` of dual numbers stand for all functions of these names; of plain numbers they stay what they are."""
    for original in _originals(names):
        _TABLE[original] = _dispatching(original, function)


def _dispatching(original: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    def dispatching(*arguments: Any) -> Any:
        if any(_is_recorded(each) for each in arguments):
            return function(*_lift(arguments))
        return original(*arguments)

    return dispatching


# --- functions of one number -----------------------------------------------------------------------


def _unary(value: Callable[[Node], Node], slope: Callable[[Node, Node], Any]) -> Callable[[Dual], Dual]:
    """By value(v) and slope(v, value)."""

    def function(z: Dual) -> Dual:
        a = value(z.value)
        return z.like(a, None if z.slope is None else chain(slope(z.value, a), z.slope))

    return function


def _bounded(value: Callable[[Node], Node], slope: Callable[[Node, Node], Any]) -> Callable[[Dual], Dual]:
    """The same for a function that comes to an end, where its slope is zero, even if what is within grows beyond all."""

    def function(z: Dual) -> Dual:
        a = value(z.value)
        if z.slope is None:
            return z.like(a)
        outer = slope(z.value, a)
        inner = chain(outer, z.slope)
        if z.slope.constant is not None:
            return z.like(a, inner)
        return z.like(a, z.graph.select(outer == 0.0, 0.0, inner))

    return function


def _step(operation: str) -> Callable[[Dual], Dual]:
    return lambda z: z.like(z.graph.node(operation, REAL, z.value))


def _sqrt(v: Node) -> Node:
    return v.graph.node("sqrt", REAL, v)


def _sign(z: Dual) -> Dual:
    v, select = z.value, z.graph.select
    return z.like(select(v > 0.0, 1.0, select(v < 0.0, -1.0, v)))


_define("exp", _bounded(vm.exp, lambda v, a: a))
_define("log", _unary(vm.log, lambda v, a: 1.0 / v))
_define("log1p", _unary(vm.log1p, lambda v, a: 1.0 / (1.0 + v)))
_define("sin", _unary(vm.sin, lambda v, a: vm.cos(v)))
_define("cos", _unary(vm.cos, lambda v, a: -vm.sin(v)))
_define("sqrt", _unary(_sqrt, lambda v, a: 0.5 / a))
_define("fabs abs absolute", abs)
_define("sign", _sign)
for _names, _operation in {"floor": "floor", "ceil": "ceil", "trunc fix int": "trunc", "rint round": "rint"}.items():
    _define(_names, _step(_operation))
_define("float float64", lambda z: z)


def _of_scipy(function: Any) -> Callable[..., Any] | None:
    return None
