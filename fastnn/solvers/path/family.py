"""Logistic regressions that share one X: all rows of it, and subsets of them such as the training rows of folds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from fastnn.kernels.contract import Array
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.types import Solution
from fastnn.threads import threads
from fastnn.workers import cancellation, finished

__all__ = ["Family", "RowNumbers", "WatchPath", "held_out_losses", "side_by_side"]

RowNumbers = NDArray[np.int64]
WatchPath = Callable[[int, Solution], None]
Task = TypeVar("Task")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Family:
    """Problems that share X and y: what `LogisticObjective` takes, without alpha."""

    x: Any
    y: NDArray[np.int32]
    outputs: int
    sample_weight: Array | None
    fit_intercept: bool
    backend: str = "auto"
    n_threads: int | None = None

    @cached_property
    def losses(self) -> LogisticObjective:
        """The problem without a penalty."""
        return LogisticObjective(
            self.x,
            self.y,
            self.outputs,
            sample_weight=self.sample_weight,
            fit_intercept=self.fit_intercept,
            backend=self.backend,
            n_threads=self.n_threads,
        )

    def subset(self, rows: RowNumbers) -> Family:
        """The problems of some rows; one that occurs twice counts twice.

        Others get a weight of zero, so that X is not copied, unless they are more than half of all.
        """
        n = self.x.shape[0]
        if 2 * len(rows) < n:
            weight = None if self.sample_weight is None else self.sample_weight[rows]
            return replace(self, x=self.x[rows], y=self.y[rows], sample_weight=weight)
        weight = np.bincount(rows, minlength=n).astype(self.x.dtype)
        if self.sample_weight is not None:
            weight *= self.sample_weight
        return replace(self, sample_weight=weight)


def held_out_losses(family: Family, subsets: Sequence[RowNumbers], at_most: float) -> list[LogisticObjective]:
    """The losses of the rows that each subset leaves out, if these divide all rows among at most so many; else none."""
    n = family.x.shape[0]
    counts = np.array([np.bincount(rows, minlength=n) for rows in subsets], np.int64).reshape(-1, n)
    if not 2 <= len(subsets) <= at_most or counts.max() > 1 or (counts.sum(axis=0) != len(subsets) - 1).any():
        return []
    left_out = [np.flatnonzero(count == 0) for count in counts]
    weight = family.sample_weight
    pieces = [
        replace(family, x=family.x[rows], y=family.y[rows], sample_weight=None if weight is None else weight[rows])
        for rows in left_out
    ]
    return [piece.losses for piece in pieces] if all(piece.losses.total > 0 for piece in pieces) else []


def side_by_side(do: Callable[[Task], Result], tasks: Sequence[Task], n_workers: int) -> list[Result]:
    """What `do` makes of every task, in the tasks' order, in so many threads; an error in one ends the others."""
    if min(n_workers, len(tasks)) <= 1:
        return [do(task) for task in tasks]

    def alone(task: Task) -> Result:
        with threads(1):
            return do(task)

    return [future.result() for future in finished(alone, tasks, n_workers, cancellation(), all_or_none=True)]
