"""What a fit is told: everything about training that is decided before it begins."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from fastnn.optimizers import Optimizer
from fastnn.training.rates import Rate

__all__ = ["Recipe"]


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Parameters
    ----------
    optimizer : Optimizer
    rate : Rate
        As it was set up: a run has a copy of its own.
    batch_size : int
        Rows of a step.
    epochs : int
        At most so many in this call.
    alpha, l1 : float, default=0
        L2 and L1 penalty on the weights.
    shuffle : bool, default=True
        Whether every epoch takes the rows in an order of its own.
    patience : float, default=inf
        Training ends after more than so many epochs in a row without improvement.
    tol : float, default=0
        What an epoch must improve by to count.
    keep_on_interrupt : bool, default=False
        Whether Ctrl-C ends training and keeps the last finished epoch. Before the first one it always propagates.
    """

    optimizer: Optimizer
    rate: Rate
    batch_size: int
    epochs: int
    alpha: float = 0.0
    l1: float = 0.0
    shuffle: bool = True
    patience: float = inf
    tol: float = 0.0
    keep_on_interrupt: bool = False
