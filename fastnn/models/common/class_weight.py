"""`class_weight`: from what users say of classes to the weights of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.class_weight import compute_class_weight

from fastnn.kernels.contract import Array

__all__ = [
    "DictOfEachLabel",
    "require_computable",
    "times_class_weight",
    "times_weight",
    "weights_of_classes",
    "weights_of_labels",
]

Weights = NDArray[np.float64]


@dataclass(frozen=True)
class DictOfEachLabel:
    """A list of dicts, for several labels a row."""

    def accepts(self, value: Any) -> bool:
        """Whether the value is a sequence of dicts."""
        return isinstance(value, (list, tuple)) and all(isinstance(each, Mapping) for each in value)

    def __str__(self) -> str:
        return "a list of dicts, one for each of several labels"


def weights_of_classes(
    class_weight: Any, classes: NDArray[Any], labels: NDArray[Any], sample_weight: Array | None
) -> Weights:
    """The weight (k,) of every class.

    Parameters
    ----------
    class_weight : dict or "balanced"
    classes : ndarray (k,)
    labels : ndarray (n,)
    sample_weight : ndarray (n,) or None
        "balanced" makes the sums of the rows' weights alike.

    Raises
    ------
    ValueError
        If `class_weight` does not fit the classes, or a weight is not possible.
    """
    if isinstance(class_weight, Sequence) and not isinstance(class_weight, str):
        raise ValueError(f"{class_weight=}, wanted a dict or 'balanced': lists of dicts are for several labels.")
    if isinstance(class_weight, str) and sample_weight is not None:
        sample_weight = _without_extremes(sample_weight)  # only their ratios count
    with np.errstate(divide="ignore"):
        weights: Weights = compute_class_weight(class_weight, classes=classes, y=labels, sample_weight=sample_weight)
    if isinstance(class_weight, str):  # a class whose rows all weigh nothing weighs nothing either
        weights[np.isinf(weights)] = 0
    impossible = weights[~(np.isfinite(weights) & (weights >= 0))]
    if len(impossible):
        raise ValueError(f"class_weight has {impossible[0]}, wanted finite weights of at least 0.")
    return weights


def _without_extremes(weight: Array) -> Array:
    """The weights, divided by the largest where their sum would overflow or lose digits."""
    largest = float(weight.max())
    limits = np.finfo(weight.dtype)
    if limits.tiny / limits.eps < largest < limits.max / len(weight):
        return weight
    return np.asarray(weight / np.float64(largest), np.float64)


def weights_of_labels(class_weight: Any, labels: NDArray[Any], sample_weight: Array | None) -> Weights:
    """The weights (o, 2) of not having and of having each of several labels; a row's is their product.

    Parameters
    ----------
    class_weight : list of dicts or "balanced"
        Each ``{0: weight, 1: weight}``; 1 where there is none.
    labels : ndarray (n, o)
    sample_weight : ndarray (n,) or None

    Raises
    ------
    ValueError
        If there is not one dict for each label, one does not fit the classes 0 and 1, or a weight is not possible.
    """
    n_labels = labels.shape[1]
    if isinstance(class_weight, Mapping):
        raise ValueError(f"{class_weight=}, wanted 'balanced' or a list of dicts: y has {n_labels} labels.")
    if not isinstance(class_weight, str) and len(class_weight) != n_labels:
        raise ValueError(f"class_weight has {len(class_weight)} dicts, wanted {n_labels}: one for each label.")
    table = np.ones((n_labels, 2))
    for k, own in enumerate([class_weight] * n_labels if isinstance(class_weight, str) else class_weight):
        column = (labels[:, k] > 0).astype(np.intp)
        found = np.unique(column) if isinstance(own, str) else np.arange(2)
        table[k, found] = weights_of_classes(own, found, column, sample_weight)
    return table


def times_class_weight(
    weight: Array | None, targets: Array, of_class: Weights | None, row: str = "row"
) -> Array | None:
    """The weight of every row (n,), or None for ones, times those of its class or its labels.

    `targets` (n, o) are above 0 in the column of each row's class, or of each of its labels; one column tells two
    classes apart. Errors call a row by `row`.

    Raises
    ------
    ValueError
        If every row's weight is then zero.
    """
    if of_class is None:
        return weight
    if of_class.ndim == 2:
        has_label = (targets > 0).astype(np.intp)
        return times_weight(weight, of_class[np.arange(len(of_class)), has_label].prod(axis=1), targets.dtype, row)
    index = (targets[:, 0] > 0).astype(np.intp) if targets.shape[1] == 1 else targets.argmax(axis=1)
    return times_weight(weight, of_class[index], targets.dtype, row)


def times_weight(weight: Array | None, of_row: Weights, dtype: Any, row: str = "row") -> Array:
    """The product of the weights (n,) of the rows and of their classes, of this dtype.

    Raises
    ------
    ValueError
        If it is zero for all rows, or larger than the dtype can hold.
    """
    with np.errstate(over="ignore", under="ignore"):
        product: Array = (of_row if weight is None else weight * of_row).astype(dtype)
    if not np.isfinite(product).all():
        largest = "" if weight is None else f" times sample_weight, as large as {weight.max():.3g},"
        raise ValueError(
            f"class_weight, as large as {of_row.max():.3g},{largest} is more than {np.dtype(dtype)} can hold. "
            "Divide all weights by the same number."
        )
    if not product.any():
        raise ValueError(
            f"class_weight leaves no {row} with a weight above zero"
            + (f" that {np.dtype(dtype)} can hold." if of_row.any() else ".")
        )
    return product


def require_computable(weight: Array) -> None:
    """ValueError where sums of the weights (n,), or their products with numbers below one, have no digits."""
    limits = np.finfo(weight.dtype)
    largest = float(weight.max())
    if largest > limits.max / len(weight):
        raise ValueError(
            f"sample_weight, times class_weight, is as large as {largest:.3g}, and its sum may be more than "
            f"{weight.dtype} can hold. Divide all weights by the same number, and multiply C by it."
        )
    if largest < limits.tiny / limits.eps:
        raise ValueError(
            f"sample_weight, times class_weight, is at most {largest:.3g}, too little for {weight.dtype} to compute "
            "with. Multiply all weights by the same number, and divide C by it."
        )
