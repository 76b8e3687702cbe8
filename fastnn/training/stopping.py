"""When training no longer improves."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastnn.kernels.contract import Array
from fastnn.storage import require_array
from fastnn.training.epoch import Epoch
from fastnn.training.rates import Rate
from fastnn.training.saved import read_count, read_number

__all__ = ["Stopping", "by_loss", "by_score", "by_validation_loss"]


def by_loss(epoch: Epoch) -> float:
    """How good an epoch is by its loss."""
    return -epoch.loss


def by_validation_loss(epoch: Epoch) -> float:
    """How good an epoch is by its validation loss."""
    return math.nan if epoch.validation_loss is None else -epoch.validation_loss


def by_score(epoch: Epoch) -> float:
    """How good an epoch is by its validation score."""
    return math.nan if epoch.validation_score is None else epoch.validation_score


_SEEN = ("best", "best_params", "stalled")


@dataclass
class Stopping:
    """Watches how good epochs are, and ends training that no longer improves.

    An epoch improves when it beats the best one before by at least `tol`. After more than
    `patience` epochs in a row that do not, the learning rate decides: training ends, or goes on
    with a smaller rate.

    Attributes
    ----------
    measure : callable
        measure(epoch) -> float, higher is better.
    keep_best : bool
        Whether to keep a copy of the best epoch's parameters.
    best : float
        The best measure so far.
    best_params : ndarray (p,) or None
    stalled : int
        Epochs without improvement until now.
    """

    tol: float
    patience: float
    rate: Rate
    measure: Callable[[Epoch], float] = by_loss
    keep_best: bool = False
    best: float = -math.inf
    best_params: Array | None = None
    stalled: int = 0

    def __call__(self, epoch: Epoch) -> bool:
        """Whether training ends after this epoch."""
        value = self.measure(epoch)
        self.rate.observe(value)
        # Written so that a NaN is no improvement.
        self.stalled = 0 if value >= self.best + self.tol else self.stalled + 1
        if value > self.best:
            self.best = value
            if self.keep_best:
                self._keep(epoch.params)
        if self.stalled <= self.patience:
            return False
        if self.rate.stalled():
            return True
        self.stalled = 0
        return False

    def _keep(self, params: Array) -> None:
        if self.best_params is None:
            self.best_params = params.copy()
        else:  # no second copy, not even for a moment
            self.best_params[...] = params

    def state_dict(self) -> dict[str, Any]:
        """What has been seen so far, for a checkpoint."""
        return {name: getattr(self, name) for name in _SEEN}

    def load_state_dict(self, state: Mapping[str, Any], params: Array) -> None:
        """Go on from there."""
        best_params = state["best_params"]
        if best_params is not None:
            require_array(best_params, params.shape, params.dtype)
        self.best, self.stalled = read_number(state, "best"), read_count(state, "stalled")
        self.best_params = best_params if self.keep_best else None
