"""What is called at the end of every epoch, and what it sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastnn.kernels.contract import Array

__all__ = ["Epoch", "Watcher"]


@dataclass(frozen=True)
class Epoch:
    """What a watcher sees at the end of an epoch.

    Attributes
    ----------
    number : int
        Counted from 1 in this call.
    loss : float
        Mean over the rows of the epoch, while the parameters changed.
    learning_rate : float
        Of the epoch's last step.
    params : ndarray of shape (p,)
        Read-only, and changed by the next epoch: a watcher that keeps them takes a copy. Their
        average, where the optimizer keeps one (`ema`).
    validation_score : float or None
        Of the parameters, on samples that were held out; higher is better. None where there are none.
    seconds : float
        How long the epoch took, its validation included.
    validation_loss : float or None
        Mean loss of the parameters on the samples that were held out, without penalty.
    """

    number: int
    loss: float
    learning_rate: float
    params: Array
    validation_score: float | None = None
    seconds: float = 0.0
    validation_loss: float | None = None


Watcher = Callable[[Epoch], bool | None]
"""watcher(epoch) -> True where training shall end after this epoch."""
