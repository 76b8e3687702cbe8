"""Which rows an MLP's training does not see."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from fastnn.kernels.contract import Array

__all__ = ["require_split", "require_weight", "split"]

Rows = NDArray[np.int64]
Labels = NDArray[np.intp]


def split(
    y: Array, fraction: float, random_state: np.random.RandomState, *, n_classes: int, for_scorer: bool
) -> tuple[Rows, Rows]:
    """Rows to train on, and a fraction of the rows that is held out, for targets y (n, o).

    Of two classes each side gets its share, as in scikit-learn. For a scorer, which may need all classes, so does each
    of several; at least one row of every class that has two, while the only row of a class is trained on. `n_classes`
    is 0 for numbers, and where a row may be of several classes.
    """
    n_held = math.ceil(len(y) * fraction)
    labels = _labels(y) if n_classes == 2 or (n_classes > 2 and for_scorer) else None
    if n_held < 2:
        if labels is not None and n_held:  # scikit-learn says which class has too few, where one has
            _drawn(np.arange(len(y)), n_held, random_state, labels[:, None] > 0)
        raise ValueError(
            f"The validation set is too small: {n_held} of {len(y)} samples. "
            "Increase validation_fraction, or fit on more samples."
        )
    if n_held == len(y):
        raise ValueError(
            f"validation_fraction={fraction} of {len(y)} samples leaves none to train on. Decrease "
            "it, or fit on more samples."
        )
    if labels is None:
        rows, held = _drawn(np.arange(len(y)), n_held, random_state)
    else:
        rows, held = _stratified(labels, n_held, random_state)
        if for_scorer:
            _swap_missing(labels, rows, held, least=1)
            _swap_missing(labels, held, rows, least=2)
    return rows.astype(np.int64), held.astype(np.int64)


def _labels(y: Array) -> Labels:
    """The number of each row's class (n,)."""
    return (y[:, 0] > 0).astype(np.intp) if y.shape[1] == 1 else y.argmax(axis=1)


def _drawn(
    rows: Rows, n_held: int, random_state: np.random.RandomState, labels: NDArray[Any] | None = None
) -> tuple[Rows, Rows]:
    drawn: tuple[Rows, Rows] = train_test_split(rows, test_size=n_held, random_state=random_state, stratify=labels)
    return drawn


def _stratified(labels: Labels, n_held: int, random_state: np.random.RandomState) -> tuple[Rows, Rows]:
    """Both sides get their share of each class; the only row of a class is trained on."""
    counts = np.bincount(labels)
    several = counts[labels] > 1
    rows = np.flatnonzero(several)
    n_classes = np.count_nonzero(counts > 1)
    if not n_classes <= n_held <= len(rows) - n_classes:  # a share of each is not to be had
        return _drawn(np.arange(len(labels)), n_held, random_state)
    train, held = _drawn(rows, n_held, random_state, labels[rows])
    return np.concatenate([train, np.flatnonzero(~several)]), held


def _swap_missing(labels: Labels, here: Rows, there: Rows, least: int) -> None:
    """Give this side a row of each class that it lacks, where the other has `least`, for one of its largest class."""
    n_classes = labels.max() + 1
    for k in np.flatnonzero(np.bincount(labels[here], minlength=n_classes) == 0):
        counts = np.bincount(labels[here], minlength=n_classes)
        wanted = np.flatnonzero(labels[there] == k)
        if len(wanted) >= least and counts.max() > 1:
            other = np.flatnonzero(labels[here] == counts.argmax())
            here[other[0]], there[wanted[0]] = there[wanted[0]], here[other[0]]


def require_weight(weight: Array | None, which: str) -> None:
    """Raise ValueError where the weights (m,) of those rows are all zero: a mean over them has no value."""
    if weight is not None and not weight.any():
        raise ValueError(
            f"sample_weight, times class_weight if there is one, is zero for every row {which}; some row needs a "
            "weight above zero."
        )


def require_split(rows: Any, n: int) -> None:
    """Raise ValueError unless this, from a file, is what `split` gives for n rows: each of them on one side."""
    sides = rows if isinstance(rows, tuple) else ()
    if [(type(side), getattr(side, "dtype", None), np.ndim(side)) for side in sides] != 2 * [(np.ndarray, np.int64, 1)]:
        raise ValueError("the rows that are held out are no two arrays of int64")
    if min(map(len, sides)) == 0 or not np.array_equal(np.sort(np.concatenate(sides)), np.arange(n)):
        raise ValueError(f"the rows to train on and those that are held out are not each of {n} rows once")
