"""What a network of classes does with labels: to targets, and from raw outputs back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from fastnn import losses
from fastnn.kernels.contract import Array
from fastnn.losses import Loss
from fastnn.models.common import attributes
from fastnn.models.common.agreement import require_classes
from fastnn.models.common.bases import ClassifierMixin, available_if
from fastnn.models.common.class_weight import weights_of_classes, weights_of_labels
from fastnn.models.common.fitting import held
from fastnn.models.common.given import MatrixLike
from fastnn.models.common.outputs import class_index, log_probabilities
from fastnn.models.common.scored import Scored
from fastnn.models.common.targets import (
    agreed_classes,
    as_labels,
    find_classes,
    index_of,
    one_hot,
    sparse_labels,
)
from fastnn.models.mlp.base import BaseMLP
from fastnn.training.engine import Engine

__all__ = ["LabelMLP"]


def _has_probabilities(model: LabelMLP) -> bool:
    if _is_hinge(model):
        raise AttributeError("loss='hinge' has no probabilities: use decision_function, or loss='cross_entropy'.")
    return True


def _has_margins(model: LabelMLP) -> bool:
    if not _is_hinge(model):
        raise AttributeError("decision_function is for loss='hinge'; with 'cross_entropy' use predict_proba.")
    return True


def _is_hinge(model: LabelMLP) -> bool:
    """Whether the network has, or will have, margins for outputs."""
    output = getattr(model, "out_activation_", None)
    return model.loss == "hinge" if output is None else bool(output == "identity")


def _require(has: Callable[[LabelMLP], bool], model: LabelMLP, engine: Engine, *links: str) -> None:
    """Raise where the model has been fitted anew, with another loss, since its method was looked up."""
    if engine.plan.loss.link not in links:
        has(model)


class LabelMLP(Scored, ClassifierMixin, BaseMLP):
    """A deep network that tells classes apart, but for its parameters and `fit`."""

    _attributes: ClassVar[Mapping[str, Any]] = attributes.MLP_CLASSIFIER
    loss: str
    label_smoothing: float
    class_weight: Mapping[Any, float] | Sequence[Mapping[int, float]] | str | None
    out_activation: str | None
    classes_: NDArray[Any]
    _multilabel: bool
    _sparse_labels: bool

    # --- labels to targets ----------------------------------------------------------------------

    def _read_targets(self, y: Any) -> NDArray[Any]:
        return as_labels(y)

    def _learn_targets(self, y: NDArray[Any], sparse: bool, first: bool, incremental: bool, classes: Any) -> None:
        known = None if first and not incremental else getattr(self, "classes_", None)
        if incremental:
            classes = agreed_classes(known, classes)
        else:
            classes = find_classes(y)
            if known is not None and not np.array_equal(known, classes):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in the previous "
                    f"call to fit. Previously got {known}, `y` has {classes}"
                )
        multilabel = y.ndim == 2
        output = self._choose_output(multilabel, len(classes))
        if first:
            self.out_activation_, self._multilabel, self._sparse_labels = output, multilabel, sparse
        elif output != self.out_activation_:
            raise ValueError(
                f"The fitted network has the output {self.out_activation_!r}, but loss={self.loss!r} and "
                f"out_activation={self.out_activation!r} ask for {output!r}. Fit with warm_start=False."
            )
        self.classes_ = classes

    def _choose_output(self, multilabel: bool, n_classes: int) -> str:
        if self.loss == "hinge":
            if self.out_activation is not None:
                raise ValueError(
                    f"loss='hinge' with out_activation={self.out_activation!r}: hinge works on raw outputs. Leave one "
                    "out, or use loss='cross_entropy'."
                )
            return "identity"
        natural = "logistic" if multilabel or n_classes <= 2 else "softmax"
        if self.out_activation is None:
            return natural
        asked = "softmax" if self.out_activation == "softmax" else "logistic"
        if asked != natural and (multilabel or n_classes != 2):
            kind = "several labels a sample" if multilabel else f"{n_classes} class{'es' * (n_classes > 1)}"
            raise ValueError(
                "Only binary classification is supported with "
                f"out_activation={self.out_activation!r}; y has {kind}. Leave it at None."
            )
        return asked

    def _encode(self, labels: NDArray[Any], dtype: DTypeLike, name: str = "y") -> Array:
        if labels.ndim == 2 or self._is_multilabel():
            if not self._is_multilabel() or labels.shape != (len(labels), len(self.classes_)):
                wanted = f"one of the {len(self.classes_)} labels in each column" if self._is_multilabel() else "(n,)"
                raise ValueError(f"{name} has shape {labels.shape}, wanted {wanted}: the classes are {self.classes_}.")
            has_label: Array = labels.astype(dtype)
            return 2 * has_label - 1 if self.out_activation_ == "identity" else has_label
        index = index_of(labels, self.classes_, name)
        one = self.out_activation_ == "logistic" or (self.out_activation_ == "identity" and len(self.classes_) <= 2)
        targets: Array = index.astype(dtype)[:, None] if one else one_hot(index, len(self.classes_), dtype)
        return 2 * targets - 1 if self.out_activation_ == "identity" else targets

    def _soften(self, targets: Array) -> Array:
        return losses.smooth_labels(targets, float(self.label_smoothing), self._loss())

    def _class_weight(self, y: NDArray[Any], weight: Array | None, incremental: bool) -> NDArray[np.float64] | None:
        given = self.class_weight
        if given is None:
            return None
        if incremental and isinstance(given, str):
            raise ValueError(
                "class_weight='balanced' needs all samples, and partial_fit sees some. Pass a dict, such as "
                "sklearn.utils.class_weight.compute_class_weight makes of all labels."
            )
        if y.ndim == 2:
            return weights_of_labels(given, y, weight)
        return weights_of_classes(given, self.classes_, y, weight)

    def _loss(self) -> Loss:
        names = {"identity": "hinge", "softmax": "cross_entropy", "logistic": "binary_cross_entropy"}
        return losses.get(names[self.out_activation_])

    def _require_whole(self) -> None:
        require_classes(self, 1)
        super()._require_whole()

    # --- raw outputs to labels ------------------------------------------------------------------

    def _is_multilabel(self) -> bool:
        if "_multilabel" in self.__dict__:
            return self._multilabel
        # A file from before hinge knew several labels has this in the output alone.
        return self.out_activation_ == "logistic" and self.n_outputs_ > 1

    def _has_several_labels(self, targets: Array) -> bool:
        return self._is_multilabel()

    def _score_raw(self, engine: Engine, z: Array, y: Array, sample_weight: Array | None) -> float:
        if not np.isfinite(z).all():
            return float("nan")
        if self._is_multilabel():
            right = ((z > 0) == (y > 0)).all(axis=1)
        else:
            right = self._likeliest(z) == self._likeliest(y)
        return float(np.average(right, weights=sample_weight))

    def predict(self, X: MatrixLike) -> NDArray[Any]:
        """Predict the likeliest class of every sample, or its labels.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            Of a network that was first fitted to sparse labels a CSR matrix, as in scikit-learn (an array where
            its `sparse_interface` is "sparray").
        """
        now = held(self)
        z = now._raw(X)[1]
        if now._is_multilabel():
            has_label = z > 0
            # A model from before there were sparse labels has no such attribute.
            return sparse_labels(has_label) if now.__dict__.get("_sparse_labels") else has_label.astype(int)
        labels: NDArray[Any] = now.classes_[now._likeliest(z)]
        return labels

    def _likeliest(self, z: Array) -> NDArray[Any]:
        """The index of every row's class (n,); with one class there is no other."""
        index: NDArray[Any] = np.minimum(class_index(z), len(self.classes_) - 1)
        return index

    @available_if(_has_margins)
    def decision_function(self, X: MatrixLike) -> Array:
        """Compute the raw output, for loss="hinge": how far on the right side a sample lies.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples,) for two classes, else (n_samples, n_classes)
            For two classes above 0 where the second one is predicted.
        """
        now = held(self)
        engine, z = now._raw(X)
        _require(_has_margins, now, engine, "identity")
        return z[:, 0] if z.shape[1] == 1 else z

    @available_if(_has_probabilities)
    def predict_proba(self, X: MatrixLike) -> Array:
        """Predict the probability of every class or label.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        now = held(self)
        engine, p = now._output(X, link=True, pairs=True)
        _require(_has_probabilities, now, engine, "sigmoid", "softmax")
        return p if len(now.classes_) > 1 else np.ones((len(p), 1), p.dtype)

    @available_if(_has_probabilities)
    def predict_log_proba(self, X: MatrixLike) -> Array:
        """Predict the logarithm of every probability, which is never -inf.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        now = held(self)
        engine, z = now._raw(X)
        _require(_has_probabilities, now, engine, "sigmoid", "softmax")
        return log_probabilities(engine, z) if len(now.classes_) > 1 else np.zeros_like(z)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = self.out_activation != "softmax"
        tags.classifier_tags.multi_class = self.out_activation in (None, "softmax")
        return tags
