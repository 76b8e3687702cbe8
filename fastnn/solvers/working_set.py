"""The features that a sparse solution may need, and their columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.solvers.logistic_objective import LogisticObjective
from fastnn.solvers.objective import Vector
from fastnn.solvers.separable import Separable

__all__ = ["choose_features", "take_columns"]

Features = NDArray[np.intp]

# Features to begin with, at least; then twice as many as are not zero.
_FIRST = 64
_SHARE = 32  # the part of all features that costs little beside a pass over all


def choose_features(params: Vector, gradient: Vector, penalty: Separable, objective: LogisticObjective) -> Features:
    """Numbers of the features to work on, in order.

    Those that are not zero, those that no L1 penalty keeps at zero, and of the others those whose gradient exceeds it
    most (Massias, Gramfort and Salmon 2018).
    """
    i, o = objective.x.shape[1], objective.outputs
    l1 = penalty.table[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        scores = np.where((l1 > 0) & (params == 0), penalty.excess(params, gradient) / l1, np.inf)
    scores = scores[: i * o].reshape(i, o).max(axis=1)
    kept = np.isinf(scores)
    room = max(_FIRST, i // _SHARE, 2 * int(kept.sum()))
    violating = np.flatnonzero((scores > 0) & ~kept)
    if len(violating) > room:
        violating = violating[np.argpartition(-scores[violating], room - 1)[:room]]
    chosen = np.union1d(np.flatnonzero(kept), violating)
    return chosen if len(chosen) else np.array([int(scores.argmax())])


def take_columns(x: Any, features: Features) -> Any:
    """The columns of some features in float64: an ndarray (m, n), a column a row, or a CSR matrix (n, m)."""
    if isinstance(x, np.ndarray):
        return np.ascontiguousarray(x[:, features].T, np.float64)
    return x[:, features].astype(np.float64, copy=False)
