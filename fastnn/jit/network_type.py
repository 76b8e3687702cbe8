"""The Numba type of a network: its architecture; the values are the address of its block of memory, and its owner."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_constant
from numba.extending import NativeValue, box, models, register_model, unbox

from fastnn.jit.architecture import Architecture

__all__ = ["NetworkType", "block_of"]

_BLOCK = types.Array(types.uint8, 1, "C", readonly=True)
_frozen: dict[int, Any] = {}


class NetworkType(types.Type):  # type: ignore[misc]
    """All networks of one architecture."""

    def __init__(self, architecture: Architecture) -> None:
        self.architecture = architecture
        super().__init__(name=f"fastnn.JitNetwork({architecture})")


@register_model(NetworkType)
class _NetworkModel(models.StructModel):  # type: ignore[misc]
    """`meminfo` counts who uses the block, the memory of the ndarray `owner`; `data` is where it begins."""

    def __init__(self, manager: Any, network: NetworkType) -> None:
        pointer = types.MemInfoPointer(types.voidptr)
        super().__init__(manager, network, [("meminfo", pointer), ("data", types.voidptr), ("owner", types.voidptr)])


@unbox(NetworkType)
def _unbox(network: NetworkType, instance: Any, c: Any) -> NativeValue:
    block = c.pyapi.object_getattr_string(instance, "_block")
    native = c.unbox(_BLOCK, block)
    array = cgutils.create_struct_proxy(_BLOCK)(c.context, c.builder, value=native.value)
    value = cgutils.create_struct_proxy(network)(c.context, c.builder)
    value.meminfo = array.meminfo
    value.data = c.builder.bitcast(array.data, cgutils.voidptr_t)
    value.owner = c.builder.bitcast(array.parent, cgutils.voidptr_t)
    c.pyapi.decref(block)  # the meminfo has a reference of its own
    return NativeValue(value._getvalue(), is_error=native.is_error)


@box(NetworkType)
def _box(network: NetworkType, value: Any, c: Any) -> Any:
    struct = cgutils.create_struct_proxy(network)(c.context, c.builder, value=value)
    made = c.pyapi.call_method(c.builder.bitcast(struct.owner, c.pyapi.pyobj), "network")
    c.context.nrt.decref(c.builder, network, value)
    return made


@lower_constant(NetworkType)
def _constant(context: Any, builder: Any, network: NetworkType, value: Any) -> Any:
    """A network that a function reads as a global: by its address, so that Numba refuses to cache the function."""
    _frozen[id(value)] = value  # as long as the code, which nobody tells the end of
    struct = cgutils.create_struct_proxy(network)(context, builder)
    struct.meminfo = ir.Constant(struct.meminfo.type, None)
    struct.data = context.add_dynamic_addr(builder, value._block.ctypes.data, info="a network's block of memory")
    struct.owner = context.add_dynamic_addr(builder, id(value._block), info="the owner of that memory")
    return struct._getvalue()


def block_of(context: Any, builder: Any, network: NetworkType, value: Any) -> Any:
    """The address of a network's block of memory."""
    return cgutils.create_struct_proxy(network)(context, builder, value=value).data
