"""The loss as users know it, from the one that the kernels minimise."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fastnn.kernels.contract import Array
from fastnn.losses import Loss
from fastnn.training.loop import Report
from fastnn.training.samples import Rows, selected

__all__ = ["report_of", "reported_loss"]


def reported_loss(loss: Loss, y: Array, sample_weight: Array | None) -> Callable[[float], float]:
    """From the mean loss of samples with targets y (n, o), summed over outputs, to what scikit-learn reports.

    That is the mean over the outputs of a regression, and Poisson's deviance, which vanishes where
    every prediction is right.
    """
    if loss.name == "poisson":
        deviance = np.where(y > 0, y * np.log(np.where(y > 0, y, 1)), 0) - y
        constant = float(np.average(deviance, weights=sample_weight, axis=0).sum())
        return lambda value: value + constant
    outputs = y.shape[1] if loss.link == "identity" else 1
    return lambda value: value / outputs


def report_of(loss: Loss, y: Array, sample_weight: Array | None, rows: Rows) -> Report:
    """From the mean loss and the penalty of an epoch over these rows to their sum as users know it."""
    users_loss = reported_loss(loss, selected(y, rows), selected(sample_weight, rows))
    return lambda value, penalty: users_loss(value) + penalty
