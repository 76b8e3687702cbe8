"""The kernels that pass over X, of one backend and for a number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.kernels.select import kernels_for, resolve
from fastnn.threads import resolve as resolve_threads

__all__ = ["Passes"]


class Passes:
    """The passes of one backend, for a number of threads."""

    def __init__(self, backend: str, n_threads: int | None) -> None:
        chosen = resolve(backend)
        if chosen != "native" and n_threads is not None:
            raise ValueError(
                f"n_threads={n_threads!r} with backend={backend!r}: only the native backend has "
                "threads. Leave out one of the two."
            )
        self._module = kernels_for(chosen)
        self._threads = (resolve_threads(n_threads),) if chosen == "native" else ()

    def call(self, name: str, *arguments: Any, threads: bool = True) -> Any:
        """Run a kernel, with these threads where it has any."""
        return getattr(self._module, name)(*arguments, *(self._threads if threads else ()))

    def rows(self, x: Any) -> Any:
        """X as kernels read it, a sparse one checked once for all passes."""
        if not self._threads or isinstance(x, np.ndarray):
            return x
        return self._module.SparseColumns(x) if x.format == "csc" else self._module.SparseRows(x)
