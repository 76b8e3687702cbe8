"""What y is read as: labels, which become numbers, or numbers; and the way back from raw outputs to classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy.sparse import csr_array, csr_matrix, issparse
from sklearn import get_config
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import column_or_1d

from fastnn.kernels.contract import Array
from fastnn.models.common.arrays import prepare_y, require_no_times
from fastnn.training.engine import Engine
from fastnn.validation import laid_out

__all__ = [
    "agreed_classes",
    "as_labels",
    "as_numbers",
    "class_index",
    "encode",
    "find_classes",
    "index_of",
    "is_multilabel",
    "log_probabilities",
    "one_hot",
    "require_two_classes",
    "sparse_labels",
    "two_classes",
]

Labels = NDArray[Any]


def is_multilabel(y: Any, name: str = "y") -> bool:
    """Whether every row of y may have several labels, as a matrix of zeros and ones says."""
    return bool(type_of_target(y, input_name=name) == "multilabel-indicator")


def as_labels(y: Any, name: str = "y") -> Labels:
    """One label for every row (n,), or for several labels a row a C-contiguous matrix (n, o) of 0 and 1.

    Errors call y by the name.

    Raises
    ------
    ValueError
        If y has numbers that are no labels, or several labels of several classes.
    TypeError
        If y has records, or is sparse and one-dimensional.
    """
    if type(y) is np.ndarray and y.ndim == 1 and y.dtype.kind in "iub":
        return y  # nothing else can be meant, and to ask costs more than to train on a few rows
    if getattr(getattr(y, "dtype", None), "kind", None) == "V":
        raise TypeError(
            f"{name} of shape {y.shape} has dtype {y.dtype}, wanted a label for each row, such as a number."
        )
    if issparse(y) and y.ndim != 2:
        raise TypeError(
            f"{name} is sparse and has shape {y.shape}, wanted (n, o) for several labels a row, or {name}.toarray()."
        )
    _require_labels(y, name)
    if is_multilabel(y, name):
        return _indicators(y, name)
    return np.asarray(column_or_1d(y, warn=True))


def _require_labels(y: Any, name: str) -> None:
    """Raise scikit-learn's ValueError where y has no labels; it has no place for another name than y."""
    try:
        check_classification_targets(y)
    except ValueError as fault:
        if name == "y":
            raise
        raise ValueError(f"{name}: {fault}") from fault


def _indicators(y: Any, name: str) -> NDArray[np.int8]:
    """Which labels every row has (n, o): those above 0, so that -1 stands for none as 0 does.

    scikit-learn takes every number but 0 for a label, so that -1 and 0 together would be read the other way round.
    """
    indicator: Any = y.tocsr() if issparse(y) else np.asarray(y)
    stored = indicator.data if issparse(y) else indicator
    lowest = stored.min(initial=0)
    if lowest < 0 and (issparse(y) or not indicator.all()):
        raise ValueError(
            f"{name} has several labels a row, and says of them {lowest} or 0, wanted 1 for a label that a row has and "
            f"0 for one that it has not. Pass {name} != 0 or {name} == 0."
        )
    above = stored > 0
    if issparse(y):  # y > 0 would sort y in place
        above = csr_array((above, indicator.indices, indicator.indptr), indicator.shape).toarray()
    return np.require(above, np.int8, ["C"])


def sparse_labels(has_label: NDArray[np.bool_]) -> csr_matrix | csr_array:
    """Several labels a row (n, o) as zeros and ones in the sparse form that scikit-learn is configured to give."""
    configured = get_config().get("sparse_interface")  # since scikit-learn 1.9
    form = csr_array if configured == "sparray" else csr_matrix
    return form(has_label, dtype=int)


def as_numbers(y: Any, name: str = "y") -> NDArray[Any]:
    """One number for every row (n,), or several (n, o), laid out as kernels want them; of sparse ones all.

    Errors call y by the name.

    Raises
    ------
    TypeError
        If y has words, dates or times, or is sparse and has one column.
    """
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    require_no_times(name, y)
    if y.dtype.kind not in "iufb":
        raise TypeError(f"{name} of shape {y.shape} has dtype {y.dtype}, wanted numbers.")
    return laid_out(y.toarray() if issparse(y) else y)


def find_classes(labels: Labels) -> Labels:
    """The classes, sorted, in native byte order; for several labels a row the numbers of the columns."""
    if labels.ndim == 2:
        return np.arange(labels.shape[1])
    classes = encode(labels)[0]
    return classes.astype(classes.dtype.newbyteorder("="), copy=False)


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
    passed = find_classes(as_labels(prepare_y(classes, "classes"), "classes"))
    if known is not None and not np.array_equal(known, passed):
        raise ValueError(f"classes={passed} are not those of the first call, {known}.")
    return passed


def index_of(labels: Labels, classes: Labels, name: str = "y") -> NDArray[np.intp]:
    """Where each label (n,) stands among the sorted classes; errors call the labels by `name`.

    Raises
    ------
    ValueError
        If a label is not among the classes.
    """
    # Where one is unsigned and the other is not they would meet as float64, in which 2**63 - 1 is 2**63.
    both = labels.astype(classes.dtype) if {labels.dtype.kind, classes.dtype.kind} == {"i", "u"} else labels
    index: NDArray[np.intp] = np.searchsorted(classes, both)
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
        return np.array([low, low + 1], labels.dtype), above.astype(np.int32)
    counts = np.bincount(above.astype(np.int64, copy=False))  # NumPy before 2.1 takes no uint64
    found = np.flatnonzero(counts)
    classes = found.astype(wide.dtype) + wide.dtype.type(low)
    classes = classes.astype(labels.dtype)
    if len(found) == len(counts):
        return classes, above.astype(np.int32)
    place = np.zeros(len(counts), np.int32)
    place[found] = np.arange(len(found), dtype=np.int32)
    return classes, place[above]


def one_hot(index: NDArray[np.integer[Any]], n_classes: int, dtype: DTypeLike) -> Array:
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


# --- raw outputs --------------------------------------------------------------------------------
# One column of z (n, o) is one sigmoid neuron, the probability of the second class; several columns are classes
# (softmax) or labels of their own (sigmoid), as the loss of the engine's plan says.


def class_index(z: Array) -> NDArray[Any]:
    """The likeliest class of every row (n,)."""
    return (z[:, 0] > 0).astype(np.intp) if z.shape[1] == 1 else z.argmax(axis=1)


def log_probabilities(engine: Engine, z: Array) -> Array:
    """Logarithms of the probabilities; where those vanish, what they are, and not -inf."""
    # Not 1 - p for the first of two classes: that has no digits left where p is nearly 1.
    p = engine.link(np.hstack([-z, z]) if z.shape[1] == 1 else z)
    vanishing = p < np.finfo(p.dtype).tiny
    if not vanishing.any():
        return np.log(p)
    if engine.plan.loss.link == "softmax":
        exact = engine.activation(z, "log_softmax")
    else:
        both = np.hstack([z, -z]) if z.shape[1] == 1 else -z
        exact = -engine.activation(both, "softplus")
    logarithms: Array = np.log(p, where=~vanishing, out=exact)
    return logarithms
