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
        kinds = [ctypes.c_void_p] * (1 + arrays)
        self._call = ctypes.CFUNCTYPE(None, *kinds, ctypes.c_ssize_t)(self._engine.get_function_address("fastnn_tile"))

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


def differences(function: Any, z: Any, step: float = 1e-3) -> Any:
    """The derivative of a function of numbers in float64, by differences of the fourth order."""

    def at(shift: float) -> Any:
        return np.array([float(function(each + shift)) for each in z.astype(np.float64)])

    return (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step)
