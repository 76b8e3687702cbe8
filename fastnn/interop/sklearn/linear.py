"""LogisticRegression, LogisticRegressionCV, and a neuron as Perceptron or SGDClassifier; and back."""

from __future__ import annotations

import copy
import math
from numbers import Real
from typing import Any, TypeVar

import numpy as np
from scipy.sparse import csr_array, issparse
from sklearn import linear_model

from fastnn.interop.sklearn.refusal import Refusal
from fastnn.models.logistic.cv.estimator import LogisticRegressionCV
from fastnn.models.logistic.estimator import LogisticRegression
from fastnn.models.neuron.estimator import Neuron
from fastnn.models.neuron.learning_rule import name_of

__all__ = [
    "chosen_from_sklearn",
    "chosen_to_sklearn",
    "logistic_from_sklearn",
    "logistic_to_sklearn",
    "neuron_from_sklearn",
    "neuron_to_sklearn",
    "sgd_from_sklearn",
]

Model = TypeVar("Model", LogisticRegression, LogisticRegressionCV, Neuron)

_COEFFICIENTS = ("n_features_in_", "feature_names_in_", "classes_", "coef_", "intercept_", "n_iter_")
_OF_PATHS = ("Cs_", "l1_ratios_", "C_", "l1_ratio_", "coefs_paths_", "scores_")
_HAS_PENALTIES = "l1_ratio" not in linear_model.LogisticRegression().get_params() or (
    linear_model.LogisticRegression().l1_ratio is None
)  # before scikit-learn 1.8 `penalty` decided, and not `l1_ratio`


