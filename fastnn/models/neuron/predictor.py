"""What a neuron that has learnt can be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from numpy.typing import ArrayLike, NDArray
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
from fastnn.models.common.answers import engine_for
from fastnn.models.common.as_network import ModelNetwork
from fastnn.models.common.bases import available_if
from fastnn.models.common.fitting import held
from fastnn.models.common.given import MatrixLike
from fastnn.models.common.linear import LinearModel
from fastnn.models.neuron.learning_rule import (
    function_of,
    has_probabilities,
    is_classifier,
    name_of,
)
from fastnn.models.neuron.plot import plot_decision_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["NeuronBase"]


class NeuronBase(LinearModel):
    """Answers, scores, tags and the picture of a neuron; `Neuron` adds how it learns."""

    _attributes: ClassVar[Mapping[str, Any]] = attributes.NEURON
    activation: str | Activation
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
        plan, z = now._output(X)
        return engine_for(now, plan).activation(z, function_of(now))[:, 0]

    def _as_network(self, method: str) -> ModelNetwork:
        source, classifier = super()._as_network(method), is_classifier(self)
        outputs = {"predict": "class" if classifier else "raw", "raw": "raw", "activate": "raw"}
        outputs |= {"decision_function": "raw"} if classifier else {}
        outputs |= {"predict_proba": "pairs"} if has_probabilities(self) else {}
        plan = source.plan
        if method == "activate" or (method == "predict" and not classifier):
            plan = replace(plan, activations=(function_of(self),))
        return replace(source, plan=plan, outputs=outputs)

    decision_function = available_if(is_classifier)(LinearModel.decision_function)
    predict_proba = available_if(has_probabilities)(LinearModel.predict_proba)
    predict_log_proba = available_if(has_probabilities)(LinearModel.predict_log_proba)

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
        return super(NeuronBase, now).predict(X) if is_classifier(now) else now.activate(X)

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
        if is_classifier(self):
            tags.estimator_type = "classifier"
            tags.classifier_tags = ClassifierTags(multi_class=False)
        else:
            tags.estimator_type = "regressor"
            # Most activations cannot reach every target.
            tags.regressor_tags = RegressorTags(poor_score=name_of(self) != "identity")
        return tags
