"""MLPClassifier and MLPRegressor, there and back."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import neural_network
from sklearn.utils import check_random_state

from fastnn import losses
from fastnn.flat_params import FlatParams
from fastnn.interop.sklearn.refusal import Refusal
from fastnn.interop.sklearn.training import run_of_sklearn, sklearn_optimizer
from fastnn.kernels.contract import Array
from fastnn.losses import USER
from fastnn.models.common.output import loss_of_output
from fastnn.models.mlp import MLPClassifier, MLPRegressor
from fastnn.models.mlp.fit import network_attributes
from fastnn.models.mlp.options import AROUND_THE_STEP, plan_of
from fastnn.optimizers import SGD, Adam, Optimizer
from fastnn.plan import Plan
from fastnn.training.history import HISTORY

__all__ = ["mlp_from_sklearn", "mlp_to_sklearn"]

_ACTIVATIONS = {"identity": "identity", "sigmoid": "logistic", "tanh": "tanh", "relu": "relu"}
_OUTPUTS = {"squared_error": "identity", "poisson": "exp"}
# What training knows here and not there, and what it is where it changes nothing.
_ONLY_HERE = {
    **dict.fromkeys(("dropout", "l1", "label_smoothing"), 0),
    **dict.fromkeys((*AROUND_THE_STEP, "class_weight", "scoring", "coef_init", "intercept_init"), None),
}
_SAME = (
    *("n_features_in_", "feature_names_in_", "classes_", "loss_", "loss_curve_", "best_loss_", "n_iter_", "t_"),
    *("validation_scores_", "best_validation_score_", "_no_improvement_count"),
)


# --- there --------------------------------------------------------------------------------------


def mlp_to_sklearn(model: MLPClassifier | MLPRegressor, *, predict_only: bool) -> Any:
    """scikit-learn's estimator of the same kind, with copies of all that it shares."""
    kind = neural_network.MLPRegressor if isinstance(model, MLPRegressor) else neural_network.MLPClassifier
    network = model._as_network("raw")
    refusal = Refusal(f"This {type(model).__name__} cannot become scikit-learn's", predict_only=predict_only)
    parameters = _parameters_there(model, network.plan, kind, refusal)
    refusal.check()
    weights, biases = ([np.array(each) for each in arrays] for arrays in network.plan.unpack(network.params))
    state = copy.deepcopy({name: vars(model)[name] for name in _SAME if name in vars(model)})
    run = vars(model).get("_training")
    if model.out_activation_ == "softmax" and weights[-1].shape[1] == 2:
        # There two classes have one output: the difference of these two, whose sigmoid is the second's softmax.
        weights[-1], biases[-1], run = (np.diff(weights[-1]), np.diff(biases[-1]), None)
    made = kind(**parameters)
    output = model.out_activation_ if weights[-1].shape[1] > 1 or model.out_activation_ != "softmax" else "logistic"
    vars(made).update(state, coefs_=weights, intercepts_=biases, out_activation_=output)
    vars(made).update(n_layers_=len(weights) + 1, n_outputs_=weights[-1].shape[1])
    vars(made).update(_best_coefs=[w.copy() for w in weights], _best_intercepts=[b.copy() for b in biases])
    vars(made).update(_random_state=check_random_state(copy.deepcopy(model.random_state)))
    made._no_improvement_count = state.get("_no_improvement_count", 0)
    if isinstance(model, MLPClassifier):
        made._label_binarizer = model._label_binarizer
    optimizer = sklearn_optimizer(run, network.plan, parameters)
    if optimizer is not None:
        made._optimizer = optimizer
    return made


def _parameters_there(model: Any, plan: Plan, kind: type, refusal: Refusal) -> dict[str, Any]:
    given = model.get_params(deep=False)
    known = kind().get_params()
    refusal.add_others({k: v for k, v in given.items() if k not in known}, _ONLY_HERE)
    parameters = {name: copy.deepcopy(given[name]) for name in known if name in given}
    hidden = plan.widths[1:-1]
    parameters["hidden_layer_sizes"] = hidden
    parameters["activation"] = _activation_there(plan, refusal)
    parameters |= _solver_there(model.solver, refusal)
    if not isinstance(model.learning_rate, str):
        refusal.add_of_training("learning_rate", model.learning_rate, "it has no schedules")
        parameters["learning_rate"] = "constant"
    parameters["verbose"] = bool(model.verbose)
    _check_loss(model, plan, known, refusal)
    if "loss" in known:
        parameters["loss"] = plan.loss.name if plan.loss.name in _OUTPUTS else "squared_error"
    return parameters


def _activation_there(plan: Plan, refusal: Refusal) -> str:
    functions = plan.activations[:-1]
    labels = [each.label if each.code != USER else each.name for each in functions]
    wanted = f"scikit-learn's are {', '.join(_ACTIVATIONS.values())}, one for all hidden layers"
    if not functions:
        return "relu"  # of no layer
    if len(set(functions)) > 1:
        refusal.add("activation", labels, wanted)
    elif labels[0] not in _ACTIVATIONS or functions[0].code == USER:
        refusal.add("activation", labels[0], wanted)
    return _ACTIVATIONS.get(labels[0], "relu")


