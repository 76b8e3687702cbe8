"""What epochs were like, as lists that can be plotted or put into a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from fastnn.kernels.contract import Array
from fastnn.training.callbacks import Epoch
from fastnn.training.saved import read_numbers

__all__ = ["HISTORY", "History"]

HISTORY = ("loss", "validation_loss", "validation_score", "learning_rate", "seconds")


class History:
    """A watcher that writes every finished epoch down.

    Parameters
    ----------
    before : mapping of str to sequence of float, optional
        The `lists` of a run that this one goes on from.

    Attributes
    ----------
    lists : dict of str to list of float
        "loss", "validation_loss", "validation_score", "learning_rate" and "seconds", all of one
        length; NaN where an epoch has no such number.
    """

    def __init__(self, before: Mapping[str, Sequence[float]] | None = None) -> None:
        self.lists: dict[str, list[float]] = {name: list((before or {}).get(name, ())) for name in HISTORY}

    def __call__(self, epoch: Epoch) -> None:
        """Write the epoch down."""
        for name, values in self.lists.items():
            value = getattr(epoch, name)
            values.append(math.nan if value is None else value)

    def state_dict(self) -> dict[str, Any]:
        """What has been written down so far: see `training.checkpoint`."""
        return dict(self.lists)

    def load_state_dict(self, state: Mapping[str, Any], params: Array) -> None:
        """Go on from there."""
        saved = {name: read_numbers(state, name) for name in self.lists}
        if len(set(map(len, saved.values()))) > 1:
            raise ValueError("the lists of the epochs have different lengths")
        for name, values in self.lists.items():
            values[:] = saved[name]
