"""Calls of the kernels that pass over X, by one backend and a number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.kernels.select import bound

__all__ = ["KernelCaller"]


class KernelCaller:
    """The kernels of one backend, for a number of threads.

    Parameters
    ----------
    backend : {"auto", "native", "jit", "reference"}
    n_threads : int, optional
        Only for the native backend; None means its default.
    """

    def __init__(self, backend: str, n_threads: int | None) -> None:
        self._kernels, self._threads = bound(backend, n_threads)

    def call(self, name: str, *arguments: Any, threads: bool = True) -> Any:
        """Run a kernel, with these threads where it can use any."""
        return getattr(self._kernels, name)(*arguments, *(self._threads if threads else ()))

    def readable(self, x: Any) -> Any:
        """X in the form that kernels read; a sparse X is checked here, once for all passes."""
        if not self._threads or isinstance(x, np.ndarray):
            return x
        return self._kernels.SparseColumns(x) if x.format == "csc" else self._kernels.SparseRows(x)

    def readable_columns(self, x: Any) -> Any:
        """Columns in float64 (m, n), or as CSC (n, m), in the form that coordinate descent reads, checked once."""
        return x if not self._threads or isinstance(x, np.ndarray) else self._kernels.CscColumns(x)