def _solver_there(solver: str | Optimizer, refusal: Refusal) -> dict[str, Any]:
    wanted = "scikit-learn's are lbfgs, sgd and adam"
    if isinstance(solver, str):
        if solver not in ("lbfgs", "sgd", "adam"):
            refusal.add_of_training("solver", solver, wanted)
            return {"solver": "adam"}
        return {"solver": solver}
    around = [name for name in AROUND_THE_STEP if getattr(solver, name) is not None]
    if type(solver) not in (SGD, Adam) or around:
        refusal.add_of_training("solver", solver, wanted)
        return {"solver": "adam"}
    made: dict[str, Any] = {"solver": solver.name, "learning_rate_init": solver.learning_rate}
    if isinstance(solver, SGD):
        return made | {"momentum": solver.momentum, "nesterovs_momentum": bool(solver.nesterov)}
    assert isinstance(solver, Adam)
    return made | {"beta_1": solver.beta_1, "beta_2": solver.beta_2, "epsilon": solver.epsilon}


def _check_loss(model: Any, plan: Plan, known: dict[str, Any], refusal: Refusal) -> None:
    """Note a loss that there is none of: where predictions are its link's, in training alone."""
    loss, output = losses.get(model.loss), model.out_activation_
    if isinstance(model, MLPClassifier):
        if output == "identity":
            refusal.add("loss", model.loss, "scikit-learn's networks of classes have no margins")
        elif loss.name != "cross_entropy":
            refusal.add_of_training("loss", model.loss, "scikit-learn's is cross-entropy")
        return
    if output not in ("identity", "exp") or (output == "exp" and "loss" not in known):
        refusal.add("loss", model.loss, "the outputs of scikit-learn's networks of numbers have no such link")
    elif loss.name not in _OUTPUTS:
        wanted = "scikit-learn's are squared_error and poisson"
        refusal.add_of_training("loss", model.loss, wanted)


# --- back ---------------------------------------------------------------------------------------


def mlp_from_sklearn(model: Any, kind: type[MLPClassifier] | type[MLPRegressor]) -> MLPClassifier | MLPRegressor:
    """The estimator of this library, with copies of all that it shares."""
    made = kind(**copy.deepcopy(model.get_params(deep=False)))
    state = copy.deepcopy({name: vars(model)[name] for name in _SAME if name in vars(model)})
    if kind is MLPClassifier:
        of_labels = model._label_binarizer.y_type_.startswith("multilabel")
        state |= {"_multilabel": of_labels, "_sparse_labels": bool(model._label_binarizer.sparse_input_)}
        state["classes_"] = np.array(model.classes_)
    made.__dict__.update(state, out_activation_=model.out_activation_)
    flat = _network_back(made, model)
    made.__dict__.update(network_attributes(flat))
    seed = int(check_random_state(copy.deepcopy(model.random_state)).randint(2**31 - 1))
    run = run_of_sklearn(getattr(model, "_optimizer", None), flat.plan, model, seed)
    if run is not None:
        made.__dict__["_training"] = run
    made.__dict__.update(_curves_back(model))
    made._require_whole()
    return made


def _network_back(made: Any, model: Any) -> FlatParams:
    coefs: list[Array] = [np.asarray(w) for w in model.coefs_]
    dtype = np.result_type(*coefs, *model.intercepts_)
    dtype = np.dtype(np.float32 if dtype == np.float32 else np.float64)
    if isinstance(made, MLPClassifier):
        loss = made._label_targets().loss
    else:
        loss = loss_of_output(model.out_activation_)
    made.hidden_layer_sizes = tuple(w.shape[1] for w in coefs[:-1])
    plan = plan_of(made, coefs[0].shape[0], coefs[-1].shape[1], dtype, loss)
    weights, biases = ([np.ascontiguousarray(each, dtype) for each in arrays] for arrays in (coefs, model.intercepts_))
    return FlatParams.joined(plan, weights, biases, ("coefs_", "intercepts_"))


def _curves_back(model: Any) -> dict[str, Any]:
    """What every epoch has been like, as far as scikit-learn has written it down."""
    loss: list[float] = list(map(float, getattr(model, "loss_curve_", ())))
    scores: NDArray[Any] | list[float] | None = getattr(model, "validation_scores_", None)
    history = {name: [math.nan] * len(loss) for name in HISTORY}
    history["loss"] = list(loss)
    if scores is not None and len(scores) == len(loss):
        history["validation_score"] = list(map(float, scores))
    validation = None if scores is None else [math.nan] * len(scores)
    found = {"history_": history, "loss_curve_": loss, "validation_loss_curve_": validation}
    plain = {name: getattr(model, name, None) for name in ("best_loss_", "best_validation_score_")}
    return {
        **found,
        **{name: None if value is None else float(value) for name, value in plain.items()},
        "validation_scores_": None if scores is None else list(map(float, scores)),
        "loss_": float(model.loss_),
        "n_iter_": int(model.n_iter_),
        "t_": int(getattr(model, "t_", 0)),
    }
