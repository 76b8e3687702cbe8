"""Files whose parts are none of a model, or do not fit each other, are refused before anything is made of them."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from estimators import MODELS, X, Y
from forged import rewritten
from scipy.sparse import csr_array
from sklearn.base import clone

from fastnn import (
    Adam,
    Dense,
    LogisticRegression,
    LogisticRegressionCV,
    MLPClassifier,
    MLPRegressor,
    Network,
    Neuron,
    storage,
)
from fastnn.errors import FileError
from fastnn.models.common.saving import MODEL_KINDS
from fastnn.optimizers import OptimizerState
from fastnn.training.neuron_engine import Average

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def network_of() -> Network:
    return Network([Dense(5, "silu"), Dense(4, "tanh", bias=False), Dense(2)], n_inputs=3)


def test_a_networks_weights_must_be_those_of_its_layers(tmp_path: Path) -> None:
    network = network_of()
    network.save(tmp_path / "file")
    rewritten(tmp_path / "file", weights=[w.T for w in network.weights])
    with pytest.raises(ValueError, match=r"whole Network: weights\[0\] has shape \(5, 3\) and .*, wanted \(3, 5\)"):
        Network.load(tmp_path / "file")
    rewritten(tmp_path / "file", weights=network.weights, biases=[None, *network.biases[1:]])
    with pytest.raises(ValueError, match="whole Network: a layer has biases where its description has none, or"):
        Network.load(tmp_path / "file")
    rewritten(tmp_path / "file", biases=network.biases[:2])
    with pytest.raises(ValueError, match="whole Network"):
        Network.load(tmp_path / "file")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"coefs_": [np.zeros((3, 4)), np.zeros((5, 1))]}, r"coefs_\[1\] has shape \(5, 1\)"),
        ({"intercepts_": [np.zeros(4), np.zeros(2)]}, r"intercepts_\[1\] has shape \(2,\)"),
        ({"coefs_": "weights"}, "coefs_"),
        ({"coefs_": None}, "coefs_"),
        ({"n_features_in_": 4}, "from 3 inputs to 1 outputs, wanted 4 and 1"),
        ({"classes_": np.arange(3)}, "out_activation_ is 'logistic', which is for two classes, and there are 3"),
        ({"classes_": np.array([1, 1])}, "classes_ is an array .* wanted an array of labels, each once"),
        ({"classes_": np.array([[], {}], object)}, "classes_ is an array .* wanted an array of labels, each once"),
        ({"out_activation_": "softmax"}, "from 3 inputs to 1 outputs, wanted 3 and 2"),
        ({"out_activation_": "identity"}, "out_activation_ is 'identity', of a network with the loss 'binary_cross"),
        ({"_multilabel": True}, "from 3 inputs to 1 outputs, wanted 3 and 2"),
        ({"_sparse_labels": "yes"}, "_sparse_labels is 'yes', wanted"),
        ({"n_outputs_": 2}, "n_outputs_ and n_layers_ are 2 and 3"),
        ({"feature_names_in_": np.array(["a", "b"], object)}, "feature_names_in_ has 2 names, wanted 3"),
        ({"_network": 3}, "_network is no attribute"),
        ({"history_": {"loss": [1.0], "seconds": []}}, "history_ is .* wanted a dict of lists of numbers, of the same"),
        ({"t_": -1}, "t_ is -1, wanted an integer of at least 0"),
        ({"t_": 2**70}, "t_ is .* at most"),
        ({"t_": np.int8(3)}, "t_ is np.int8"),
        ({"parameters": {"alpha": -1.0}}, "The 'alpha' parameter of MLPClassifier must be"),
        ({"parameters": {"random_state": -1}}, "The 'random_state' parameter of MLPClassifier must be"),
        ({"predict": 3}, "predict is no attribute of a fitted MLPClassifier"),
        ({"parameters": {"alpha_2": 3}}, "alpha_2"),
        ({"parameters": None}, "parameters"),
    ],
)
def test_parts_of_a_classifier_that_do_not_fit(changes: dict[str, Any], error: str, tmp_path: Path) -> None:
    MLPClassifier((4,), max_iter=1).fit(X, Y).save(tmp_path / "model")
    rewritten(tmp_path / "model", **changes)
    with pytest.raises(ValueError, match=f"does not hold a whole MLPClassifier: .*{error}"):
        MLPClassifier.load(tmp_path / "model")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"coef_": np.zeros((2, 3))}, r"coef_ has shape \(2, 3\) and dtype float64, wanted \(1, 3\)"),
        ({"coef_": np.zeros((1, 3), int)}, "dtype int64"),
        ({"coef_": [[1.0, 2.0, 3.0]]}, "dtype"),
        ({"intercept_": np.zeros(2)}, "intercept_ has shape"),
        ({"intercept_": None}, "intercept_"),
    ],
)
@pytest.mark.parametrize("estimator", [LogisticRegression(), Neuron(max_iter=1)])
def test_parts_of_a_linear_model_that_do_not_fit(
    estimator: Any, changes: dict[str, Any], error: str, tmp_path: Path
) -> None:
    clone(estimator).fit(X, Y).save(tmp_path / "model")
    rewritten(tmp_path / "model", **changes)
    with pytest.raises(ValueError, match=f"does not hold a whole {type(estimator).__name__}: .*{error}"):
        type(estimator).load(tmp_path / "model")


@pytest.mark.parametrize(
    ("part", "value", "error"),
    [
        ("state", OptimizerState(1, (np.zeros(3), np.zeros(3))), r"a slot of the optimizer has shape \(3,\), wanted"),
        ("state", OptimizerState(1, (np.zeros(21, np.float32),) * 2), "a slot of the optimizer is of float32, wanted"),
        ("state", OptimizerState(1, (np.zeros(21),)), "the optimizer has 1 slots, wanted m, v"),
        ("state", OptimizerState(-1, (np.zeros(21),) * 2), "step is -1, wanted an integer of at least 0"),
        ("unaveraged", np.zeros(3), r"has shape \(3,\), wanted \(21,\)"),
        ("seed", 2**60, "seed is 1152921504606846976"),
        ("seed", 2**63, "the seed of Run cannot be 9223372036854775808"),
        ("seed", "one", "the seed of Run cannot be 'one'"),
        ("rate", Adam(), "the rate of Run cannot be Adam"),
    ],
)
def test_what_training_goes_on_from(part: str, value: Any, error: str, tmp_path: Path) -> None:
    model = MLPRegressor(hidden_layer_sizes=(4,), max_iter=1).fit(X, Y)
    parts = model.__getstate__()
    model.save(tmp_path / "model")
    training = replace(model._training, **{part: value})
    rewritten(tmp_path / "model", _training=training)
    with pytest.raises(FileError, match=error):
        MLPRegressor.load(tmp_path / "model")
    model._training = training
    with pytest.raises(FileError, match=f"was not written, .*{error}"):
        model.save(tmp_path / "other")
    assert parts.keys() == model.__getstate__().keys()
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"_average": Average(np.zeros(3))}, r"the average has shape \(3,\)"),
        ({"_average": Average(np.zeros(4, np.float32))}, "the average is a sum of float32"),
        ({"_average": Average(np.zeros(4), -1)}, "n_steps is -1"),
        ({"_average": Average(np.zeros(4), 1, np.zeros(4, np.float16))}, r"is float16 of shape \(4,\), wanted float64"),
        ({"classes_": np.arange(3)}, "classes_ has 3, wanted 2"),
        ({"classes_": None}, "classes_ is missing"),
        ({"learning_rate_": None}, "learning_rate_ is missing"),
        ({"history_": {"loss": np.zeros(3)}}, "history_ has loss, wanted coef, intercept"),
        ({"parameters": {"activation": "softmax"}}, "activation='softmax' needs several outputs"),
    ],
)
def test_parts_of_a_neuron_that_do_not_fit(changes: dict[str, Any], error: str, tmp_path: Path) -> None:
    clone(MODELS["perceptron"]).fit(X, Y).save(tmp_path / "model")
    rewritten(tmp_path / "model", **changes)
    with pytest.raises(FileError, match=error):
        Neuron.load(tmp_path / "model")


@pytest.mark.parametrize(
    ("part", "value", "error"),
    [
        ("theta", np.zeros((1, 3)), "theta has shape"),
        ("covariance", np.zeros((3, 3)), "covariance has shape"),
        ("separating", (3,), "separating has other numbers"),
        ("dependent", np.array([4]), "dependent has other numbers"),
        ("separation", "perhaps", "the separation of Evidence cannot be 'perhaps'"),
    ],
)
def test_what_a_summary_needs_must_be_of_the_model(part: str, value: Any, error: str, tmp_path: Path) -> None:
    model = clone(MODELS["unpenalised"]).fit(X, Y)
    model.save(tmp_path / "model")
    parts = storage.read(tmp_path / "model", "model", LogisticRegression._kinds)
    parts["_evidence"] = replace(parts["_evidence"], **{part: value})
    storage.write(tmp_path / "model", "model", parts, LogisticRegression._kinds)
    with pytest.raises(FileError, match=error):
        LogisticRegression.load(tmp_path / "model")


def test_an_attribute_of_the_users_own(tmp_path: Path) -> None:
    """It is named, and not lost in silence; what is saved can be loaded."""
    model = LogisticRegression().fit(X, Y)
    model.note = "mine"
    with pytest.raises(FileError, match="was not written, .*note is no attribute of a fitted LogisticRegression"):
        model.save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_a_file_that_asks_for_memory_that_it_has_not(tmp_path: Path) -> None:
    network = network_of()
    network.save(tmp_path / "file")
    parameters = storage.read(tmp_path / "file", "model", MODEL_KINDS)["parameters"]
    rewritten(tmp_path / "file", parameters={**parameters, "n_inputs": 10**9})
    tracemalloc.start()
    try:
        with pytest.raises(FileError, match=r"wanted \(1000000000, 5\) and float32"):
            Network.load(tmp_path / "file")
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("indptr", "indices", "columns"),
    [([0, 2**40, 1], [0], 3), ([0, 0, 1], [3], 3), ([0, 1], [-1], 3), ([0, 1], [0], 2**40), ([0, 2**40, 0], [], 3)],
)
def test_a_sparse_matrix_that_would_be_read_outside_of_its_memory(
    indptr: list[int], indices: list[int], columns: int, tmp_path: Path
) -> None:
    LogisticRegression().fit(X, Y).sparsify().save(tmp_path / "model")
    parts = storage.read(tmp_path / "model", "model", LogisticRegression._kinds)

    class Forged:
        pass

    def take(forged: Any) -> dict[str, Any]:
        arrays = {"indices": np.array(indices, np.int64), "indptr": np.array(indptr, np.int64)}
        return {"data": np.ones(len(indices)), **arrays, "shape": (len(indptr) - 1, columns)}

    parts["coef_"] = Forged()
    kinds = {**MODEL_KINDS, "csr_array": storage.Kind(Forged, take, Forged)}
    storage.write(tmp_path / "model", "model", parts, kinds)
    with pytest.raises(FileError, match=r"a sparse matrix of shape|coef_ has shape"):
        LogisticRegression.load(tmp_path / "model")


def test_a_chosen_penalty_is_there(tmp_path: Path) -> None:
    clone(MODELS["cross-validated"]).fit(X, Y).save(tmp_path / "model")
    rewritten(tmp_path / "model", C_=None)
    with pytest.raises(FileError, match="C_ is missing"):
        LogisticRegressionCV.load(tmp_path / "model")


def test_a_sparse_matrix_of_halves_is_none(tmp_path: Path) -> None:
    """SciPy makes no dense one of it."""
    LogisticRegression().fit(X, Y).sparsify().save(tmp_path / "model")
    coef = csr_array(([0.5], ([0], [2])), shape=(1, 3), dtype=np.float32)
    coef.data = coef.data.astype(np.float16)
    parts = storage.read(tmp_path / "model", "model", LogisticRegression._kinds)
    storage.write(tmp_path / "model", "model", parts | {"coef_": coef}, LogisticRegression._kinds)
    with pytest.raises(FileError, match="a sparse matrix of float16"):
        LogisticRegression.load(tmp_path / "model")
