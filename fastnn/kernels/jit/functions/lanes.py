"""Functions for nopython code, of bodies that are written over `Real` numbers: LLVM instructions without branches.

Stable name: `lane_function`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from fastnn.kernels.jit.functions.expressions import Real, Truth

__all__ = ["lane_function"]

_REALS = (types.float32, types.float64)
_BIT = ir.IntType(1)
_Body = Callable[..., Real] | Callable[..., Truth]


def _define(module: Any, body: _Body, kind: Any, count: int) -> Any:
    """The module's function of a body, written once for each type of number."""
    symbol = f"{body.__module__}.{body.__qualname__}.{kind}"
    if symbol in module.globals:
        return module.globals[symbol]
    result = _BIT if _gives_truth(body) else kind
    function = ir.Function(module, ir.FunctionType(result, [kind] * count), symbol)
    function.linkage = "internal"
    for attribute in ("alwaysinline", "nounwind"):
        function.attributes.add(attribute)
    builder = ir.IRBuilder(function.append_basic_block())
    builder.ret(body(*(Real(builder, argument) for argument in function.args)).value)
    return function


def _gives_truth(body: _Body) -> bool:
    """Whether a body's result is a comparison's outcome."""
    return "Truth" in str(inspect.signature(body).return_annotation)


def lane_function(body: _Body) -> Any:
    """
    Make a function for nopython code of a body over `Real` numbers.

    Parameters
    ----------
    body : callable
        A function at the top of a module, whose name is its own in LLVM, too. Takes numbers of one type and returns
        such a number or, where its annotation says so, a `Truth`.

    Returns
    -------
    callable
        Takes float32 or float64 numbers, all of one type, and returns that type or a boolean.
    """
    if body.__qualname__ != body.__name__ or not body.__name__.isidentifier():
        raise TypeError(f"{body.__qualname__} has no name of its own: define it at the top of a module")

    def typed(typingctx: Any, *numbers: Any) -> Any:
        if numbers[0] not in _REALS or any(number != numbers[0] for number in numbers):
            return None

        def emit(context: Any, builder: Any, signature: Any, operands: Any) -> Any:
            function = _define(builder.module, body, operands[0].type, len(operands))
            return builder.call(function, operands)

        result = types.boolean if _gives_truth(body) else numbers[0]
        return result(*numbers), emit

    definition: Any = typed
    keep = inspect.Parameter.POSITIONAL_OR_KEYWORD
    names = ["typingctx", *inspect.signature(body).parameters]
    definition.__name__, definition.__doc__ = body.__name__, body.__doc__
    definition.__signature__ = inspect.Signature([inspect.Parameter(each, keep) for each in names])
    return intrinsic(definition)
