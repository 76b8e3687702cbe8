"""A fitted model as the network that it is: which network, and which of its outputs, a method means."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.errors import unknown_name
from fastnn.kernels.contract import Array
from fastnn.plan import Plan

__all__ = ["AsNetwork", "ModelNetwork"]


@dataclass(frozen=True)
class ModelNetwork:
    """A fitted model as a network.

    Attributes
    ----------
    plan : Plan
    params : ndarray (p,)
    outputs : dict of str to str
        By the names of the methods that there are: "raw", what the last layer's activation gives; "link", the loss's
        link of it; "pairs", the same for one output and its negative; "class"; "labels".
    classes : ndarray (k,), optional
        Of "class".
    """

    plan: Plan
    params: Array
    outputs: Mapping[str, str]
    classes: NDArray[Any] | None = None

    def output(self, method: str) -> str:
        """What a method gives; ValueError if there is no such method."""
        if method not in self.outputs:
            raise unknown_name("method", method, self.outputs)
        output = self.outputs[method]
        return "raw" if output == "link" and self.plan.loss.link == "identity" else output

    def labels(self) -> NDArray[np.int64]:
        """What stands for each class: the label itself where that is an integer, else its number in classes_.

        There are at least two: the class of a model that knows no other one stands for both answers.
        """
        classes = np.empty(0) if self.classes is None else self.classes
        labels = np.arange(len(classes), dtype=np.int64)
        if classes.dtype.kind in "iub":
            same = classes.astype(np.int64)
            labels = same if (same == classes).all() else labels
        return np.repeat(labels, 2) if len(labels) == 1 else labels


class AsNetwork:
    """A model that can be taken as a network, by what predicts with its weights elsewhere."""

    @abstractmethod
    def _as_network(self, method: str) -> ModelNetwork:
        """The model as the network of a method; NotFittedError where it is not fitted."""
