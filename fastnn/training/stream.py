"""Samples that come batch by batch, as those do that are larger than memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from fastnn.training.engine import Engine
from fastnn.training.loop import Run, Samples

__all__ = ["Stream"]


class Stream:
    """Batches that are read anew for every epoch.

    Parameters
    ----------
    engine : Engine
    batches : callable
        batches() -> an iterable of `Samples`, whose rows need not live longer than a batch.
    batch_size : int
        Rows of a step: a batch with more makes several.
    shuffle : bool
        Whether the rows of a batch with several steps are taken in another order every time.
    """

    def __init__(self, engine: Engine, batches: Callable[[], Iterable[Samples]], batch_size: int, shuffle: bool):
        self._engine = engine
        self._batches = batches
        self._batch_size = batch_size
        self._shuffle = shuffle

    def parts(self, run: Run) -> Iterator[tuple[Samples, NDArray[np.int64] | None]]:
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
            mixed = self._shuffle and n > self._batch_size
            # The step, and not the epoch: every batch has an order of its own.
            yield samples, self._engine.permutation(run.seed, run.state.step, n) if mixed else None
        if empty:
            raise ValueError(f"Epoch {run.epoch + 1} has no rows: the batches are empty, or have been used up.")
