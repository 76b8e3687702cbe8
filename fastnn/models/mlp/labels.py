"""Labels of a deep network: how they become its targets, and how its raw outputs become labels again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy.sparse import csr_array, csr_matrix
from sklearn.preprocessing import LabelBinarizer

from fastnn import losses
from fastnn.kernels.contract import Array
from fastnn.losses import USER, Loss
from fastnn.models.common.class_weight import weights_of_classes, weights_of_labels
from fastnn.models.common.output import loss_of_output
from fastnn.models.common.targets import (
    agreed_classes,
    class_index,
    find_classes,
    index_of,
    one_hot,
    sparse_labels,
)
from fastnn.models.mlp.available import has_margins_for_outputs, name_of
from fastnn.training.engine import Engine

__all__ = ["CLASS_LINKS", "CLASS_LOSSES", "LabelTargets", "classes_for", "given_loss_of", "learn_labels"]

# Of softmax outputs, beside cross-entropy itself, which has a form for sigmoid outputs too.
_SOFTMAX_LOSSES = tuple(
    name for name, loss in losses.LOSSES.items() if loss.link == "softmax" and name != "cross_entropy"
)
CLASS_LINKS = ("sigmoid", "softmax", "identity")  # of users' own
CLASS_LOSSES = ("cross_entropy", "hinge", *_SOFTMAX_LOSSES)


@dataclass(frozen=True, eq=False)
class LabelTargets:
    """Classes, and the output that a network has for them.

    Attributes
    ----------
    classes : ndarray (k,)
    output : {"logistic", "softmax", "identity"}
        "identity" for margins, as with hinge.
    several_labels : bool
        Whether a row may have several labels.
    sparse : bool
        Whether predictions of several labels are sparse.
    smoothing : float
        The share of every target that goes to all classes alike in training.
    class_weight : dict, list of dicts, "balanced" or None
        As users give it.
    given_loss : Loss or None
        The loss; None for that which goes with the output, cross-entropy or hinge.
    """

    classes: NDArray[Any]
    output: str
    several_labels: bool
    sparse: bool = False
    smoothing: float = 0.0
    class_weight: Mapping[Any, float] | Sequence[Mapping[int, float]] | str | None = None
    given_loss: Loss | None = None

    @property
    def loss(self) -> Loss:
        """What the network is trained on."""
        natural = loss_of_output(self.output, of_labels=True)
        # With one class there is nothing to learn, and the output may be another than the loss's.
        return self.given_loss if self.given_loss is not None and self.given_loss.link == natural.link else natural

    @property
    def known_classes(self) -> NDArray[Any]:
        """The classes (k,)."""
        return self.classes

    def attributes(self) -> dict[str, Any]:
        """What a fitted estimator has of them, by the names of its attributes."""
        return {
            "classes_": self.classes,
            "out_activation_": self.output,
            "_multilabel": self.several_labels,
            "_sparse_labels": self.sparse,
        }

    def binarizer(self) -> LabelBinarizer:
        """scikit-learn's object that turns labels into columns and back, as its own networks have one."""
        both = np.repeat([[0], [1]], len(self.classes), axis=1)  # rows without and with every label
        labels = (csr_matrix(both) if self.sparse else both) if self.several_labels else self.classes
        made = LabelBinarizer().fit(labels)
        made.classes_ = self.classes  # it makes strings of labels that are objects
        return made

    def encode(self, labels: NDArray[Any], dtype: DTypeLike, name: str = "y") -> Array:
        """The network's targets (n, o) of labels (n,) or indicators (n, k); errors call them by the name."""
        hinge = self.output == "identity"
        if labels.ndim == 2 or self.several_labels:
            if not self.several_labels or labels.shape != (len(labels), len(self.classes)):
                wanted = f"one of the {len(self.classes)} labels in each column" if self.several_labels else "(n,)"
                raise ValueError(f"{name} has shape {labels.shape}, wanted {wanted}: the classes are {self.classes}.")
            has_label: Array = labels.astype(dtype)
            return 2 * has_label - 1 if hinge else has_label
        index = index_of(labels, self.classes, name)
        one = self.output == "logistic" or (hinge and len(self.classes) <= 2)
        targets: Array = index.astype(dtype)[:, None] if one else one_hot(index, len(self.classes), dtype)
        return 2 * targets - 1 if hinge else targets

    def soften(self, targets: Array) -> Array:
        """The targets (n, o) that training sees."""
        return losses.smooth_labels(targets, self.smoothing, self.loss)

    def weights_of_classes(
        self, labels: NDArray[Any], sample_weight: Array | None, incremental: bool
    ) -> NDArray[np.float64] | None:
        """A weight for every class (k,), or for not having and having every label (o, 2); None for all alike.

        Raises
        ------
        ValueError
            If the weights are to be balanced, and these are not all labels.
        """
        given = self.class_weight
        if given is None:
            return None
        if incremental and isinstance(given, str):
            raise ValueError(
                "class_weight='balanced' needs all samples, and partial_fit sees some. Pass a dict, such as "
                "sklearn.utils.class_weight.compute_class_weight makes of all labels."
            )
        if labels.ndim == 2:
            return weights_of_labels(given, labels, sample_weight)
        return weights_of_classes(given, self.classes, labels, sample_weight)

    def score(self, engine: Engine, z: Array, y: Array, sample_weight: Array | None) -> float:
        """Accuracy of the raw output z (n, o) for the targets y (n, o); NaN where z is not finite."""
        if not np.isfinite(z).all():
            return float("nan")
        if self.several_labels:
            right = ((z > 0) == (y > 0)).all(axis=1)
        else:
            right = self._likeliest(z) == self._likeliest(y)
        return float(np.average(right, weights=sample_weight))

    def decode(self, z: Array) -> NDArray[Any] | csr_matrix | csr_array:
        """The likeliest class (n,) of every row of the raw output z (n, o), or its labels (n, k)."""
        if self.several_labels:
            has_label = z > 0
            return sparse_labels(has_label) if self.sparse else has_label.astype(int)
        labels: NDArray[Any] = self.classes[self._likeliest(z)]
        return labels

    def _likeliest(self, z: Array) -> NDArray[Any]:
        """The index of every row's class (n,); with one class there is no other."""
        index = class_index(z)
        return index if len(self.classes) > 1 else np.zeros_like(index)


