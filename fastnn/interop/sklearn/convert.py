"""`to_sklearn` and `from_sklearn`."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

from sklearn import linear_model, neural_network
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from fastnn.errors import wrong_type
from fastnn.interop.made import FittedEstimator
from fastnn.interop.sklearn.linear import (
    chosen_from_sklearn,
    chosen_to_sklearn,
    logistic_from_sklearn,
    logistic_to_sklearn,
    neuron_from_sklearn,
    neuron_to_sklearn,
    sgd_from_sklearn,
)
from fastnn.interop.sklearn.mlp import mlp_from_sklearn, mlp_to_sklearn
from fastnn.models.common.estimator import Estimator
from fastnn.models.common.fitting import held
from fastnn.models.logistic.cv.estimator import LogisticRegressionCV
from fastnn.models.logistic.estimator import LogisticRegression
from fastnn.models.mlp import MLPClassifier, MLPRegressor
from fastnn.serving.served import read_model

__all__ = ["from_sklearn", "to_sklearn"]


def to_sklearn(model: object, *, predict_only: bool = False) -> FittedEstimator:
    """Return the fitted scikit-learn estimator that a model is.

    It shares no memory with the model, predicts the same, and goes on learning from where the model is: an optimizer's
    state goes with it. Its pickles load where this library is not installed. Parameters that change no result,
    `backend` and `n_threads`, have no counterpart and are left out.

    Parameters
    ----------
    model : MLPClassifier, MLPRegressor, LogisticRegression, LogisticRegressionCV, Neuron or Pipeline
        Fitted. A Neuron with "sign" becomes a Perceptron, and one with "sigmoid" an SGDClassifier of "log_loss". Of a
        Pipeline the last step is one of these.
    predict_only : bool, default=False
        Also take a model that was trained by what scikit-learn has not, such as `dropout`: the estimator predicts the
        same, and would learn otherwise.

    Returns
    -------
    estimator
        Of scikit-learn's class of the same name, or a Pipeline.

    Raises
    ------
    ValueError
        If a parameter has no counterpart, by its name and value.
    TypeError
        If it is no estimator of this library, or its class changes what such a one predicts.
    NotFittedError
        If it is not fitted.

    Examples
    --------
    >>> from fastnn import LogisticRegression
    >>> from fastnn.interop import to_sklearn
    >>> to_sklearn(LogisticRegression().fit([[0.0], [1.0]], [0, 1]))
    LogisticRegression()
    """
    made: FittedEstimator = _through_pipelines(model, partial(_there, predict_only=predict_only))
    return made


def from_sklearn(model: object, *, predict_only: bool = False) -> FittedEstimator:
    """Return the fitted model of this library that a scikit-learn estimator is.

    It shares no memory with the estimator, predicts the same, and goes on learning from where that is.

    Parameters
    ----------
    model : estimator or Pipeline of scikit-learn
        Fitted: an MLPClassifier, MLPRegressor, LogisticRegression or LogisticRegressionCV. A Perceptron of two classes
        becomes a Neuron with "sign". An SGDClassifier with ``loss="log_loss"`` and two classes becomes the
        LogisticRegression of the same penalty, whose `fit` finds the optimum that SGD comes near to. Of a Pipeline the
        last step is one of these.
    predict_only : bool, default=False
        Also take an estimator that was trained by what this library has not, such as a Perceptron with a penalty: the
        model predicts the same, and would learn otherwise.

    Returns
    -------
    estimator
        Of the class of the same name, a Neuron or LogisticRegression as said above, or a Pipeline.

    Raises
    ------
    ValueError
        If a parameter has no counterpart, by its name and value, or there are more than two classes that are told
        apart one against the others, which no softmax is.
    TypeError
        If it is another kind of estimator.
    NotFittedError
        If it is not fitted.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from fastnn.interop import from_sklearn
    >>> from_sklearn(LogisticRegression().fit([[0.0], [1.0]], [0, 1])).predict([[0.9]])
    array([1])
    """
    made: FittedEstimator = _through_pipelines(model, partial(_back, predict_only=predict_only))
    return made


def _through_pipelines(model: Any, convert: Callable[[Any], Any]) -> Any:
    """What becomes of a model; of a pipeline one with copies of the steps before it."""
    if not isinstance(model, Pipeline):
        return convert(model)
    *before, (name, last) = model.steps
    return Pipeline([*copy.deepcopy(before), (name, convert(last))], memory=model.memory, verbose=model.verbose)


def _there(model: Any, predict_only: bool) -> Any:
    if not isinstance(model, Estimator):
        raise wrong_type("model", model, f"an estimator of fastnn, or a Pipeline that ends with one{_instead(model)}")
    check_is_fitted(model)
    read_model(model, "raw")  # which refuses classes that predict otherwise
    now: Any = held(model)
    if isinstance(model, (MLPClassifier, MLPRegressor)):
        return mlp_to_sklearn(now, predict_only=predict_only)
    if isinstance(model, LogisticRegressionCV):
        return chosen_to_sklearn(now, predict_only=predict_only)
    if isinstance(model, LogisticRegression):
        return logistic_to_sklearn(now, predict_only=predict_only)
    return neuron_to_sklearn(now, predict_only=predict_only)


def _instead(model: Any) -> str:
    """Where a class comes from whose name is known on both sides, or is that of a subclass."""
    kind = type(model)
    names = {each.__name__ for each in kind.__mro__}
    return f", not a {kind.__name__} of {kind.__module__.partition('.')[0]}" if names & _SHARED else ""


def _back(model: Any, predict_only: bool) -> Any:
    kind = type(model)  # a subclass may predict otherwise
    if kind not in (*_NETWORKS, *_LINEAR):
        raise wrong_type("model", model, f"{_WANTED}{_instead(model)}")
    check_is_fitted(model)
    if kind in _NETWORKS:  # whose training there is known here
        return mlp_from_sklearn(model, _NETWORKS[kind])
    return _LINEAR[kind](model, predict_only=predict_only)


# By the classes of scikit-learn, which class of ours they are, and what makes models of them.
_NETWORKS: dict[type, Any] = {
    neural_network.MLPClassifier: MLPClassifier,
    neural_network.MLPRegressor: MLPRegressor,
}
_LINEAR: dict[type, Callable[..., Any]] = {
    linear_model.LogisticRegression: logistic_from_sklearn,
    linear_model.LogisticRegressionCV: chosen_from_sklearn,
    linear_model.Perceptron: neuron_from_sklearn,
    linear_model.SGDClassifier: sgd_from_sklearn,
}
_SHARED = {kind.__name__ for kind in (*_NETWORKS, *_LINEAR)}
_NAMES = ", ".join(kind.__name__ for kind in (*_NETWORKS, *_LINEAR))
_WANTED = f"a fitted {_NAMES} of scikit-learn, or a Pipeline that ends with one"
