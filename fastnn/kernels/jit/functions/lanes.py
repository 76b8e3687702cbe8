"""Functions for nopython code that become LLVM instructions, all without branches.

Numba makes a branch of `a if c else b`, which stops vectorisation, and calls libm's fma and rint.

Stable names: `select`, `fma`, `rint`, `floor`, `ceil`, `trunc`, `fabs`, `copysign`, `load`, `store`,
and `lane_function`, which makes such a function of a body over `Real`.
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

__all__ = ["ceil", "copysign", "fabs", "floor", "fma", "lane_function", "load", "rint", "select", "store", "trunc"]

REALS = (types.float32, types.float64)


BIT = ir.IntType(1)
Body = Callable[..., Real] | Callable[..., Truth]


def _define(module: Any, name: str, body: Body, kind: Any, count: int) -> Any:
    """The module's function of a body, written once for each type of number."""
    symbol = f"fastnn.{name}.{kind}"
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


def lane_function(body: Body, name: str = "") -> Any:
    """
    Make a function for nopython code of a body over `Real` numbers.

    Parameters
    ----------
    body : callable
        Takes one, two or three numbers of one type and returns a number of that type.
    name : str
        Its name in LLVM; the body's own by default.

    Returns
    -------
    callable
        Takes float32 or float64 numbers, all of one type, and returns that type.
    """
    called = name or body.__name__
    parameters = list(inspect.signature(body).parameters)

    def typed(typingctx: Any, *numbers: Any) -> Any:
        if numbers[0] not in REALS or any(number != numbers[0] for number in numbers):
            return None

        def emit(context: Any, builder: Any, signature: Any, operands: Any) -> Any:
            function = _define(builder.module, called, body, operands[0].type, len(operands))
            return builder.call(function, operands)

        result = types.boolean if gives_truth(body) else numbers[0]
        return result(*numbers), emit

    typed.__name__, typed.__doc__ = called, body.__doc__
    keep = inspect.Parameter.POSITIONAL_OR_KEYWORD
    names = ["typingctx", *parameters]
    typed.__signature__ = inspect.Signature([inspect.Parameter(each, keep) for each in names])
    return intrinsic(typed)


@intrinsic
def select(typingctx: Any, condition: Any, yes: Any, no: Any) -> Any:
    """`yes` where the condition holds, else `no`, of one type; both are computed."""
    if condition != types.boolean or yes != no:
        return None

    def emit(context: Any, builder: Any, signature: Any, operands: Any) -> Any:
        bit = context.cast(builder, operands[0], types.boolean, types.boolean)
        return builder.select(bit, operands[1], operands[2])

    return yes(condition, yes, yes), emit


def _fma(a: Real, b: Real, c: Real) -> Real:
    """a * b + c, rounded once."""
    return expressions.fma(a, b, c)


fma = lane_function(_fma, "fma")
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
