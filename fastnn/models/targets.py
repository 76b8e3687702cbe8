"""Labels to numbers and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy.sparse import issparse
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from fastnn.kernels.contract import Array
from fastnn.tensors import as_host

__all__ = [
    "agreed_classes",
    "as_labels",
    "encode",
    "find_classes",
    "index_of",
    "is_multilabel",
    "one_hot",
    "require_two_classes",
    "two_classes",
]

Labels = NDArray[Any]


def is_multilabel(y: Any) -> bool:
    """Whether every row of y may have several labels, as a matrix of zeros and ones says."""
    return bool(type_of_target(y, input_name="y") == "multilabel-indicator")


def as_labels(y: Any) -> Labels:
    """One label for every row (n,), or for several labels a row a matrix (n, o) of 0 and 1.

    Raises
    ------
    ValueError
        If y has numbers that are no labels, or several labels of several classes.
    """
    if type(y) is np.ndarray and y.ndim == 1 and y.dtype.kind in "iub":
        return y  # nothing else can be meant, and to ask costs more than to train on a few rows
    if getattr(getattr(y, "dtype", None), "kind", None) == "V":
        raise TypeError(f"y of shape {y.shape} has dtype {y.dtype}, wanted a label for each row, such as a number.")
    check_classification_targets(y)
    if is_multilabel(y):
        return y.toarray() if issparse(y) else np.asarray(y)
    return np.asarray(column_or_1d(y, warn=True))


def find_classes(labels: Labels) -> Labels:
    """The classes, sorted; for several labels a row the numbers of the columns."""
    return np.arange(labels.shape[1]) if labels.ndim == 2 else encode(labels)[0]


def require_two_classes(classes: Labels) -> None:
    """Raise ValueError where there is nothing to tell apart."""
    if len(classes) < 2:
        found = f"only one class: {classes.tolist()[0]!r}" if len(classes) else "no class"
        raise ValueError(f"y has {found}. A classifier needs samples of at least 2 classes.")


def agreed_classes(known: Labels | None, classes: Any) -> Labels:
    """The classes that partial_fit works with: those it is given first, and no others later.

    Raises
    ------
    ValueError
        If the first call has none, or a later call has others.
    """
    if classes is None:
        if known is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        return known
    given = find_classes(as_labels(as_host("classes", classes)))
    if known is not None and not np.array_equal(known, given):
        raise ValueError(f"classes={given} are not those of the first call, {known}.")
    return given


def index_of(labels: Labels, classes: Labels, name: str = "y") -> NDArray[np.intp]:
    """Where each label (n,) stands among the sorted classes; errors call the labels by `name`.

    Raises
    ------
    ValueError
        If a label is not among the classes.
    """
    index: NDArray[np.intp] = np.searchsorted(classes, labels)
    unknown = labels[classes[np.minimum(index, len(classes) - 1)] != labels]
    if len(unknown):
        raise ValueError(
            f"{name} has classes {np.unique(unknown)} that are not in `self.classes_`, which has {classes}."
        )
    return index


def encode(labels: Labels) -> tuple[Labels, NDArray[np.int32]]:
    """The classes (k,), sorted, and the number of each label's class (n,)."""
    if labels.dtype.kind in "iub" and len(labels):
        numbers = labels.view(np.uint8) if labels.dtype.kind == "b" else labels
        low, span = int(numbers.min()), int(numbers.max()) - int(numbers.min())
        if span <= _COUNTED + len(labels):
            return _count(labels, numbers, low, span)
    classes, index = np.unique(labels, return_inverse=True)
    return classes, index.astype(np.int32)


_COUNTED = 1024  # so many labels that do not occur are counted rather than sorted


def _count(labels: Labels, numbers: Labels, low: int, span: int) -> tuple[Labels, NDArray[np.int32]]:
    """`encode` by counting, for integers that lie close to each other."""
    # Unsigned ones may be too large for int64, and differences of signed ones for their own type.
    wide = numbers if numbers.dtype.kind == "u" else numbers.astype(np.int64)
    above = (wide - wide.dtype.type(low)).astype(np.int64) if low else numbers
    if span == 1:  # nothing lies between: two thirds of the time for two classes
        return np.array([low, low + 1]).astype(labels.dtype), above.astype(np.int32)
    counts = np.bincount(above)
    found = np.flatnonzero(counts)
    classes = found.astype(wide.dtype) + wide.dtype.type(low)
    classes = classes.astype(labels.dtype)
    if len(found) == len(counts):
        return classes, above.astype(np.int32)
    place = np.zeros(len(counts), np.int32)
    place[found] = np.arange(len(found), dtype=np.int32)
    return classes, place[above]


def one_hot(index: NDArray[np.integer], n_classes: int, dtype: DTypeLike) -> Array:
    """y (n, o): 1 in the column of each row's class, else 0."""
    y = np.zeros((len(index), n_classes), dtype)
    y[np.arange(len(index)), index] = 1
    return y


def two_classes(y: Any, *, partial: bool, known: Labels | None, classes: Any) -> tuple[Labels, NDArray[np.intp]]:
    """The two classes of y, and which of them each row has (n,), 0 or 1.

    Those found in y; in a partial fit those agreed on, of which y may have one only.

    Raises
    ------
    ValueError
        If there are not two of them.
    """
    kind = type_of_target(y, input_name="y", raise_unknown=True)
    labels = as_labels(y)
    if kind != "binary":
        raise ValueError(
            f"Only binary classification is supported. The type of the target is {kind}. "
            "A Neuron has one output; for more classes use LogisticRegression or MLPClassifier."
        )
    found = agreed_classes(known, classes) if partial else find_classes(labels)
    require_two_classes(found)
    if len(found) > 2:
        raise ValueError(f"classes={found}, wanted two of them: a Neuron has one output.")
    return found, index_of(labels, found)
