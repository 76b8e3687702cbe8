"""When training no longer improves."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from fastnn.kernels.contract import Array
from fastnn.training.loop import Epoch
from fastnn.training.rates import Rate

__all__ = ["Stopping"]


@dataclass
class Stopping:
    """Watches the loss or a score of the parameters, and ends training that no longer improves.

    An epoch improves when it beats the best one before by at least `tol`. After more than
    `patience` epochs in a row that do not, the learning rate decides: training ends, or goes on
    with a smaller rate.

    Attributes
    ----------
    score : callable or None
        score(params) -> float, higher is better; None: the loss, lower is better.
    best : float
        The best score so far, or the lowest loss with its sign turned.
    best_params : ndarray (p,) or None
        Parameters of the best score.
    stalled : int
        Epochs without improvement until now.
    scores : list of float
        The score of every epoch that was watched.
    """

    tol: float
    patience: float
    rate: Rate
    score: Callable[[Array], float] | None = None
    best: float = -math.inf
    best_params: Array | None = None
    stalled: int = 0
    scores: list[float] = field(default_factory=list)

    def __call__(self, epoch: Epoch) -> bool:
        """Whether training ends after this epoch."""
        value = self._value(epoch)
        # Written so that a NaN is no improvement.
        self.stalled = 0 if value >= self.best + self.tol else self.stalled + 1
        if value > self.best:
            self.best = value
            if self.score is not None:
                self.best_params = epoch.params.copy()
        if self.stalled <= self.patience:
            return False
        if self.rate.stalled():
            return True
        self.stalled = 0
        return False

    def _value(self, epoch: Epoch) -> float:
        if self.score is None:
            return -epoch.loss
        self.scores.append(self.score(epoch.params))
        return self.scores[-1]
