"""What epochs were like, as lists that can be plotted or put into a table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from fastnn.kernels.contract import Array
from fastnn.training.epoch import Epoch
from fastnn.training.saved import read_numbers

__all__ = ["HISTORY", "History", "grown"]

HISTORY = ("loss", "validation_loss", "validation_score", "learning_rate", "seconds")


class History:
    """A watcher that writes every finished epoch down.

    Parameters
    ----------
    before : mapping of str to sequence of float, optional
        The `lists` of a run that this one goes on from.

    Attributes
    ----------
    new : dict of str to list of float
        "loss", "validation_loss", "validation_score", "learning_rate" and "seconds" of the epochs since, all of one
        length; NaN where an epoch has no such number.
    """

    def __init__(self, before: Mapping[str, Sequence[float]] | None = None) -> None:
        self._before = before or {}
        self.new: dict[str, list[float]] = {name: [] for name in HISTORY}

    def __call__(self, epoch: Epoch) -> None:
        """Write the epoch down."""
        for name, values in self.new.items():
            value = getattr(epoch, name)
            values.append(math.nan if value is None else value)

    @property
    def lists(self) -> dict[str, list[float]]:
        """All epochs, in lists of their own."""
        return {name: [*self._before.get(name, ()), *values] for name, values in self.new.items()}

    def joined(self) -> dict[str, list[float]]:
        """All epochs, in the lists of before, which are longer now."""
        return {name: grown(self._before.get(name), values) for name, values in self.new.items()}

    def state_dict(self) -> dict[str, Any]:
        """What has been written down so far, for a checkpoint."""
        return self.lists

    def load_state_dict(self, state: Mapping[str, Any], params: Array) -> None:
        """Go on from there."""
        saved = {name: read_numbers(state, name) for name in HISTORY}
        if len(set(map(len, saved.values()))) > 1:
            raise ValueError("the lists of the epochs have different lengths")
        self._before, self.new = {}, saved


def grown(before: Sequence[float] | None, new: Sequence[float]) -> list[float]:
    """What a curve becomes with new values: longer in place, where it is a list.

    It is not copied, since a model that learns call by call may have made a million calls: a copy then took 22 ms.
    """
    curve = before if isinstance(before, list) else list(() if before is None else before)
    curve.extend(new)
    return curve
