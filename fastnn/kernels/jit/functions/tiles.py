"""Users' own functions as object code of C functions, for the engine of the compiled module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import binding as llvm
from numba import carray, njit, types

from fastnn.kernels.jit.compiler import compile_scalar, compile_scalars, name_of
from fastnn.kernels.jit.failing import can_fail

__all__ = ["activation_tile_code", "loss_tile_code"]

_NUMBA_TYPES: dict[Any, Any] = {np.float32: types.float32, np.float64: types.float64}
_ENTRY = """
define void @fastnn_tile(ptr %parameters, {declared}, i64 %count) {{
  %result = alloca ptr
  %error = alloca ptr
  %status = call i32 @"{name}"(ptr %result, ptr %error, {declared}, i64 %count)
  ret void
}}
"""


def activation_tile_code(value: Callable[..., Any], slope: Callable[..., Any], dtype: Any) -> bytes:
    """Compile value(z) and slope(z, a) to the object code of an ActivationTile called fastnn_tile."""
    scalar_value, scalar_slope = compile_scalars(value, slope)
    pointer = types.CPointer(_NUMBA_TYPES[np.dtype(dtype).type])
    arguments = (pointer, pointer, pointer, types.intp)

    @njit(arguments, error_model="numpy", fastmath={"contract"})
    def tile(z: Any, a: Any, slope: Any, count: int) -> None:
        z_array, a_array, slope_array = carray(z, count), carray(a, count), carray(slope, count)
        wants_slope = slope_array.ctypes.data != 0
        for k in range(count):
            before = np.float64(z_array[k])  # a may be the same memory
            a_array[k] = scalar_value(before)
            if wants_slope:
                slope_array[k] = scalar_slope(before, np.float64(a_array[k]))

    return _tile_code(tile, 3, lambda: value if _can_fail(scalar_value, 1) else slope)


def loss_tile_code(value: Callable[..., Any], slope: Callable[..., Any], dtype: Any) -> bytes:
    """Compile value(z, y) and slope(z, y) to the object code of a LossTile called fastnn_tile."""
    scalar_value, scalar_slope = compile_scalar(value), compile_scalar(slope)
    pointer = types.CPointer(_NUMBA_TYPES[np.dtype(dtype).type])
    arguments = (pointer, pointer, pointer, pointer, types.intp)

    @njit(arguments, error_model="numpy", fastmath={"contract"})
    def tile(z: Any, y: Any, losses: Any, d_z: Any, count: int) -> None:
        z_array, y_array = carray(z, count), carray(y, count)
        losses_array, d_z_array = carray(losses, count), carray(d_z, count)
        for k in range(count):
            z_k, y_k = np.float64(z_array[k]), np.float64(y_array[k])
            losses_array[k], d_z_array[k] = scalar_value(z_k, y_k), scalar_slope(z_k, y_k)

    return _tile_code(tile, 4, lambda: value if _can_fail(scalar_value, 2) else slope)


def _tile_code(tile: Any, arrays: int, culprit: Callable[[], Any]) -> bytes:
    (compiled,) = tile.overloads.values()
    code, name = compiled.library.get_llvm_str(), compiled.fndesc.llvm_func_name
    if can_fail(code, name):
        raise _may_raise(culprit())
    declared = ", ".join(f"ptr %a{k}" for k in range(arrays))
    return _object_code(code + _ENTRY.format(name=name, declared=declared))


def _can_fail(scalar: Any, arguments: int) -> bool:
    alone = njit((types.float64,) * arguments, error_model="numpy")(lambda *numbers: scalar(*numbers))
    (compiled,) = alone.overloads.values()
    return can_fail(compiled.library.get_llvm_str(), compiled.fndesc.llvm_func_name)


def _object_code(code: str) -> bytes:
    module = llvm.parse_assembly(code)
    for each in [*module.functions, *module.global_variables]:
        if not each.is_declaration and each.name != "fastnn_tile":
            each.linkage = "internal"
    target = llvm.Target.from_triple(llvm.get_process_triple())
    processor = {"cpu": llvm.get_host_cpu_name(), "features": llvm.get_host_cpu_features().flatten()}
    machine = target.create_target_machine(**processor, opt=3, reloc="pic", codemodel="small")
    passes = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=3))
    passes.getModulePassManager().run(module, passes)
    written: bytes = machine.emit_object(module)
    return written


def _may_raise(function: Any) -> TypeError:
    """The error for a tile that can be left undone: nobody above it would hear of that."""
    return TypeError(
        f"{name_of(function)} can raise an error, which native code cannot stop for: by raise or assert, by a "
        "division in a function that has been compiled with Numba's defaults, or by lists and arrays, for which "
        "memory may be missing. Return math.nan in place of an error, give functions that are not compiled yet, do "
        "without lists and arrays, or use backend='jit' or 'reference', which pass errors on."
    )
