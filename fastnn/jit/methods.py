"""The methods of a network in nopython code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit, types
from numba.core.errors import TypingError
from numba.core.imputils import lower_builtin
from numba.extending import intrinsic, overload_method
from numba.np.arrayobj import make_array
from numba.np.numpy_support import from_dtype

from fastnn.jit.emit import Emitter
from fastnn.jit.emit_gradient import GradientEmitter
from fastnn.jit.emit_outputs import OutputEmitter
from fastnn.jit.network_type import NetworkType, block_of
from fastnn.jit.shapes import gradient_shape, out_shapes, sizes_wanted

__all__: list[str] = []

# Each pass is a function of its own, with these flags: those of the caller would be those of what is written into it.
_exact = njit(fastmath=False, error_model="numpy", nogil=True)


# --- what is written in intermediate code ---------------------------------------------------------


@intrinsic  # type: ignore[misc]
def _pointer(context: Any, array: Any, offset: Any) -> Any:
    """The address of an element of a contiguous array."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = make_array(signature.args[0])(context, builder, arguments[0]).data
        return builder.gep(data, [arguments[1]])

    return types.CPointer(array.dtype)(array, types.intp), code


def _written(kind: type[Emitter], write: Callable[[Any, Any, Any], None]) -> Any:
    """An intrinsic (network, x, out) of two addresses."""

    @intrinsic  # type: ignore[misc]
    def written(context: Any, network: Any, x: Any, out: Any) -> Any:
        def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            value, *addresses = arguments
            write(kind(builder, network.architecture, block_of(context, builder, network, value)), *addresses)
            return context.get_dummy_value()

        return types.void(network, x, out), code

    return written


_write_outputs = _written(OutputEmitter, OutputEmitter.outputs)
_write_gradient = _written(GradientEmitter, GradientEmitter.gradient)


@intrinsic  # type: ignore[misc]
def _write_rows(context: Any, network: Any, x: Any, out: Any, n: Any) -> Any:
    """What the network gives for n rows, by the native kernel; its status."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value, *rest = arguments
        emitter = OutputEmitter(builder, network.architecture, block_of(context, builder, network, value))
        return emitter.rows(*rest)

    return types.int32(network, x, out, types.intp), code


@_exact
def _outputs(network: Any, x: Any, out: Any) -> None:
    _write_outputs(network, x, out)


@_exact
def _gradient(network: Any, x: Any, out: Any) -> None:
    _write_gradient(network, x, out)


@_exact
def _rows(network: Any, x: Any, out: Any, n: int) -> int:
    status: int = _write_rows(network, x, out, n)
    return status


# --- arguments ------------------------------------------------------------------------------------


def _require(name: str, array: Any, dtype: str, axes: tuple[int, ...]) -> None:
    """Raise a typing error unless it is a contiguous array of this dtype and of as many axes."""
    given = array.dtype if isinstance(array, types.Optional) else array
    if isinstance(given, types.Array) and given.layout == "C" and given.ndim in axes:
        if given.dtype == from_dtype(np.dtype(dtype)) and (given.mutable or name == "x"):
            return
    wanted = " or ".join(f"{n}-dimensional" for n in axes)
    writable = "" if name == "x" else "writable, "
    raise TypingError(f"{name} of this network is a {writable}C-contiguous, {wanted} array of {dtype}, and got {array}.")


# --- methods --------------------------------------------------------------------------------------


@overload_method(NetworkType, "row")
def _row(network: Any, x: Any, out: Any) -> Any:
    architecture = network.architecture
    _require("x", x, architecture.dtype, (1,))
    _require("out", out, architecture.out_dtype, (1,))
    i, o, message = architecture.widths[0], architecture.n_outputs, sizes_wanted(architecture, "row")

    def row(network: Any, x: Any, out: Any) -> None:
        if x.size != i or out.size != o:
            raise ValueError(message)
        _outputs(network, _pointer(x, 0), _pointer(out, 0))

    return row


@overload_method(NetworkType, "row_gradient")
def _row_gradient(network: Any, x: Any, out: Any) -> Any:
    architecture = network.architecture
    if architecture.gives_integers:
        raise TypingError("This network gives labels, which have no gradient: take jit(method='raw') of the model.")
    if not architecture.has_slope:
        raise TypingError("An activation of this network has no slope, and so the network no gradient.")
    _require("x", x, architecture.dtype, (1,))
    _require("out", out, architecture.dtype, (len(gradient_shape(architecture)),))
    shape, message = gradient_shape(architecture), sizes_wanted(architecture, "row_gradient")
    i = architecture.widths[0]

    def row_gradient(network: Any, x: Any, out: Any) -> None:
        if x.size != i or out.shape != shape:
            raise ValueError(message)
        _gradient(network, _pointer(x, 0), _pointer(out, 0))

    return row_gradient


@overload_method(NetworkType, "batch")
def _batch(network: Any, x: Any, out: Any) -> Any:
    architecture = network.architecture
    _require("x", x, architecture.dtype, (2,))
    _require("out", out, architecture.out_dtype, out_shapes(architecture))
    i, o, message = architecture.widths[0], architecture.n_outputs, sizes_wanted(architecture, "batch")

    if architecture.gives_integers:

        def batch(network: Any, x: Any, out: Any) -> None:
            if x.shape[1] != i or out.shape[0] != x.shape[0] or out.size != x.shape[0] * o:
                raise ValueError(message)
            for r in range(x.shape[0]):
                _outputs(network, _pointer(x, r * i), _pointer(out, r * o))

    else:

        def batch(network: Any, x: Any, out: Any) -> None:
            if x.shape[1] != i or out.shape[0] != x.shape[0] or out.size != x.shape[0] * o:
                raise ValueError(message)
            if _rows(network, _pointer(x, 0), _pointer(out, 0), x.shape[0]) != 0:
                raise MemoryError("there is no memory for the layers of a network")

    return batch


@overload_method(NetworkType, "__call__")
def _call(network: Any, x: Any) -> Any:
    architecture = network.architecture
    _require("x", x, architecture.dtype, (1, 2))
    o, dtype = architecture.n_outputs, from_dtype(np.dtype(architecture.out_dtype))
    single = 1 in out_shapes(architecture)

    def one_number(network: Any, x: Any) -> Any:
        out = np.empty(1, dtype)
        network.row(x, out)
        return out[0]

    def row(network: Any, x: Any) -> Any:
        out = np.empty(o, dtype)
        network.row(x, out)
        return out

    def one_column(network: Any, x: Any) -> Any:
        out = np.empty(x.shape[0], dtype)
        network.batch(x, out)
        return out

    def batch(network: Any, x: Any) -> Any:
        out = np.empty((x.shape[0], o), dtype)
        network.batch(x, out)
        return out

    if x.ndim == 1:
        return one_number if single else row
    return one_column if single else batch


@lower_builtin(NetworkType, NetworkType, types.VarArg(types.Any))
def _lower_call(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """`net(x)` by the method `__call__`."""
    network = signature.args[0] if signature.recvr is None else signature.recvr
    function = context.typing_context.resolve_getattr(network, "__call__")
    arguments_of = signature.args[1:] if signature.recvr is None else signature.args
    bound = function.get_call_type(context.typing_context, arguments_of, {})
    return context.get_function(function, bound)(builder, arguments)
