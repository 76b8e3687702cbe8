"""The methods of a network in nopython code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_builtin
from numba.extending import intrinsic, overload_method
from numba.np.arrayobj import make_array
from numba.np.numpy_support import from_dtype

from fastnn.jit.calls import apart
from fastnn.jit.networks.emit import Emitter
from fastnn.jit.networks.emit_gradient import GradientEmitter
from fastnn.jit.networks.emit_outputs import OutputEmitter
from fastnn.jit.networks.network_type import NetworkType, block_of
from fastnn.jit.networks.shapes import SHARED, gradient_shape, is_single, out_shapes, sizes_wanted
from fastnn.jit.places import place_of_call

__all__: list[str] = []

# The flags of what has a network's code in it, whatever those of the caller are.
_OPTIONS = {"fastmath": False, "error_model": "numpy"}


# --- what is written in intermediate code ---------------------------------------------------------


@intrinsic
def _pointer(context: Any, array: Any, offset: Any) -> Any:
    """The address of an element of a contiguous array."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.gep(data, [arguments[1]])

    return types.CPointer(array.dtype)(array, types.intp), code


def _call_own(context: Any, builder: Any, network: Any, write: Any, kind: type[Emitter], values: Any) -> None:
    """Call a function (network, x, out) of a network's own code, which `write` of an emitter writes.

    It returns nothing: after a call of a compiled function, which may have raised, Numba would not see that it can do
    without counting references for every row.
    """
    value, *rest = values
    arguments = [block_of(context, builder, network, value), *rest]
    called = ir.FunctionType(ir.VoidType(), [each.type for each in arguments])
    function = ir.Function(builder.module, called, builder.module.get_unique_name(f"fastnn.{write.__name__}"))
    function.linkage = "internal"
    function.attributes.add("noinline")
    inside = ir.IRBuilder(function.append_basic_block())
    block, *addresses = function.args
    write(kind(inside, network.architecture, block), *addresses)
    inside.ret_void()
    builder.call(function, arguments)


