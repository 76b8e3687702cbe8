"""Calls of the C interface in nopython code."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from fastnn.kernels.abi import FIRST_FUNCTION, Symbol, symbols
from fastnn.llvm_symbols import TABLE

__all__ = ["apart", "call_of", "fail"]

_OK, _NO_MEMORY, _REMOVED = 0, 1, 3  # of fastnn_status

_SYMBOLS = {symbol.name: (FIRST_FUNCTION + k, symbol) for k, symbol in enumerate(symbols())}
_INT32, _INT64, _DOUBLE = ir.IntType(32), ir.IntType(64), ir.DoubleType()
_POINTER = ir.IntType(8).as_pointer()
_RESULT = types.Tuple((types.int32, types.float64))
_NUMBERS: dict[str, tuple[Any, Any]] = {
    "int": (types.int32, _INT32),
    "int64_t": (types.int64, _INT64),
    "uint64_t": (types.uint64, _INT64),
    "ptrdiff_t": (types.int64, _INT64),
    "double": (types.float64, _DOUBLE),
}
# The structs, but for the pointer to a function of one's own at their end, each with the fields of a tuple for it.
_STRUCTS = {
    "const fastnn_activation*": (
        ir.LiteralStructType([_INT32, _DOUBLE, _DOUBLE, _POINTER]),
        ("int", "double", "double"),
    ),
    "const fastnn_loss*": (ir.LiteralStructType([_INT32, _INT32, _DOUBLE, _POINTER]), ("int", "int", "double")),
}


def _word(builder: Any, place: int) -> Any:
    """A word of the table, which never changes while a program runs, so that loops need not read it again."""
    try:
        table = builder.module.get_global(TABLE)
    except KeyError:
        table = cgutils.add_global_variable(builder.module, _INT64, TABLE)
    word = builder.load(builder.gep(table, [ir.Constant(_INT32, place)]))
    word.set_metadata("invariant.load", builder.module.add_metadata([]))
    return word


def _struct(context: Any, builder: Any, kind: str, given: Any, value: Any) -> Any:
    """A struct on the stack, of a tuple of its numbers."""
    struct, fields = _STRUCTS[kind]
    memory = cgutils.alloca_once_value(builder, ir.Constant(struct, None))
    for k, field in enumerate(fields):
        number = context.cast(builder, builder.extract_value(value, k), given[k], _NUMBERS[field][0])
        builder.store(number, cgutils.gep_inbounds(builder, memory, 0, k))
    return builder.bitcast(memory, _POINTER)


def _argument(context: Any, builder: Any, kind: str, given: Any, value: Any) -> Any:
    """An argument as C takes it, of a value in nopython code."""
    if kind in _STRUCTS:
        return _struct(context, builder, kind, given, value)
    if kind in _NUMBERS:
        return context.cast(builder, value, given, _NUMBERS[kind][0])
    if isinstance(given, types.NoneType):
        return ir.Constant(_POINTER, None)
    return builder.bitcast(make_array(given)(context, builder, value).data, _POINTER)


def _call_entry(context: Any, builder: Any, place: int, symbol: Symbol, arguments: list[Any]) -> Any:
    """The status of a function of the table; _REMOVED where the table is of a version before it."""
    kinds = [_NUMBERS.get(parameter.type, (None, _POINTER))[1] for parameter in symbol.parameters]
    function = ir.FunctionType(_INT32, kinds).as_pointer()
    is_there = builder.icmp_signed(">=", _word(builder, 0), ir.Constant(_INT64, symbol.function.since))
    status = cgutils.alloca_once_value(builder, ir.Constant(_INT32, _REMOVED))
    with builder.if_then(is_there, likely=True):
        entry = builder.inttoptr(_word(builder, place), function)
        builder.store(builder.call(entry, arguments), status)
    return builder.load(status)


def _result(context: Any, builder: Any, place: int, symbol: Symbol, types_given: Any, values: Any) -> Any:
    """Status and number of a call, of the values in nopython code."""
    number = cgutils.alloca_once_value(builder, ir.Constant(_DOUBLE, 0.0))
    rest = iter(zip(types_given, values, strict=True))
    given = [
        builder.bitcast(number, _POINTER) if each.returned else _argument(context, builder, each.type, *next(rest))
        for each in symbol.parameters
    ]
    status = _call_entry(context, builder, place, symbol, given)
    return context.make_tuple(builder, _RESULT, (status, builder.load(number)))


@cache
def call_of(name: str) -> Any:
    """A function of the C interface, for nopython code: it returns a status and a number.

    The number is what the function returns through a double*, for which it takes no argument, or 0. Arrays or None are
    pointers, and tuples of numbers structs. Each argument is one of the intrinsic, as a tuple of them would count one
    more user of every array, and one less afterwards: half of a small call's time.
    """
    place, symbol = _SYMBOLS[name]

    def build(*given: Any) -> tuple[Any, Callable[..., Any]]:
        def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            return _result(context, builder, place, symbol, signature.args, values)

        return _RESULT(*given), code

    arguments = ", ".join(parameter.name for parameter in symbol.parameters if not parameter.returned)
    names = {"build": build}
    exec(f"def call(context, {arguments}):\n    return build({arguments})\n", names)
    return intrinsic(names["call"])


@intrinsic
def apart(context: Any, a: Any, b: Any) -> tuple[Any, Callable[..., Any]]:
    """Whether two contiguous arrays share no memory."""

    def code(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        starts, ends = [], []
        for kind, value in zip(signature.args, values, strict=True):
            array = make_array(kind)(context, builder, value)
            nbytes = builder.mul(array.nitems, array.itemsize)
            starts.append(builder.ptrtoint(array.data, _INT64))
            ends.append(builder.add(starts[-1], nbytes))
        first, second = (builder.icmp_unsigned(">=", starts[k], ends[1 - k]) for k in range(2))
        return builder.or_(first, second)

    return types.boolean(a, b), code


@njit
def fail(status: int) -> None:
    """Raise what a status says that is not 0."""
    if status == _NO_MEMORY:
        raise MemoryError("fastnn.jit: a kernel needs more scratch memory than there is.")
    raise RuntimeError(
        "fastnn.jit: this code was compiled with another version of fastnn, and calls a function that the installed "
        "one does not have. Delete the cache of the module that it is in (its __pycache__): then it is compiled anew."
    )
