"""The rows that a logistic regression learns from, parts of them, and calls of the kernels that pass over them."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.kernels.contract import Array
from fastnn.kernels.select import bound
from fastnn.solvers.objective.types import Vector

__all__ = ["KernelCaller", "LogisticData"]

# Bytes of a sample up to which it is copied, to stay in the cache: rows that lie apart cost a pass over 20,000 of
# 50 floats as much as one over 100,000 in a row, 0.7 instead of 0.12 ms.
_COPIED = 1 << 23


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


class LogisticData:
    """X, the classes and the weights of its rows; nothing is copied.

    Parameters
    ----------
    x : ndarray (n, i) or CSR or CSC matrix, float32 or float64
    y : ndarray (n,), int32
        The number of each row's class.
    outputs : int
        1 for two classes, else the number of classes.
    sample_weight : ndarray (n,), optional
        Of x's dtype.
    kernels : KernelCaller

    Attributes
    ----------
    readable : ndarray or matrix of the backend
        X in the form that kernels read.
    total : float
        Sum of the weights of the whole problem. Parts of a problem that are to be added up share it.
    """

    def __init__(
        self, x: Any, y: NDArray[np.int32], outputs: int, sample_weight: Array | None, kernels: KernelCaller
    ) -> None:
        self.x, self.y, self.outputs, self.sample_weight, self.kernels = x, y, outputs, sample_weight, kernels
        self.readable = x if isinstance(x, np.ndarray) else kernels.readable(x)
        self.total = float(x.shape[0] if sample_weight is None else sample_weight.sum(dtype=np.float64))
        self._samples: dict[int, LogisticData] = {}  # by step

    @property
    def computes_in_float32(self) -> bool:
        """Whether terms of a row are float32; of a sparse X they are float64 in any case."""
        return isinstance(self.x, np.ndarray) and self.x.dtype == np.float32

    # --- parts and other forms --------------------------------------------------------------------------------

    def sample(self, step: int) -> LogisticData:
        """Every `step`-th row; with step 1 these data themselves."""
        if step == 1:
            return self
        if step not in self._samples:
            weight = self.sample_weight
            self._samples[step] = LogisticData(
                _every_nth_row(self.x, step),
                np.ascontiguousarray(self.y[::step]),
                self.outputs,
                None if weight is None else np.ascontiguousarray(weight[::step]),
                self.kernels,
            )
        return self._samples[step]

    def is_representative(self, step: int, least: int) -> bool:
        """Whether `sample` has its share of the weight, and of each class at least so many rows."""
        y, weight = self.y[::step], self.sample_weight
        counts = np.bincount(y, None if weight is None else weight[::step] > 0, max(self.outputs, 2))
        total = len(y) if weight is None else float(weight[::step].sum(dtype=np.float64))
        return bool(counts.min() >= least and 2 * step * total >= self.total)

    def in_float64(self, rows: slice) -> LogisticData:
        """Some rows of a dense X in float64, as a part of these data."""
        weight = self.sample_weight
        return self._with(self.x[rows].astype(np.float64), self.y[rows], None if weight is None else weight[rows])

    def with_features(self, x: Any) -> LogisticData:
        """The same rows with other features x (n, m)."""
        return self._with(x, self.y, self.sample_weight)

    def _with(self, x: Any, y: NDArray[np.int32], weight: Array | None) -> LogisticData:
        other = copy(self)
        other.x, other.y, other.readable, other._samples = x, y, self.kernels.readable(x), {}
        other.sample_weight = None if weight is None else weight.astype(x.dtype, copy=False)
        return other

    def by_rows(self) -> Any:
        """X in the form of kernels that take one row after another, with every element in one piece.

        Of a sparse X that is stored otherwise (by columns, or with duplicates) this is a copy.
        """
        if isinstance(self.x, np.ndarray):
            return self.readable
        x = self.x.tocsr()
        if not x.has_canonical_format:
            x = x.copy()
            x.sum_duplicates()
        return self.readable if x is self.x else self.kernels.readable(x)

    def sparse_columns(self, features: NDArray[np.intp], *, by_column: bool = False) -> tuple[Any, Any]:
        """Some columns of a sparse X in float64, (n, m): as X is, CSR or CSC, and, where asked, as CSC, else None."""
        if self.x.format == "csc":
            selected = self.x[:, features].astype(np.float64, copy=False)
            return selected, selected if by_column else None
        from scipy.sparse import csc_array, csr_array  # here, since it is slow to import

        shape = (len(self.y), len(features))
        rows, columns = self.kernels.call("take_columns", self.readable, features, by_column, threads=False)
        return csr_array(rows, shape), None if columns is None else csc_array(columns, shape)

    # --- sums over the rows -----------------------------------------------------------------------------------

    def moments(self) -> tuple[Vector, Vector]:
        """Weighted means of the features and of their squares (i,).

        Twice a sigmoid's gradient at zero, if all rows are of class 0, and four times its second derivatives.
        """
        i, y = self.x.shape[1], np.zeros_like(self.y)
        means, squares = np.empty(i), np.empty(i)
        self.kernels.call(
            "logistic_gradient", self.readable, y, self.sample_weight, np.zeros(i), 1, means, None, squares, None
        )
        return means * (2 / self.total), squares * (4 / self.total)

    def nonzero_counts(self) -> NDArray[np.intp]:
        """In how many rows each feature (i,) is not zero."""
        x = self.x
        if isinstance(x, np.ndarray):
            return np.asarray(np.count_nonzero(x, axis=0))
        return np.diff(x.indptr) if x.format == "csc" else np.bincount(x.indices, minlength=x.shape[1])

    def null_loss(self, fit_intercept: bool) -> float:
        """The mean loss of an intercept alone, or, without one, of equal probabilities."""
        k = max(self.outputs, 2)
        counts = np.bincount(self.y, self.sample_weight, k) if fit_intercept else np.ones(k)
        shares = counts[counts > 0] / counts.sum()
        return -float(shares @ np.log(shares))


def _every_nth_row(x: Any, step: int) -> Any:
    """Every `step`-th row of x, in its form."""
    if isinstance(x, np.ndarray):
        rows = x[::step]
        return np.ascontiguousarray(rows) if rows.nbytes <= _COPIED else rows
    if x.format != "csc":
        return x[::step]
    indices = x.indices // step  # a slice of x takes twice the time
    selected = np.flatnonzero(indices * step == x.indices)
    starts = np.searchsorted(selected, x.indptr).astype(x.indptr.dtype)
    return type(x)((x.data[selected], indices[selected], starts), shape=(-(-x.shape[0] // step), x.shape[1]))
