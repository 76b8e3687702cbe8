"""The functions of fastnn.jit.math in nopython code: what Numba compiles where a user's function calls one of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.core.registry import cpu_target
from numba.extending import overload

from fastnn.jit.places import place_of_call
from fastnn.kernels.jit.functions import vector_math

__all__ = ["register"]


def _require_number(name: str, given: Any) -> None:
    kind = types.unliteral(given)
    if kind in (types.float32, types.float64) or isinstance(kind, types.Integer):
        return
    advice = "; call it for each number of an array in a loop" if isinstance(kind, types.Array) else ""
    raise TypeError(
        f"fastnn.jit.math.{name}: an argument is {kind}, wanted a number, float32, float64 or an integer"
        f"{advice}.{place_of_call()}"
    )


def _common(name: str, *given: Any) -> Any:
    """The type that numbers are computed in."""
    for each in given:
        _require_number(name, each)
    return np.float32 if all(each is types.float32 for each in given) else np.float64


def _register(function: Callable[..., Any]) -> None:
    name = function.__name__
    vector_function = getattr(vector_math, name)

    def of_one(x: Any) -> Any:
        kind = _common(name, x)
        return lambda x: vector_function(kind(x))

    def of_two(x: Any, y: Any) -> Any:
        kind = _common(name, x, y)
        return lambda x, y: vector_function(kind(x), kind(y))

    count = len(inspect.signature(function).parameters)
    # Inline: LLVM makes vectors only of what stands in the loop itself, and would leave a long function out of it.
    overload(function, strict=False, inline="always")((of_one, of_two)[count - 1])


def register(*functions: Callable[..., Any]) -> None:
    """Let functions that Numba compiles call some of fastnn.jit.math's."""
    for function in functions:
        _register(function)
    # Numba may be in the middle of a function that has led here, with what it knew when it began.
    cpu_target.typing_context.refresh()
    cpu_target.target_context.refresh()
