"""The kernels that pass over X, of one backend and for a number of threads, and rows for them."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.kernels.select import bound

__all__ = ["Passes", "every"]

# Bytes of a sample up to which it is copied, to stay in the cache: rows that lie apart cost a pass over 20,000 of
# 50 floats as much as one over 100,000 in a row, 0.7 instead of 0.12 ms.
_COPIED = 1 << 23


class Passes:
    """The passes of one backend, for a number of threads."""

    def __init__(self, backend: str, n_threads: int | None) -> None:
        self._module, self._threads = bound(backend, n_threads)

    def call(self, name: str, *arguments: Any, threads: bool = True) -> Any:
        """Run a kernel, with these threads where it has any."""
        return getattr(self._module, name)(*arguments, *(self._threads if threads else ()))

    def rows(self, x: Any) -> Any:
        """X as kernels read it, a sparse one checked once for all passes."""
        if not self._threads or isinstance(x, np.ndarray):
            return x
        return self._module.SparseColumns(x) if x.format == "csc" else self._module.SparseRows(x)

    def columns(self, x: Any) -> Any:
        """Columns in float64 (m, n), or as CSC (n, m), as coordinate descent reads them, checked once for all calls."""
        return x if not self._threads or isinstance(x, np.ndarray) else self._module.CscColumns(x)


def every(x: Any, step: int) -> Any:
    """Every `step`-th row of x, in its form."""
    if isinstance(x, np.ndarray):
        rows = x[::step]
        return np.ascontiguousarray(rows) if rows.nbytes <= _COPIED else rows
    if x.format != "csc":
        return x[::step]
    indices = x.indices // step  # a slice of x takes twice the time
    taken = np.flatnonzero(indices * step == x.indices)
    starts = np.searchsorted(taken, x.indptr).astype(x.indptr.dtype)
    return type(x)((x.data[taken], indices[taken], starts), shape=(-(-x.shape[0] // step), x.shape[1]))
