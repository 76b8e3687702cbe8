"""Users' own functions as C functions, for the engine of the compiled module."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numba import carray, cfunc, types

from fastnn.activations import Activation
from fastnn.errors import wrong_type
from fastnn.kernels.jit.compiler import REMEMBERED, compile_scalars, name_of
from fastnn.kernels.jit.failing import can_fail

__all__ = ["NativeActivation", "native_activation"]

_NO_PARAMETERS = 0  # a null pointer: what users' functions read is compiled into them
_NUMBA_TYPES: dict[Any, Any] = {np.float32: types.float32, np.float64: types.float64}


class NativeActivation:
    """A C function, an ActivationTile, and in memory the struct UserActivation that points to it.

    Attributes
    ----------
    address : int
        Of the struct; it holds as long as this object lives.
    """

    def __init__(self, tile: Any) -> None:
        self._tile = tile  # the code lives as long as it does
        self._struct = np.array([tile.address, _NO_PARAMETERS], np.uintp)
        self.address = int(self._struct.ctypes.data)


def native_activation(activation: Activation, dtype: Any) -> NativeActivation:
    """Compile an activation's value and slope to functions over arrays of a dtype, evaluated in float64.

    Parameters
    ----------
    activation : Activation
        With value(z) and slope(z, a).
    dtype : dtype-like
        float32 or float64.

    Returns
    -------
    NativeActivation
        The same one for the same functions, as long as it is remembered.

    Raises
    ------
    TypeError
        If the activation has no such functions, Numba cannot compile them, or one of them can raise an error.
    """
    if activation.value is None or activation.slope is None:
        raise wrong_type("activation", activation, "one with value(z) and slope(z, a)")
    return _compiled(activation.value, activation.slope, np.dtype(dtype).type)


@lru_cache(REMEMBERED)
def _compiled(value: Any, slope: Any, dtype: Any) -> NativeActivation:
    scalar_value, scalar_slope = compile_scalars(value, slope)
    pointer = types.CPointer(_NUMBA_TYPES[dtype])

    @cfunc(types.void(types.voidptr, pointer, pointer, pointer, types.intp))
    def tile(parameters: Any, z: Any, a: Any, slope: Any, count: int) -> None:
        z_array, a_array, slope_array = carray(z, count), carray(a, count), carray(slope, count)
        wants_slope = slope_array.ctypes.data != 0
        for k in range(count):
            before = np.float64(z_array[k])  # a may be the same memory
            a_array[k] = scalar_value(before)
            if wants_slope:
                slope_array[k] = scalar_slope(before, np.float64(a_array[k]))

    if _can_fail(tile):
        alone = cfunc(types.float64(types.float64))(lambda z: scalar_value(z))
        raise _may_raise(value if _can_fail(alone) else slope)
    return NativeActivation(tile)


def _can_fail(compiled: Any) -> bool:
    return can_fail(compiled.inspect_llvm(), compiled.native_name.removeprefix("cfunc."))


def _may_raise(function: Any) -> TypeError:
    """The error for a tile that can be left undone: nobody above it would hear of that."""
    return TypeError(
        f"{name_of(function)} can raise an error, which native code cannot stop for: by raise or assert, by a "
        "division in a function that has been compiled with Numba's defaults, or by lists and arrays, for which "
        "memory may be missing. Return math.nan in place of an error, give functions that are not compiled yet, do "
        "without lists and arrays, or use backend='jit' or 'reference', which pass errors on."
    )