def classes_for(y: NDArray[Any], known: NDArray[Any] | None, incremental: bool, classes: Any) -> NDArray[Any]:
    """The classes of a fit to y: those found in it; in a partial fit those agreed on.

    Raises
    ------
    ValueError
        If a fit before has known others.
    """
    if incremental:
        return agreed_classes(known, classes)
    found = find_classes(y)
    if known is not None and not np.array_equal(known, found):
        raise ValueError(
            "warm_start can only be used where `y` has the same classes as in the previous "
            f"call to fit. Previously got {known}, `y` has {found}"
        )
    return found


def learn_labels(
    classes: NDArray[Any],
    several: bool,
    sparse: bool,
    known: LabelTargets | None,
    loss: str | Loss,
    out_activation: str | None,
) -> LabelTargets:
    """The labels of a fit to these classes, which goes on from those known before, if there are some.

    Raises
    ------
    ValueError
        If the fitted network has another output than the parameters ask for.
    """
    output = _output_for(several, len(classes), loss, out_activation)
    if known is None:
        return LabelTargets(classes, output, several, sparse, given_loss=given_loss_of(loss))
    if output != known.output:
        raise ValueError(
            f"The fitted network has the output {known.output!r}, but loss={loss!r} and "
            f"out_activation={out_activation!r} ask for {output!r}. Fit with warm_start=False."
        )
    return replace(known, classes=classes)


def given_loss_of(loss: str | Loss) -> Loss | None:
    """The loss that a parameter `loss` asks for, where that is neither cross-entropy nor hinge."""
    return losses.get(loss) if name_of(loss) in _SOFTMAX_LOSSES or _is_users(loss) else None


def _is_users(loss: str | Loss) -> bool:
    return isinstance(loss, Loss) and loss.code == USER


def _output_for(several_labels: bool, n_classes: int, loss: str | Loss, out_activation: str | None) -> str:
    """The output that a network has for so many classes.

    Raises
    ------
    ValueError
        If the loss or these classes cannot have the output that is asked for.
    """
    name = name_of(loss)
    if has_margins_for_outputs(loss):
        if out_activation is not None:
            raise ValueError(
                f"loss={name!r} with out_activation={out_activation!r}: {name} works on raw outputs. Leave one "
                "out, or use loss='cross_entropy'."
            )
        return "identity"
    if _is_users(loss) and losses.get(loss).link == "sigmoid":
        _require_sigmoid(name, several_labels, n_classes, out_activation)
        return "logistic"
    if given_loss_of(loss) is not None:
        _require_softmax(name, several_labels, out_activation)
        if n_classes > 1:  # with one class there is nothing to learn, by whatever loss
            return "softmax"
    natural = "logistic" if several_labels or n_classes <= 2 else "softmax"
    if out_activation is None:
        return natural
    chosen = "softmax" if out_activation == "softmax" else "logistic"
    if chosen != natural and (several_labels or n_classes != 2):
        kind = "several labels a sample" if several_labels else f"{n_classes} class{'es' * (n_classes > 1)}"
        raise ValueError(
            "Only binary classification is supported with "
            f"out_activation={out_activation!r}; y has {kind}. Leave it at None."
        )
    return chosen


def _require_sigmoid(loss: str, several_labels: bool, n_classes: int, out_activation: str | None) -> None:
    """Raise ValueError where a loss of sigmoid outputs meets classes or parameters that have another output."""
    if not several_labels and n_classes > 2:
        raise ValueError(
            f"Only binary classification is supported with loss={loss!r}, whose link is 'sigmoid'; y has {n_classes} "
            "classes. Give the loss the link 'softmax' or 'identity'."
        )
    if out_activation == "softmax":
        raise ValueError(
            f"loss={loss!r} with out_activation='softmax': its link is 'sigmoid'. Leave out_activation at None."
        )


def _require_softmax(loss: str, several_labels: bool, out_activation: str | None) -> None:
    """Raise ValueError where a loss of softmax outputs meets labels or parameters that have another output."""
    if several_labels:
        raise ValueError(
            f"loss={loss!r} with several labels a sample: it works on softmax outputs, one class of which is "
            "right. Use loss='cross_entropy' or 'hinge'."
        )
    if out_activation not in (None, "softmax"):
        raise ValueError(
            f"loss={loss!r} with out_activation={out_activation!r}: it works on softmax outputs. Leave "
            "out_activation at None, or use loss='cross_entropy'."
        )
