"""Types of what users give to an estimator."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Never, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Batches", "MatrixLike", "RandomState", "Sparse", "Splitter"]


class Sparse(Protocol):
    """A sparse matrix or array of SciPy, which publishes no types."""

    def tocsr(self, copy: bool = False) -> Any:
        """Convert to compressed sparse rows."""
        ...

    def toarray(self) -> Any:
        """Convert to a dense array."""
        ...


class Splitter(Protocol):
    """A splitter of scikit-learn, such as KFold: it cuts rows into those to train on and those to score on."""

    # A function that takes some type takes Never, whatever it is: what a splitter reads is its own affair.
    def split(self, X: Never, y: Never, groups: Never, /) -> Iterable[Any]:
        """Yield pairs of rows to train on and rows to score on.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The inputs, of which most splitters read only how many rows they have.
        y : array-like of shape (n_samples,)
            The targets.
        groups : array-like of shape (n_samples,) or None
            Labels of rows that belong together.

        Returns
        -------
        iterable of pairs
            Indices of rows to train on, and of rows to score on.
        """
        ...


MatrixLike: TypeAlias = ArrayLike | Sparse
"""What can be X (n_samples, n_features): lists, arrays, data frames and sparse matrices."""

RandomState: TypeAlias = int | np.random.RandomState | None
"""A seed, what draws the random numbers, or None for another seed each time."""

Batches: TypeAlias = Iterable[tuple[Any, ...]] | Callable[[], Iterable[tuple[Any, ...]]]
"""Batches (x, y) or (x, y, sample_weight), or a function that gives them anew for every epoch."""
