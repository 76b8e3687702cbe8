"""Numbers that a deep network predicts: as its targets, and how its outputs score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn.metrics import r2_score

from fastnn.kernels.contract import Array
from fastnn.losses import Loss
from fastnn.models.common.output import output_of_link
from fastnn.training.engine import Engine

__all__ = ["NumberTargets"]


@dataclass(frozen=True)
class NumberTargets:
    """One number or several, and the loss that they are predicted with.

    Raises
    ------
    ValueError
        If the loss is one for classes.
    """

    loss: Loss
    several_labels = False
    known_classes = None

    def __post_init__(self) -> None:
        if self.loss.name == "hinge":
            raise ValueError("loss='hinge' is for classes: use MLPClassifier, or another loss.")

    @property
    def output(self) -> str:
        """The name that scikit-learn has for the loss's link."""
        return output_of_link(self.loss.link)

    def attributes(self) -> dict[str, Any]:
        """What a fitted estimator has of them, by the names of its attributes."""
        return {"out_activation_": self.output}

    def encode(self, y: NDArray[Any], dtype: DTypeLike, name: str = "y") -> Array:
        """The network's targets (n, o); errors call them by the name."""
        targets: Array = np.require(y.reshape(len(y), -1), dtype, ["C", "A"])
        self.loss.require_targets(name, targets)
        return targets

    def soften(self, targets: Array) -> Array:
        """The targets as they are: only labels are smoothed."""
        return targets

    def weights_of_classes(self, y: NDArray[Any], sample_weight: Array | None, incremental: bool) -> None:
        """Numbers are of no class."""

    def score(self, engine: Engine, z: Array, y: Array, sample_weight: Array | None) -> float:
        """R^2 of the raw output z (n, o) for the targets y (n, o); NaN where a prediction is not finite."""
        predictions = engine.link(z)
        if not np.isfinite(predictions).all():
            return float("nan")
        return float(r2_score(y, predictions, sample_weight=sample_weight))
