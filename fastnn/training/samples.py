"""What training reads: samples in memory or batch by batch, and the order of their rows in every epoch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fastnn.kernels.contract import Array
from fastnn.training.engine import Engine
from fastnn.training.recipe import Recipe
from fastnn.training.run import Run

__all__ = ["Rows", "Samples", "Source", "Stream", "row_order", "selected"]

Rows = NDArray[np.int64] | None
"""The numbers of rows in the order in which they are taken; None for all of them as they come."""


class Source(Protocol):
    """Samples that come part by part in every epoch."""

    def parts(self, engine: Engine, recipe: Recipe, run: Run) -> Iterable[tuple[Samples, Rows]]:
        """The parts of the epoch that begins, and the order of each one's rows."""
        ...


@dataclass(frozen=True)
class Samples:
    """x (n, i), y (n, o) and the weights of the rows (n,) or None, all of the plan's dtype.

    x is an ndarray, or a sparse matrix of compressed rows (CSR). Only `rows` take part, or all of them for None: so
    a share of a large x needs no copy of it.
    """

    x: Any
    y: Array
    sample_weight: Array | None = None
    rows: Rows = None


def row_order(engine: Engine, recipe: Recipe, run: Run, n: int, rows: Rows) -> Rows:
    """The order in which an epoch takes the rows, or all n of them for None.

    Shuffled, unless one batch takes all of them: then there is nothing to mix.
    """
    count = n if rows is None else len(rows)
    if not recipe.shuffle or recipe.batch_size >= count:
        return rows
    permutation = engine.permutation(run.seed, run.epoch, count)
    return permutation if rows is None else rows[permutation]


def selected(array: Any, rows: Rows) -> Any:
    """Rows of an array, if there is one; None for all of them."""
    return array if rows is None or array is None else array[rows]


class Stream:
    """Batches that are read anew for every epoch, as of data that are larger than memory.

    Parameters
    ----------
    batches : callable
        batches() -> an iterable of `Samples`, whose rows need not live longer than a batch. One with more rows than
        the recipe's batch size makes several steps, whose rows are shuffled.
    """

    def __init__(self, batches: Callable[[], Iterable[Samples]]) -> None:
        self._batches = batches

    def parts(self, engine: Engine, recipe: Recipe, run: Run) -> Iterator[tuple[Samples, Rows]]:
        """The batches of an epoch that have rows, and the order of their rows.

        Raises
        ------
        ValueError
            If no batch has a row.
        """
        empty = True
        for samples in self._batches():
            n = samples.x.shape[0]
            if n == 0:
                continue
            empty = False
            shuffled = recipe.shuffle and n > recipe.batch_size
            # The step, and not the epoch: every batch has an order of its own.
            yield samples, engine.permutation(run.seed, run.state.step, n) if shuffled else None
        if empty:
            raise ValueError(f"Epoch {run.epoch + 1} has no rows: the batches are empty, or have been used up.")
