"""LLVM code as object code for this machine, or for a smaller one where FASTNN_SIMD asks for an instruction set."""

from __future__ import annotations

import platform
from functools import lru_cache
from threading import Lock
from typing import Any

from llvmlite import binding as llvm

from fastnn import _core

__all__ = ["assembly", "has_fma", "has_scale", "native_bits", "object_code", "pointer_to", "vector_bits"]

_LOCK = Lock()  # LLVM's global context is not for several threads at once
_ATTRIBUTES = '{ nounwind "min-legal-vector-width"="512" "prefer-vector-width"="512" }'
_SELDOM = '{ noinline nounwind "min-legal-vector-width"="512" "prefer-vector-width"="512" }'


def pointer_to(element: str) -> str:
    """The type of a pointer; LLVM up to 16 wants to know the element's."""
    return "ptr" if llvm.llvm_version_info[0] > 16 else f"{element}*"


# A processor of each instruction set that is lower than another one, and those features of it that are asked for below.
_PROCESSORS: dict[str, tuple[str, dict[str, bool]]] = {
    "base": ("x86-64", {}),
    "avx2": ("x86-64-v3", {"avx2": True, "fma": True}),
}


@lru_cache(1)
def _host() -> tuple[str, dict[str, bool]]:
    return llvm.get_host_cpu_name(), dict(llvm.get_host_cpu_features())


@lru_cache(1)
def _features() -> tuple[str, dict[str, bool]]:
    """The processor that code is for: this machine's, unless FASTNN_SIMD forces a lower instruction set than its best.

    So a function that is compiled here under FASTNN_SIMD=avx2 is as it would be on a machine without AVX-512.
    """
    level = _core.simd_level()
    return _host() if level == _core.simd_available()[-1] else _PROCESSORS[level]


def _widest(features: dict[str, bool]) -> int:
    """The bits of the widest vectors."""
    if features.get("avx512f") and features.get("avx512dq") and features.get("avx512vl"):
        return 512
    return 256 if features.get("avx2") else 128


def native_bits() -> int:
    """The bits of this machine's widest vectors, for which Numba compiles whatever FASTNN_SIMD says."""
    return _widest(_host()[1])


def vector_bits() -> int:
    """The bits of the widest vectors that object code may use."""
    return _widest(_features()[1])


def has_fma() -> bool:
    """Whether there is a product and a sum in one operation, as there is but on older machines of Intel and AMD."""
    return platform.machine() not in ("x86_64", "AMD64") or _features()[1].get("fma", False)


def has_scale() -> bool:
    """Whether there is a product with a power of two in one operation, which vectors of AVX-512 have."""
    return vector_bits() == 512


def _target_machine(cpu: str, features: str) -> Any:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    # Of the code model "jitdefault" object files gave wrong numbers.
    return target.create_target_machine(cpu=cpu, features=features, opt=3, reloc="pic", codemodel="small")


def _module(text: str) -> Any:
    module = llvm.parse_assembly(f"{text}\nattributes #0 = {_ATTRIBUTES}\nattributes #1 = {_SELDOM}\n")
    module.triple = llvm.get_process_triple()
    module.verify()
    return module


def object_code(text: str) -> bytes:
    """A relocatable object file of LLVM code."""
    cpu, features = _features()
    flat = ",".join(f"{'+' if there else '-'}{name}" for name, there in features.items())
    with _LOCK:
        return bytes(_target_machine(cpu, flat).emit_object(_module(text)))


def assembly(text: str, cpu: str | None = None, features: str | None = None) -> str:
    """The same as assembly language, for this machine or another."""
    processor, known = _features()
    flat = ",".join(f"{'+' if there else '-'}{name}" for name, there in known.items())
    with _LOCK:
        machine = _target_machine(processor if cpu is None else cpu, flat if features is None else features)
        return str(machine.emit_assembly(_module(text)))
