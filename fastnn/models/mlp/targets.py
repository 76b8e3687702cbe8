"""What the targets of a deep network are, whether labels or numbers: how they become numbers, and how they score."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastnn.kernels.contract import Array
from fastnn.losses import Loss
from fastnn.training.engine import Engine

__all__ = ["Targets"]


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
