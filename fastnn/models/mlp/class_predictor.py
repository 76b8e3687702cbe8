"""What a fitted network that tells classes apart can be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fastnn.kernels.contract import Array
from fastnn.losses import Loss
from fastnn.models.common import attributes
from fastnn.models.common.bases import available_if
from fastnn.models.common.fitting import held
from fastnn.models.common.given import MatrixLike
from fastnn.models.common.targets import log_probabilities
from fastnn.models.mlp.available import has_margins, has_probabilities, require_link
from fastnn.models.mlp.fitted import FittedMLP
from fastnn.models.mlp.labels import LabelTargets, softmax_loss_of

__all__ = ["ClassPredictor"]


class ClassPredictor(FittedMLP):
    """Raw outputs to labels and probabilities; `MLPClassifier` adds how labels become targets."""

    _attributes: ClassVar[Mapping[str, Any]] = attributes.MLP_CLASSIFIER
    loss: str | Loss
    classes_: NDArray[Any]

    def _label_targets(self) -> LabelTargets:
        """The labels that the model knows."""
        # A model from before there were sparse labels has no such attribute.
        sparse = bool(self.__dict__.get("_sparse_labels"))
        known = LabelTargets(self.classes_, self.out_activation_, self._is_multilabel(), sparse)
        return replace(known, softmax_loss=softmax_loss_of(self.loss))

    def _is_multilabel(self) -> bool:
        several: bool | None = self.__dict__.get("_multilabel")
        # A file from before hinge knew several labels has this in the output alone.
        return self.out_activation_ == "logistic" and self.n_outputs_ > 1 if several is None else several

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
        z = now._output(X)[1]
        labels: NDArray[Any] = now._label_targets().decode(z)
        return labels

    @available_if(has_margins)
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
        engine, z = now._output(X)
        require_link(has_margins, now, engine, "identity")
        return z[:, 0] if z.shape[1] == 1 else z

    @available_if(has_probabilities)
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
        require_link(has_probabilities, now, engine, "sigmoid", "softmax")
        return p if len(now.classes_) > 1 else np.ones((len(p), 1), p.dtype)

    @available_if(has_probabilities)
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
        engine, z = now._output(X)
        require_link(has_probabilities, now, engine, "sigmoid", "softmax")
        return log_probabilities(engine, z) if len(now.classes_) > 1 else np.zeros_like(z)
