"""How kernels are compiled: lazily, to a cache on disk, without the GIL, NaN and infinity kept.

A kernel's helpers lie in its own file: Numba's cache does not see changes in other files.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit

__all__ = ["exact", "kernel"]


def _compiler(fastmath: set[str]) -> Callable[[Callable[..., Any]], Any]:
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": fastmath}

    def compile_lazily(function: Callable[..., Any]) -> Any:
        try:
            return njit(cache=True, **options)(function)
        except RuntimeError:  # no directory for the cache can be written: compile in every process
            return njit(**options)(function)

    return compile_lazily


# Sums may be split over lanes; nothing is assumed about NaN and infinity.
kernel = _compiler({"contract", "reassoc", "nsz", "arcp"})

# For differences whose order matters, such as (z - largest) - log_sum at z = 1e20. Each operation
# has its own flags in LLVM, so these hold inside the kernels that call such a function, too.
exact = _compiler({"contract"})
