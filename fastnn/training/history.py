"""What epochs were like, as lists that can be plotted or put into a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from fastnn.training.callbacks import Epoch

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

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        for name, values in self.lists.items():
            values[:] = state[name]
