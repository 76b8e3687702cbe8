"""When training no longer improves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastnn.kernels.contract import Array
from fastnn.training.callbacks import Epoch
from fastnn.training.rates import Rate

__all__ = ["Stopping"]


_SEEN = ("best", "best_params", "stalled")


@dataclass
class Stopping:
    """Watches the validation score or else the loss, and ends training that no longer improves.

    An epoch improves when it beats the best one before by at least `tol`. After more than
    `patience` epochs in a row that do not, the learning rate decides: training ends, or goes on
    with a smaller rate.

    Attributes
    ----------
    best : float
        The best score so far, or the lowest loss with its sign turned.
    best_params : ndarray (p,) or None
        Parameters of the best validation score.
    stalled : int
        Epochs without improvement until now.
    """

    tol: float
    patience: float
    rate: Rate
    best: float = -math.inf
    best_params: Array | None = None
    stalled: int = 0

    def __call__(self, epoch: Epoch) -> bool:
        """Whether training ends after this epoch."""
        value = -epoch.loss if epoch.validation_score is None else epoch.validation_score
        # Written so that a NaN is no improvement.
        self.stalled = 0 if value >= self.best + self.tol else self.stalled + 1
        if value > self.best:
            self.best = value
            if epoch.validation_score is not None:
                self.best_params = epoch.params.copy()
        if self.stalled <= self.patience:
            return False
        if self.rate.stalled():
            return True
        self.stalled = 0
        return False

    def state_dict(self) -> dict[str, Any]:
        """What has been seen so far: see `training.checkpoint`."""
        return {name: getattr(self, name) for name in _SEEN}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        for name in _SEEN:
            setattr(self, name, state[name])
