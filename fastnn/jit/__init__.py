"""Inside functions that are compiled with Numba: the kernels of fastnn.kernels, in nopython code.

The kernels take what their namesakes in `fastnn.kernels` take, but for the backend and the threads: NumPy arrays of
float32 or float64, C-contiguous, and run in the thread that calls them. From Python they do the same, so that functions
also work with ``NUMBA_DISABLE_JIT=1``. Functions with ``cache=True`` that call them come back from the cache in a new
process. `warmup` makes ready beforehand what would be compiled at its first use. `math` has exp, log, tanh and other
functions of numbers, whose loops become vector instructions. Names are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from fastnn.kernels.contract import KERNELS
from fastnn.llvm_symbols import register

if TYPE_CHECKING:
    from fastnn.jit import math as math
    from fastnn.jit.around_steps import *  # noqa: F403
    from fastnn.jit.counting_steps import *  # noqa: F403
    from fastnn.jit.layers import *  # noqa: F403
    from fastnn.jit.steps import *  # noqa: F403
    from fastnn.jit.warming import warmup as warmup

# The module that each public name comes from, or is.
_HOME = {"math": "math", "warmup": "warming"} | {
    name: "nopython" for name, kernel in KERNELS.items() if kernel.storey == "layer"
}

__all__ = sorted(_HOME)

register()


if not TYPE_CHECKING:  # a type checker that saw it would take any name for a public one, of type Any

    def __getattr__(name: str) -> object:
        if name not in _HOME:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = import_module(f"{__name__}.{_HOME[name]}")
        value = module if _HOME[name] == name else getattr(module, name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
