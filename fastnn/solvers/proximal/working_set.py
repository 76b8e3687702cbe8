"""Working sets: the features that a sparse solution may need (Massias, Gramfort and Salmon 2018)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.objective.types import Vector

__all__ = ["MOST_WITH_HESSIAN", "Features", "choose_features"]

Features = NDArray[np.intp]

_FIRST = 64  # features that a working set may have in any case, or twice as many as are not zero
_SHARE = 8  # an eighth of all features is allowed too: it costs little beside a pass over all of them
_NEAR = 0.8  # of an L1 penalty: a feature with a larger gradient may be needed soon
MOST_WITH_HESSIAN = 512  # parameters; a Hessian of more is slow to make and to go through


def choose_features(
    params: Vector, gradient: Vector, penalty: Separable, objective: LogisticObjective, before: Features
) -> tuple[Features, Features]:
    """Numbers of the features to work on, in order: those that are needed, and they with others that may be soon.

    Needed are those that are not zero, those that no L1 penalty keeps at zero, and of the others those whose gradient
    exceeds it most (Massias, Gramfort and Salmon 2018). Others spare working sets to come: those that were worked on
    `before`, while a Hessian of all is small; and where none is, also those whose gradient is near to it.
    """
    i, o = objective.x.shape[1], objective.outputs
    l1, rests = penalty.table[0][: i * o], (penalty.table[0] > 0) & (params == 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        pull = np.where(rests[: i * o], np.abs(gradient[: i * o]) / l1, np.inf).reshape(i, o).max(axis=1)
    violates = (rests & (penalty.excess(params, gradient) > 0))[: i * o].reshape(i, o).any(axis=1)
    kept = np.isinf(pull)
    room = max(_FIRST, i // _SHARE, 2 * int(kept.sum()))
    needed = kept | _are_largest(pull, violates & ~kept, room)
    if not needed.any():
        needed[pull.argmax()] = True
    chosen, most = needed, MOST_WITH_HESSIAN // o
    if needed.sum() > most:
        chosen = needed | _are_largest(pull, (pull > _NEAR) & ~kept, room)
        most = 3 * int(chosen.sum())
    more = chosen.copy()
    more[before] = True
    return np.flatnonzero(needed), np.flatnonzero(more if more.sum() <= most else chosen)


def _are_largest(values: Vector, of: NDArray[np.bool_], at_most: int) -> NDArray[np.bool_]:
    """Which of some values are the largest."""
    places = np.flatnonzero(of)
    if len(places) <= at_most:
        return of
    largest = np.zeros_like(of)
    largest[places[np.argpartition(-values[places], at_most - 1)[:at_most]]] = True
    return largest
