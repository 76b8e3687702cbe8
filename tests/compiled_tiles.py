"""Tile functions from object code, called by address on arrays with guard cells."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from llvmlite import binding as llvm

from fastnn.kernels.jit.functions.tiles import activation_tile_code, loss_tile_code

GUARDS = 40  # more than a vector has elements


class Tile:
    """The C function `fastnn_tile` of an object file."""

    def __init__(self, code: bytes, arrays: int) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(jit=True)
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()
        self._call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * (1 + arrays), ctypes.c_ssize_t)(
            self._engine.get_function_address("fastnn_tile")
        )

    def function(self, name: str, result: Any, *numbers: Any) -> Any:
        """Another function of the object file, of parameters, three arrays, numbers and a count."""
        kind = ctypes.CFUNCTYPE(result, *[ctypes.c_void_p] * 4, *numbers, ctypes.c_ssize_t)
        return kind(self._engine.get_function_address(name))

    def __call__(self, count: int, *arrays: Any) -> None:
        self._call(None, *(None if each is None else each.ctypes.data for each in arrays), count)


def guarded(like: Any) -> Any:
    """An array of NaN with cells before and behind that no function may write to."""
    return np.full(like.size + 2 * GUARDS, np.nan, like.dtype)[GUARDS:-GUARDS]


def require_guards(*arrays: Any) -> None:
    """Assert that nobody has written around arrays."""
    for each in arrays:
        assert np.isnan(each.base[:GUARDS]).all()
        assert np.isnan(each.base[-GUARDS:]).all()


def run_activation(value: Any, z: Any, slope: Any = None) -> tuple[Any, Any]:
    """a and slope at z, compiled for z's dtype."""
    tile, given = Tile(activation_tile_code(value, slope, z.dtype), 3), z.copy()
    a, slopes = guarded(z), guarded(z)
    tile(z.size, z, a, slopes)
    require_guards(a, slopes)
    assert np.array_equal(z, given, equal_nan=True)
    return np.array(a), np.array(slopes)


def run_loss(value: Any, z: Any, y: Any, slope: Any = None) -> tuple[Any, Any]:
    """Losses and d_z at z and y."""
    tile = Tile(loss_tile_code(value, slope, z.dtype), 4)
    losses, d_z = guarded(z), guarded(z)
    tile(z.size, z, y, losses, d_z)
    require_guards(losses, d_z)
    return np.array(losses), np.array(d_z)


def run_loss_sum(value: Any, z: Any, y: Any, scale: float) -> tuple[float, Any]:
    """The sum of losses, and scaled d_z, by the function that sums up."""
    tile, d_z = Tile(loss_tile_code(value, None, z.dtype), 4), guarded(z)
    total = tile.function("fastnn_run", ctypes.c_double, ctypes.c_double)
    addresses = [each.ctypes.data for each in (z, y, d_z)]
    found = total(None, *addresses, scale, z.size)
    require_guards(d_z)
    return found, np.array(d_z)


def differences(function: Any, z: Any, step: float = 1e-3) -> Any:
    """The derivative of a function of numbers in float64, by differences of the fourth order."""

    def at(shift: float) -> Any:
        return np.array([float(function(each + shift)) for each in z.astype(np.float64)])

    return (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step)