def _written(write: Callable[[Any, Any, Any], None], kind: type[Emitter]) -> Any:
    """An intrinsic (network, x, out) of addresses."""

    @intrinsic
    def written(context: Any, network: Any, x: Any, out: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            _call_own(context, builder, network, write, kind, arguments)
            return context.get_dummy_value()

        return types.void(network, x, out), code

    return written


_outputs = _written(OutputEmitter.outputs, OutputEmitter)
_gradient = _written(GradientEmitter.gradient, GradientEmitter)


@intrinsic
def _number(context: Any, network: Any, x: Any) -> Any:
    """What a network gives of which a row gives one number."""
    kind = from_dtype(np.dtype(network.architecture.out_dtype))

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = cgutils.alloca_once(builder, context.get_value_type(kind))
        _call_own(context, builder, network, OutputEmitter.outputs, OutputEmitter, (*arguments, place))
        return builder.load(place)

    return kind(network, x), code


@intrinsic
def _rows(context: Any, network: Any, x: Any, out: Any, n: Any) -> Any:
    """What the network gives for n rows, by the native kernel; its status."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value, *rest = arguments
        emitter = OutputEmitter(builder, network.architecture, block_of(context, builder, network, value))
        return emitter.rows(*rest)

    return types.int32(network, x, out, types.intp), code


# --- arguments ------------------------------------------------------------------------------------


_GAPS = "The elements of x do not lie side by side: np.ascontiguousarray makes it so."


def _is_whole(array: Any) -> bool:
    """Whether the type tells that elements lie side by side."""
    return bool(array.layout == "C")


def _refuse(what: str) -> TypeError:
    """An error of one sentence: Numba passes it on as it is, and buries one of its own kind in a report."""
    return TypeError(f"{what}{place_of_call()}")


def _require_all(method: str, **given: Any) -> None:
    """Raise a TypeError unless a method has all its arguments.

    These are optional all the same, so that we are asked: what Numba says of a missing one fills a page.
    """
    without = [name for name, kind in given.items() if kind is None or isinstance(kind, types.Omitted)]
    if without:
        raise _refuse(f"{method} of this network wants {' and '.join(given)}, and got no {' and no '.join(without)}.")


def _require(name: str, array: Any, dtype: str, axes: tuple[int, ...]) -> None:
    """Raise a TypeError unless it is a contiguous array of this dtype and of as many axes.

    Of one row x it is found out when the code runs, since Numba does not know it of the rows that a loop goes through.
    """
    is_array = isinstance(array, types.Array) and array.aligned and array.ndim in axes
    if is_array and (array.layout == "C" or (name == "x" and array.ndim == 1 and array.layout == "A")):
        if array.dtype == from_dtype(np.dtype(dtype)) and (array.mutable or name == "x"):
            return
    wanted = " or ".join(f"{n}-dimensional" for n in axes)
    writable = "" if name == "x" else "writable, "
    raise _refuse(f"{name} of this network is a {writable}C-contiguous, {wanted} array of {dtype}, and got {array}.")


# --- methods --------------------------------------------------------------------------------------


@overload_method(NetworkType, "row", jit_options=_OPTIONS)
def _row(network: Any, x: Any = None, out: Any = None) -> Any:
    architecture = network.architecture
    _require_all("row", x=x, out=out)
    _require("x", x, architecture.dtype, (1,))
    _require("out", out, architecture.out_dtype, (1,))
    i, o, message = architecture.widths[0], architecture.n_outputs, sizes_wanted(architecture, "row")
    whole = _is_whole(x)

    def row(network: Any, x: Any = None, out: Any = None) -> None:
        if x.size != i or out.size != o:
            raise ValueError(message)
        if not whole and x.strides[0] != x.itemsize:
            raise ValueError(_GAPS)
        _outputs(network, _pointer(x, 0), _pointer(out, 0))

    return row


@overload_method(NetworkType, "row_gradient", jit_options=_OPTIONS)
def _row_gradient(network: Any, x: Any = None, out: Any = None) -> Any:
    architecture = network.architecture
    _require_all("row_gradient", x=x, out=out)
    if architecture.gives_integers:
        raise _refuse("This network gives labels, which have no gradient: take jit(method='raw') of the model.")
    if not architecture.has_slope:
        raise _refuse("An activation of this network has no slope, and so the network no gradient.")
    _require("x", x, architecture.dtype, (1,))
    _require("out", out, architecture.dtype, (len(gradient_shape(architecture)),))
    shape, message = gradient_shape(architecture), sizes_wanted(architecture, "row_gradient")
    i, whole = architecture.widths[0], _is_whole(x)

    def row_gradient(network: Any, x: Any = None, out: Any = None) -> None:
        if x.size != i or out.shape != shape:
            raise ValueError(message)
        if not whole and x.strides[0] != x.itemsize:
            raise ValueError(_GAPS)
        _gradient(network, _pointer(x, 0), _pointer(out, 0))

    return row_gradient


@overload_method(NetworkType, "batch", jit_options=_OPTIONS)
def _batch(network: Any, x: Any = None, out: Any = None) -> Any:
    architecture = network.architecture
    _require_all("batch", x=x, out=out)
    _require("x", x, architecture.dtype, (2,))
    _require("out", out, architecture.out_dtype, out_shapes(architecture))
    i, o, message = architecture.widths[0], architecture.n_outputs, sizes_wanted(architecture, "batch")

    if architecture.gives_integers:

        def batch(network: Any, x: Any = None, out: Any = None) -> None:
            if x.shape[1] != i or out.shape[0] != x.shape[0] or out.size != x.shape[0] * o:
                raise ValueError(message)
            if not apart(x, out):
                raise ValueError(SHARED)
            for r in range(x.shape[0]):
                _outputs(network, _pointer(x, r * i), _pointer(out, r * o))

    else:

        def batch(network: Any, x: Any = None, out: Any = None) -> None:
            if x.shape[1] != i or out.shape[0] != x.shape[0] or out.size != x.shape[0] * o:
                raise ValueError(message)
            if not apart(x, out):
                raise ValueError(SHARED)
            if _rows(network, _pointer(x, 0), _pointer(out, 0), x.shape[0]) != 0:
                raise MemoryError("there is no memory for the layers of a network")

    return batch


@overload_method(NetworkType, "__call__", jit_options=_OPTIONS)
def _call(network: Any, x: Any = None) -> Any:
    architecture = network.architecture
    _require_all("A call", x=x)
    _require("x", x, architecture.dtype, (1, 2))
    i, message = architecture.widths[0], sizes_wanted(architecture, "call")
    o, dtype = architecture.n_outputs, from_dtype(np.dtype(architecture.out_dtype))
    whole = _is_whole(x)

    def one_number(network: Any, x: Any = None) -> Any:
        if x.size != i:
            raise ValueError(message)
        if not whole and x.strides[0] != x.itemsize:
            raise ValueError(_GAPS)
        return _number(network, _pointer(x, 0))

    def row(network: Any, x: Any = None) -> Any:
        out = np.empty(o, dtype)
        network.row(x, out)
        return out

    def one_column(network: Any, x: Any = None) -> Any:
        out = np.empty(x.shape[0], dtype)
        network.batch(x, out)
        return out

    def batch(network: Any, x: Any = None) -> Any:
        out = np.empty((x.shape[0], o), dtype)
        network.batch(x, out)
        return out

    if x.ndim == 1:
        return one_number if is_single(architecture) else row
    return one_column if is_single(architecture) else batch


@lower_builtin(NetworkType, NetworkType, types.VarArg(types.Any))
def _lower_call(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """`net(x)` by the method `__call__`."""
    network = signature.args[0] if signature.recvr is None else signature.recvr
    function = context.typing_context.resolve_getattr(network, "__call__")
    arguments_of = signature.args[1:] if signature.recvr is None else signature.args
    bound = function.get_call_type(context.typing_context, arguments_of, {})
    return context.get_function(function, bound)(builder, arguments)