def _state(model: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return copy.deepcopy({name: vars(model)[name] for name in names if name in vars(model)})


def _shared(given: dict[str, Any], kind: type) -> dict[str, Any]:
    """The parameters that the other class has too."""
    known = kind._get_param_names()  # type: ignore[attr-defined]
    return {name: copy.deepcopy(value) for name, value in given.items() if name in known}


# --- logistic regression ------------------------------------------------------------------------


def logistic_to_sklearn(model: LogisticRegression, *, predict_only: bool) -> Any:
    """scikit-learn's LogisticRegression."""
    refusal = Refusal("This LogisticRegression cannot become scikit-learn's", predict_only=predict_only)
    given = model.get_params(deep=False)
    only_here = {"penalty_factor": None, "bounds": None, "standardize": False, "firth": False}
    refusal.add_others(given, only_here)
    refusal.check()
    parameters = _shared(given, linear_model.LogisticRegression)
    if model.alpha is not None:
        parameters["C"] = 1 / model.alpha if model.alpha > 0 else np.inf
    parameters |= _penalty_there(model, parameters["C"])
    if model.solver == "auto":
        parameters["solver"] = "saga" if _has_l1(parameters) else "lbfgs"
    made = linear_model.LogisticRegression(**parameters)
    vars(made).update(_state(model, _COEFFICIENTS))
    return made


def _has_l1(parameters: dict[str, Any]) -> bool:
    return parameters.get("penalty") in ("l1", "elasticnet") or bool(parameters.get("l1_ratio"))


def _penalty_there(model: LogisticRegression, C: float) -> dict[str, Any]:
    """`penalty` where scikit-learn does not go by `l1_ratio` yet."""
    if not _HAS_PENALTIES or model.penalty != "deprecated":
        return {}
    ratio = model.l1_ratio or 0.0
    if C == np.inf:
        return {"penalty": None, "l1_ratio": None, "C": 1.0}
    named = {0.0: "l2", 1.0: "l1"}.get(ratio, "elasticnet")
    return {"penalty": named, "l1_ratio": ratio if named == "elasticnet" else None}


def logistic_from_sklearn(model: Any, *, predict_only: bool) -> LogisticRegression:
    """The LogisticRegression of this library."""
    made = LogisticRegression(**_parameters_back(model, LogisticRegression, predict_only=predict_only))
    return _taken_over(made, _state(model, _COEFFICIENTS))


def _parameters_back(model: Any, kind: type, *, predict_only: bool) -> dict[str, Any]:
    refusal = Refusal(f"This {type(model).__name__} cannot become fastnn's", predict_only=predict_only)
    given = model.get_params(deep=False)
    many = len(model.classes_) > 2
    ways = {"multi_class": ("auto", "deprecated", "ovr" if not many else "multinomial", "warn")}
    if given.get("multi_class", "auto") not in ways["multi_class"]:
        refusal.add("multi_class", given["multi_class"], "two classes have a sigmoid, and more of them a softmax")
    if many and model.solver == "liblinear":
        refusal.add("solver", "liblinear", "with more than two classes it tells one apart from the others")
    refusal.check()
    parameters = _shared(given, kind)
    if _HAS_PENALTIES and kind is LogisticRegression:
        ratio = {"l1": 1.0, "l2": 0.0, None: 0.0}.get(given["penalty"], given["l1_ratio"])
        C = np.inf if given["penalty"] is None else given["C"]
        parameters |= {"penalty": "deprecated", "l1_ratio": ratio, "C": C}
    return parameters


def _taken_over(made: Model, state: dict[str, Any]) -> Model:
    """The model with these fitted attributes, which are looked at as those of a file are."""
    coef = state["coef_"]
    if issparse(coef):
        state["coef_"] = csr_array(coef)
    else:
        state["coef_"] = np.ascontiguousarray(coef)
    made.__dict__.update(state, n_features_in_=int(state["n_features_in_"]))
    made._require_whole()
    return made


# --- with cross-validation ----------------------------------------------------------------------


def chosen_to_sklearn(model: LogisticRegressionCV, *, predict_only: bool) -> Any:
    """scikit-learn's LogisticRegressionCV."""
    refusal = Refusal("This LogisticRegressionCV cannot become scikit-learn's", predict_only=predict_only)
    given = model.get_params(deep=False)
    parameters = _shared(given, linear_model.LogisticRegressionCV)
    if "use_legacy_attributes" not in parameters and given["use_legacy_attributes"] is False:
        refusal.add_of_training("use_legacy_attributes", False, "scikit-learn has it since 1.8")
    refusal.check()
    is_warn = isinstance(given["scoring"], str) and given["scoring"] == "warn"
    if is_warn and linear_model.LogisticRegressionCV().scoring is None:  # before 1.9, whose "warn" stands for None
        parameters["scoring"] = None
    if "use_legacy_attributes" not in parameters:  # before 1.8
        parameters |= _chosen_before(given)
    made = linear_model.LogisticRegressionCV(**parameters)
    vars(made).update(_state(model, (*_COEFFICIENTS, *_OF_PATHS)))
    return made


def _chosen_before(given: dict[str, Any]) -> dict[str, Any]:
    """The parameters of LogisticRegressionCV before scikit-learn 1.8, where these are others."""
    if given["penalty"] != "deprecated":
        return {}
    left_out = given["l1_ratios"] is None or isinstance(given["l1_ratios"], str)
    ratios = {0.0} if left_out else set(map(float, given["l1_ratios"]))
    penalty = "l2" if ratios == {0.0} else "l1" if ratios == {1.0} else "elasticnet"
    return {"penalty": penalty} | ({} if penalty == "elasticnet" else {"l1_ratios": None})


def chosen_from_sklearn(model: Any, *, predict_only: bool) -> LogisticRegressionCV:
    """The LogisticRegressionCV of this library."""
    parameters = _parameters_back(model, LogisticRegressionCV, predict_only=predict_only)
    state = _state(model, (*_COEFFICIENTS, *_OF_PATHS))
    return _taken_over(LogisticRegressionCV(**parameters), state)


# --- one neuron ---------------------------------------------------------------------------------


def neuron_to_sklearn(model: Neuron, *, predict_only: bool) -> Any:
    """scikit-learn's Perceptron for the activation "sign", and SGDClassifier of log_loss for "sigmoid"."""
    refusal = Refusal("This Neuron cannot become scikit-learn's", predict_only=predict_only)
    name, given = name_of(model), model.get_params(deep=False)
    if name not in ("sign", "sigmoid"):
        refusal.add("activation", model.activation, "'sign' is a Perceptron, 'sigmoid' an SGDClassifier of log_loss")
    if model.batch_size != 1:
        refusal.add_of_training("batch_size", model.batch_size, "scikit-learn takes the rows one by one")
    if model.average:
        refusal.add_of_training("average", model.average, "scikit-learn's is the mean of other steps, or of none")
    refusal.add_others(given, {"keep_history": False})
    rate = model.learning_rate
    is_number = isinstance(rate, Real)
    if not is_number and not isinstance(rate, str):
        refusal.add_of_training("learning_rate", rate, "it has no schedules")
    refusal.check()
    kind = linear_model.Perceptron if name == "sign" else linear_model.SGDClassifier
    parameters = _shared(given, kind)
    number: Any = rate if is_number else model.learning_rate_
    parameters |= {"penalty": None, "eta0": float(number), "verbose": int(bool(model.verbose))}
    parameters.pop("learning_rate", None)
    if kind is linear_model.SGDClassifier:
        parameters |= {"loss": "log_loss", "learning_rate": "constant", "average": False}
    made = kind(**parameters)
    vars(made).update(_state(model, _COEFFICIENTS))
    return made


def neuron_from_sklearn(model: Any, *, predict_only: bool) -> Neuron:
    """A Neuron of "sign"."""
    refusal = Refusal("This Perceptron cannot become a Neuron", predict_only=predict_only)
    given = model.get_params(deep=False)
    _require_two(model, refusal)
    without = {"penalty": None, "fit_intercept": True, "early_stopping": False, "class_weight": None}
    refusal.add_others(given, without)
    refusal.check()
    parameters = _shared(given, Neuron) | {"activation": "sign", "learning_rate": float(model.eta0)}
    parameters["verbose"] = bool(model.verbose)
    if model.tol is None:  # which means that no pass ends it early
        parameters |= {"tol": 0.0, "n_iter_no_change": int(model.max_iter)}
    state = _state(model, _COEFFICIENTS) | {"n_iter_": int(model.n_iter_), "learning_rate_": float(model.eta0)}
    return _taken_over(Neuron(**parameters), state)


def _require_two(model: Any, refusal: Refusal) -> None:
    if len(model.classes_) > 2:
        refusal.add(
            "classes_",
            model.classes_.tolist(),
            "it tells one class apart from the others, which no softmax does: take a model for each class, as in "
            "sklearn.multiclass.OneVsRestClassifier",
        )


def sgd_from_sklearn(model: Any, *, predict_only: bool) -> LogisticRegression:
    """The LogisticRegression with the objective of an SGDClassifier of log_loss."""
    refusal = Refusal("This SGDClassifier cannot become a LogisticRegression", predict_only=predict_only)
    if model.loss != "log_loss":
        refusal.add("loss", model.loss, "wanted 'log_loss'")
    _require_two(model, refusal)
    free = model.penalty is None or model.alpha == 0
    if not free and not hasattr(model, "t_"):
        refusal.add_of_training("alpha", model.alpha, "without t_ nobody knows of how many rows' mean it is a part")
    refusal.check()
    # SGD adds alpha to the mean of the losses, and here 1 / C to their sum: over the rows of a fit, or those seen.
    n = (getattr(model, "t_", 2) - 1) / max(1, int(model.n_iter_))
    ratio = {"l1": 1.0, "elasticnet": model.l1_ratio}.get(model.penalty, 0.0)
    parameters = _shared(model.get_params(deep=False), LogisticRegression)
    for name in ("penalty", "alpha", "tol", "max_iter", "n_jobs"):
        parameters.pop(name, None)
    parameters |= {"C": math.inf if free else 1 / (model.alpha * n), "l1_ratio": 0.0 if free else ratio}
    state = _state(model, _COEFFICIENTS) | {"n_iter_": np.array([max(1, int(model.n_iter_))], np.int32)}
    return _taken_over(LogisticRegression(**parameters), state)
