"""Functions for nopython code that become LLVM instructions, all without branches.

Numba makes a branch of `a if c else b`, which stops vectorisation, and calls libm's fma and rint.

Stable names: all in `__all__`; `lane_function` makes such a function of a body over `Real`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from fastnn.kernels.jit.functions import comparisons, expressions
from fastnn.kernels.jit.functions.expressions import Real, Truth

__all__ = [
    "ceil",
    "copysign",
    "fabs",
    "floor",
    "fma",
    "isfinite",
    "isinf",
    "isnan",
    "lane_function",
    "load",
    "rint",
    "select",
    "signbit",
    "store",
    "trunc",
]

REALS = (types.float32, types.float64)
BIT = ir.IntType(1)
Body = Callable[..., Real] | Callable[..., Truth]


def _define(module: Any, body: Body, kind: Any, count: int) -> Any:
    """The module's function of a body, written once for each type of number."""
    symbol = f"{body.__module__}.{body.__qualname__}.{kind}"
    if symbol in module.globals:
        return module.globals[symbol]
    result = BIT if gives_truth(body) else kind
    function = ir.Function(module, ir.FunctionType(result, [kind] * count), symbol)
    function.linkage = "internal"
    for attribute in ("alwaysinline", "nounwind"):
        function.attributes.add(attribute)
    builder = ir.IRBuilder(function.append_basic_block())
    builder.ret(body(*(Real(builder, argument) for argument in function.args)).value)
    return function


def gives_truth(body: Body) -> bool:
    """Whether a body's result is a comparison's outcome."""
    return "Truth" in str(inspect.signature(body).return_annotation)


def lane_function(body: Body) -> Any:
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
        if numbers[0] not in REALS or any(number != numbers[0] for number in numbers):
            return None

        def emit(context: Any, builder: Any, signature: Any, operands: Any) -> Any:
            function = _define(builder.module, body, operands[0].type, len(operands))
            return builder.call(function, operands)

        result = types.boolean if gives_truth(body) else numbers[0]
        return result(*numbers), emit

    definition: Any = typed
    keep = inspect.Parameter.POSITIONAL_OR_KEYWORD
    names = ["typingctx", *inspect.signature(body).parameters]
    definition.__name__, definition.__doc__ = body.__name__, body.__doc__
    definition.__signature__ = inspect.Signature([inspect.Parameter(each, keep) for each in names])
    return intrinsic(definition)


@intrinsic
def select(typingctx: Any, condition: Any, yes: Any, no: Any) -> Any:
    """`yes` where the condition holds, else `no`, of one type; both are computed."""
    if condition != types.boolean or yes != no:
        return None

    def emit(context: Any, builder: Any, signature: Any, operands: Any) -> Any:
        return builder.select(*operands)

    return yes(condition, yes, yes), emit


fma = lane_function(expressions.fma)
fabs = lane_function(comparisons.fabs)
copysign = lane_function(comparisons.copysign)
floor = lane_function(comparisons.floor)
ceil = lane_function(comparisons.ceil)
trunc = lane_function(comparisons.trunc)
rint = lane_function(comparisons.rint)
isnan = lane_function(comparisons.isnan)
isinf = lane_function(comparisons.isinf)
isfinite = lane_function(comparisons.isfinite)
signbit = lane_function(comparisons.signbit)


def _alignment(real: Any) -> int:
    return int(real.bitwidth) // 8


@intrinsic
def load(typingctx: Any, pointer: Any, k: Any) -> Any:
    """The number at place k after a pointer; an array's index would test for a negative one."""
    if not (isinstance(pointer, types.CPointer) and pointer.dtype in REALS and isinstance(k, types.Integer)):
        return None

    def emit(context: Any, builder: Any, signature: Any, operands: Any) -> Any:
        place = builder.gep(operands[0], [operands[1]], inbounds=True)
        return builder.load(place, align=_alignment(signature.return_type))

    return pointer.dtype(pointer, types.intp), emit


@intrinsic
def store(typingctx: Any, pointer: Any, k: Any, number: Any) -> Any:
    """Write a number at place k after a pointer."""
    if not (isinstance(pointer, types.CPointer) and pointer.dtype == number and isinstance(k, types.Integer)):
        return None

    def emit(context: Any, builder: Any, signature: Any, operands: Any) -> Any:
        place = builder.gep(operands[0], [operands[1]], inbounds=True)
        builder.store(operands[2], place, align=_alignment(number))
        return context.get_dummy_value()

    return types.void(pointer, types.intp, number), emit
