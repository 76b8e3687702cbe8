"""What a neuron that has learnt can be asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import ClassifierTags, RegressorTags

from fastnn.activations import Activation
from fastnn.kernels.contract import Array
from fastnn.models.common import attributes
from fastnn.models.common.agreement import (
    require_average,
    require_classes,
    require_linear,
    require_run,
    require_there,
    require_weights_of_passes,
)
from fastnn.models.common.bases import available_if
from fastnn.models.common.estimator import Estimator, readable_target
from fastnn.models.common.fitting import held
from fastnn.models.common.given import MatrixLike
from fastnn.models.common.outputs import class_index, log_probabilities
from fastnn.models.neuron.learning_rule import (
    function_of,
    has_probabilities,
    is_classifier,
    name_of,
    raw_engine,
)
from fastnn.models.neuron.plot import plot_decision_line
from fastnn.tensors import as_host
from fastnn.training.engine import Engine

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["NeuronBase"]


class NeuronBase(Estimator):
    """Answers, scores, tags and the picture of a neuron; `Neuron` adds how it learns."""

    _attributes: ClassVar[Mapping[str, Any]] = attributes.NEURON
    activation: str | Activation
    coef_: Array
    intercept_: Array
    classes_: NDArray[Any]
    learning_rate_: float
    loss_: float
    loss_curve_: list[float]
    n_iter_: int
    history_: dict[str, Array]

    def _require_whole(self) -> None:
        function_of(self)
        n_params = getattr(self, "n_features_in_", 0) + 1
        if is_classifier(self):
            require_classes(self, 2, 2)
        require_linear(self, 1)
        require_average(self, n_params, self._dtype())
        require_weights_of_passes(self)
        training = getattr(self, "_training", None)
        if training is not None:
            require_there(self, "learning_rate_")
            require_run(training, n_params)

    def _dtype(self) -> Any:
        both = np.result_type(self.coef_, self.intercept_)
        return np.float32 if both == np.float32 else np.float64

    def _params(self) -> Array:
        """w and then b, (n_features + 1,), of what coef_ and intercept_ are now."""
        return self._params_in(self._dtype())

    def _params_in(self, dtype: Any) -> Array:
        w, b = np.ravel(self.coef_), np.ravel(self.intercept_)
        return np.concatenate([w, b]).astype(dtype, copy=False)

    def _asked(self, X: Any) -> tuple[Engine, Array, Any]:
        """An engine that gives z, its params, and X as it reads it."""
        self._require_fitted("coef_")
        dtype = self._dtype()
        x = self._read_x(X, dtype)
        return raw_engine(self, x.shape[1], x.dtype), self._params_in(dtype), x

    def _raw(self, X: Any) -> tuple[Engine, Array]:
        """An engine that gives z, and z (n, 1)."""
        engine, params, x = self._asked(X)
        return engine, engine.forward(params, x)

    def activate(self, X: MatrixLike) -> Array:
        """Compute what the neuron answers: a = activation(w . x + b).

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples,)
            In X's dtype.
        """
        now = held(self)
        engine, z = now._raw(X)
        return engine.activation(z, function_of(now))[:, 0]

    @available_if(is_classifier)
    def decision_function(self, X: MatrixLike) -> Array:
        """Compute the neuron's raw output z = w . x + b, which is above 0 for the second class.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples,)
            In X's dtype.
        """
        return held(self)._raw(X)[1][:, 0]

    def predict(self, X: MatrixLike) -> NDArray[Any]:
        """Predict the class of every sample, or for a regressor the same as `activate`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels out of `classes_`, or numbers.
        """
        now = held(self)
        if not is_classifier(now):
            return now.activate(X)
        index = class_index(now._raw(X)[1])
        labels: NDArray[Any] = now.classes_[index]
        return labels

    @available_if(has_probabilities)
    def predict_proba(self, X: MatrixLike) -> Array:
        """Predict the probability of both classes.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples, 2)
            Columns in the order of `classes_`.
        """
        engine, params, x = held(self)._asked(X)
        return engine.predict(params, x, link=True, pairs=True)[0]

    @available_if(has_probabilities)
    def predict_log_proba(self, X: MatrixLike) -> Array:
        """Predict the logarithm of both classes' probabilities, which is never -inf.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples, 2)
            Columns in the order of `classes_`.
        """
        return log_probabilities(*held(self)._raw(X))

    def score(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Compute the accuracy, or for a regressor the coefficient of determination R^2.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,)
            Their labels or targets.
        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each sample, at least 0; None for equal ones.

        Returns
        -------
        float
            At most 1; higher is better.
        """
        now = held(self)
        measure = accuracy_score if is_classifier(now) else r2_score
        weight = as_host("sample_weight", sample_weight)
        return float(measure(readable_target(y), now.predict(X), sample_weight=weight))

    @available_if(is_classifier)
    def plot_decision_line(
        self, X: ArrayLike | None = None, y: ArrayLike | None = None, *, ax: Axes | None = None
    ) -> Axes:
        """Draw where a neuron with two inputs changes its mind, and how that line came about.

        The line is w . x + b = 0. With `keep_history=True`, a fainter one is drawn for every pass:
        the lighter, the earlier.

        Parameters
        ----------
        X : array-like of shape (n_samples, 2), optional
            Samples to draw as points.
        y : array-like of shape (n_samples,), optional
            Their classes, which colour them.
        ax : matplotlib.axes.Axes, optional
            Where to draw; a new figure if None.

        Returns
        -------
        matplotlib.axes.Axes
            What was drawn on.

        Raises
        ------
        ValueError
            If the neuron has not two inputs, or there is y without X.
        ImportError
            If matplotlib is not installed.
        """
        now = held(self)
        now._require_fitted("coef_")
        return plot_decision_line(now, X, y, ax)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.sparse = True
        if is_classifier(self):
            tags.estimator_type = "classifier"
            tags.classifier_tags = ClassifierTags(multi_class=False)
        else:
            tags.estimator_type = "regressor"
            # Most activations cannot reach every target.
            tags.regressor_tags = RegressorTags(poor_score=name_of(self) != "identity")
        return tags
