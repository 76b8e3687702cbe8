"""A user's function of numbers as expressions of its value and slope."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from fastnn.kernels.jit.functions.dual import Dual, Truth
from fastnn.kernels.jit.functions.frozen import FrozenFunctions
from fastnn.kernels.jit.functions.graph import Graph, Node
from fastnn.kernels.jit.functions.paths import Questions, every_way
from fastnn.kernels.jit.functions.refusal import Refused, refusal

__all__ = ["recorded"]


def recorded(graph: Graph, function: Any, arguments: dict[str, tuple[Node, Node | None]]) -> tuple[Node, Node | None]:
    """Value and slope of a function.

    Parameters
    ----------
    graph : Graph
        Takes the expressions.
    function : callable
        A user's, of as many numbers as there are arguments.
    arguments : dict of str to (Node, Node or None)
        Values and slopes of the function's arguments, by their names in messages.

    Returns
    -------
    tuple of (Node, Node or None)
        A slope of None is zero everywhere.

    Raises
    ------
    TypeError
        If the function cannot be compiled; one sentence shows the line.
    """
    frozen, questions = FrozenFunctions(), Questions()
    try:
        called = frozen.copy(function)
        _require_arity(function, called, arguments)
        given = [Dual(questions, *each) for each in arguments.values()]
        return every_way(graph, questions, lambda: _number(graph, called(*given)))
    except Exception as error:
        raise refusal(function, error, frozen.codes) from None


def _require_arity(function: Any, called: Any, arguments: dict[str, Any]) -> None:
    parameters = inspect.signature(called).parameters.values()
    positional = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    most = len(arguments) if any(each.kind == each.VAR_POSITIONAL for each in parameters) else len(positional)
    needed = sum(each.default is each.empty for each in positional)
    left = [each.name for each in parameters if each.kind == each.KEYWORD_ONLY and each.default is each.empty]
    if left or not needed <= len(arguments) <= most:
        came = f"also wants {left[0]}" if left else f"takes {needed} argument{'' if needed == 1 else 's'}"
        raise Refused(f"{came}, wanted is a function of {len(arguments)} ({', '.join(arguments)})")


def _number(graph: Graph, result: Any) -> tuple[Node, Node | None]:
    """What a function has returned, on one way."""
    if isinstance(result, Truth):
        result = result.number()
    if isinstance(result, Dual):
        return result.value, result.slope
    if isinstance(result, int | float | np.integer | np.floating | np.bool_):
        return graph.real(result), None
    what = "nothing" if result is None else type(result).__name__
    raise Refused(f"returns {what} on some way through it, wanted is a number on each")
