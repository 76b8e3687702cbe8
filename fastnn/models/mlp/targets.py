"""What the targets of a deep network are, whether labels or numbers, and the loss on them as users know it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastnn.kernels.contract import Array
from fastnn.losses import Loss
from fastnn.training.engine import Engine
from fastnn.training.loop import Report
from fastnn.training.samples import Rows, selected

__all__ = ["Targets", "report_of", "reported_loss"]


class Targets(Protocol):
    """Labels or numbers, as a fit has found them."""

    @property
    def loss(self) -> Loss:
        """What the network is trained on."""
        ...

    @property
    def known_classes(self) -> NDArray[Any] | None:
        """The classes; None for numbers."""
        ...

    @property
    def several_labels(self) -> bool:
        """Whether a row may be of several classes at once."""
        ...

    def attributes(self) -> dict[str, Any]:
        """What a fitted estimator has of them, by the names of its attributes."""
        ...

    def encode(self, y: NDArray[Any], dtype: DTypeLike, name: str = "y") -> Array:
        """The network's targets (n, o) of labels or numbers; errors call them by the name."""
        ...

    def soften(self, targets: Array) -> Array:
        """The targets (n, o) that training sees."""
        ...

    def weights_of_classes(
        self, y: NDArray[Any], sample_weight: Array | None, incremental: bool
    ) -> NDArray[np.float64] | None:
        """A weight for every class (k,), or for not having and having every label (o, 2), if they have some."""
        ...

    def score(self, engine: Engine, z: Array, y: Array, sample_weight: Array | None) -> float:
        """Accuracy or R^2 of the raw output z (n, o) for the targets y (n, o); NaN where z is not finite."""
        ...


def reported_loss(loss: Loss, y: Array, sample_weight: Array | None) -> Callable[[float], float]:
    """From the mean loss of samples with targets y (n, o), summed over outputs, to what scikit-learn reports.

    That is the mean over the outputs of a regression; of counts and their kind half the deviance, which vanishes where
    every prediction is right.
    """
    saturated = loss.saturated(y)
    if saturated is not None:
        constant = float(np.average(saturated, weights=sample_weight, axis=0).sum())
        return lambda value: value - constant
    outputs = y.shape[1] if loss.link == "identity" else 1
    return lambda value: value / outputs


def report_of(loss: Loss, y: Array, sample_weight: Array | None, rows: Rows) -> Report:
    """From the mean loss and the penalty of an epoch over these rows to their sum as users know it."""
    users_loss = reported_loss(loss, selected(y, rows), selected(sample_weight, rows))
    return lambda value, penalty: users_loss(value) + penalty
