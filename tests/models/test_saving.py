"""A model that was saved and loaded answers and learns as the one that was saved."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import safetensors.numpy
from estimators import MODELS, X, Y, goes_on
from sameness import same
from scipy.sparse import csr_array
from sklearn.base import clone

from fastnn import (
    Activation,
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
from fastnn.models.saving import MODEL_KINDS
from fastnn.optimizers import OptimizerState
from fastnn.training.neuron import Average

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

LABELS = {
    "bool": Y > 0,
    "int8": Y.astype(np.int8),
    "float": Y * 2.0,
    "strings": np.array(["no", "yes"])[Y],
    "wide strings": np.array(["no", "yes"], "U9")[Y],
    "objects": np.array(["no", "yes"], object)[Y],
    "three": np.array(["a", "b", "ü"], object)[np.arange(60) % 3],
}


def saved(model: Any, path: Path) -> Any:
    model.save(path / "model.safetensors")
    return type(model).load(path / "model.safetensors")


def rewritten(path: Path, purpose: str = "model", **changes: Any) -> Path:
    """The file of a model with other parts; a part that is None is left out."""
    parts = storage.read(path, "model", MODEL_KINDS) | changes
    parts = {name: part for name, part in parts.items() if part is not None}
    storage.write(path, purpose, parts, MODEL_KINDS)
    return path


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> Any:
    """Every kind of estimator, fitted."""
    return clone(MODELS[request.param]).fit(X, Y)


def test_it_is_the_same_model(model: Any, tmp_path: Path) -> None:
    twin = saved(model, tmp_path)
    assert type(twin) is type(model)
    assert twin.get_params() == model.get_params()
    assert same(*(dict(sorted(each._taken_apart()[1].items())) for each in (twin, model)))
    np.testing.assert_array_equal(twin.predict(X), model.predict(X))


def test_weights_that_a_fit_starts_from(tmp_path: Path) -> None:
    model = MLPRegressor(hidden_layer_sizes=(4,), max_iter=2, coef_init=[np.ones((3, 4)), None], random_state=0)
    twin = saved(model.fit(X, Y), tmp_path)
    assert same(twin.coef_init, model.coef_init)
    np.testing.assert_array_equal(twin.fit(X, Y).coefs_[0], model.fit(X, Y).coefs_[0])


def test_it_goes_on_learning_the_same(model: Any, tmp_path: Path) -> None:
    twin = saved(model, tmp_path)
    for each in (model, twin):
        if hasattr(each, "partial_fit"):
            each.partial_fit(X, Y).partial_fit(X, Y)
        goes_on(each).fit(X, Y)
    np.testing.assert_array_equal(twin.predict(X), model.predict(X))
    assert getattr(twin, "loss_curve_", None) == getattr(model, "loss_curve_", None)


@pytest.mark.parametrize("kind", LABELS)
@pytest.mark.parametrize("estimator", [MLPClassifier((4,), max_iter=2), LogisticRegression(), Neuron(max_iter=2)])
def test_labels_of_any_type(estimator: Any, kind: str, tmp_path: Path) -> None:
    if isinstance(estimator, Neuron) and kind == "three":
        kind = "objects"  # a neuron knows two classes
    model = clone(estimator).fit(X, LABELS[kind])
    twin = saved(model, tmp_path)
    assert twin.classes_.dtype == model.classes_.dtype
    assert list(map(type, twin.classes_)) == list(map(type, model.classes_))
    np.testing.assert_array_equal(twin.predict(X), model.predict(X))
    assert twin.predict(X).dtype == model.predict(X).dtype


def test_float32_names_of_features_and_several_labels(tmp_path: Path) -> None:
    frame = pd.DataFrame(X.astype(np.float32), columns=["a", "b", "c"])
    labels = (X > 0).astype(int)
    model = MLPClassifier((4,), max_iter=2, random_state=np.random.RandomState(1)).fit(frame, labels)
    twin = saved(model, tmp_path)
    assert twin.coefs_[0].dtype == np.float32
    np.testing.assert_array_equal(twin.feature_names_in_, ["a", "b", "c"])
    np.testing.assert_array_equal(twin.predict_proba(frame), model.predict_proba(frame))
    assert twin.random_state.randint(1000) == model.random_state.randint(1000)


def test_weights_that_users_have_assigned(tmp_path: Path) -> None:
    model = MLPRegressor(hidden_layer_sizes=(4,), max_iter=2).fit(X, X[:, :2])
    model.coefs_ = [w * 2 for w in model.coefs_]
    np.testing.assert_array_equal(saved(model, tmp_path).predict(X), model.predict(X))


def test_parameters_that_were_changed_after_the_fit(tmp_path: Path) -> None:
    """The fitted network stays what it was; parameters act on the next fit."""
    model = MLPRegressor(hidden_layer_sizes=(4, 3), max_iter=2).fit(X, Y)
    model.set_params(activation=["tanh"], hidden_layer_sizes=(9,))
    np.testing.assert_array_equal(saved(model, tmp_path).predict(X), model.predict(X))


def test_sparse_coefficients(tmp_path: Path) -> None:
    model = LogisticRegression(class_weight={0: 1.0, 1: 2.0}).fit(X, Y).sparsify()
    twin = saved(model, tmp_path)
    assert twin.class_weight == {0: 1.0, 1: 2.0}
    np.testing.assert_array_equal(twin.coef_.toarray(), model.coef_.toarray())
    np.testing.assert_array_equal(twin.predict_proba(X), model.predict_proba(X))


def test_what_a_summary_needs_and_what_cross_validation_found(tmp_path: Path) -> None:
    model = LogisticRegression(C=np.inf).fit(X, np.arange(len(X)) % 2)
    assert str(saved(model, tmp_path).summary()) == str(model.summary())
    for legacy in (True, False):
        chosen = LogisticRegressionCV(Cs=2, scoring="accuracy", use_legacy_attributes=legacy, l1_ratios=(0,)).fit(X, Y)
        twin = saved(chosen, tmp_path)
        np.testing.assert_equal(twin.scores_, chosen.scores_)
        np.testing.assert_equal(twin.coefs_paths_, chosen.coefs_paths_)
        np.testing.assert_array_equal(twin.predict_proba(X), chosen.predict_proba(X))


def test_a_summary_stays_the_same(tmp_path: Path) -> None:
    """Here the classes overlap, so the likelihood has a maximum."""
    labels = Y ^ (np.arange(60) % 5 == 0)
    model = LogisticRegression(C=np.inf).fit(X, labels)
    assert str(saved(model, tmp_path).summary()) == str(model.summary())


def test_a_model_that_is_not_fitted(tmp_path: Path) -> None:
    model = MLPClassifier((3, 2), ["tanh", "gelu"], n_iter_no_change=float("inf"))
    assert vars(saved(model, tmp_path)) == vars(model)


def test_a_class_of_the_users_own(tmp_path: Path) -> None:
    class Mine(LogisticRegression):
        pass

    assert type(saved(Mine().fit(X, Y), tmp_path)) is Mine
    with pytest.raises(ValueError, match="holds a model of the class Mine, not LogisticRegression"):
        LogisticRegression.load(tmp_path / "model.safetensors")


class Small(MLPClassifier):
    """Has one parameter of its own, and sets those of its base."""

    def __init__(self, width: int = 3) -> None:
        super().__init__((width,), max_iter=2, random_state=0)
        self.width = width


def test_a_class_with_other_parameters(tmp_path: Path) -> None:
    model = Small(4).fit(X, Y)
    model.alpha = 0.5
    twin = saved(model, tmp_path)
    assert (twin.width, twin.hidden_layer_sizes, twin.alpha) == (4, (4,), 0.5)
    np.testing.assert_array_equal(twin.predict_proba(X), model.predict_proba(X))
    parts = storage.read(tmp_path / "model.safetensors", "model", MODEL_KINDS)
    storage.write(tmp_path / "model.safetensors", "model", parts | {"alpha": "x"}, MODEL_KINDS)
    with pytest.raises(FileError, match="The 'alpha' parameter of Small must be"):
        Small.load(tmp_path / "model.safetensors")


def test_a_sparse_model_takes_memory_for_x_that_fits(tmp_path: Path) -> None:
    """A file need not have a byte for a column, so predictions look at X first."""
    model = LogisticRegression().fit(X, Y).sparsify()
    model.coef_ = csr_array(([0.5], ([0], [2])), shape=(1, 10**11))
    model.n_features_in_ = 10**11
    twin = saved(model, tmp_path)
    with pytest.raises(ValueError, match="X has 3 features"):
        twin.predict(X)


def test_metadata_requests_are_not_saved(tmp_path: Path) -> None:
    import sklearn

    with sklearn.config_context(enable_metadata_routing=True):
        model = LogisticRegression().set_fit_request(sample_weight=True).fit(X, Y)
        twin = saved(model, tmp_path)
    assert hasattr(model, "_metadata_request")
    assert not hasattr(twin, "_metadata_request")


# --- Network ------------------------------------------------------------------------------------


def network_of(**how: Any) -> Network:
    return Network([Dense(5, "silu"), Dense(4, "tanh", bias=False), Dense(2)], n_inputs=3, **how)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_network(dtype: str, tmp_path: Path) -> None:
    network = network_of(loss="huber", dtype=dtype, n_threads=1).fit(X, X[:, :2], epochs=2)
    twin = saved(network, tmp_path)
    assert repr(twin) == repr(network)
    assert vars(twin).keys() == vars(network).keys()
    np.testing.assert_array_equal(twin.params, network.params)
    for each in (network, twin):
        each.fit(X, X[:, :2], epochs=2)
    np.testing.assert_array_equal(twin.params, network.params)
    assert twin.loss_curve == network.loss_curve


def test_others_find_its_weights(tmp_path: Path) -> None:
    network = network_of()
    network.save(tmp_path / "file")
    tensors = safetensors.numpy.load_file(tmp_path / "file")
    assert tensors.keys() == {"weights.0", "weights.1", "weights.2", "biases.0", "biases.2"}
    np.testing.assert_array_equal(tensors["weights.1"], network.weights[1])


def test_a_networks_weights_must_be_those_of_its_layers(tmp_path: Path) -> None:
    network = network_of()
    network.save(tmp_path / "file")
    rewritten(tmp_path / "file", weights=[w.T for w in network.weights])
    with pytest.raises(ValueError, match=r"whole Network: an array is float32 of shape \(5, 3\), wanted .* \(3, 5\)"):
        Network.load(tmp_path / "file")
    rewritten(tmp_path / "file", weights=network.weights, biases=[None, *network.biases[1:]])
    with pytest.raises(ValueError, match="whole Network: a layer has biases where its description has none, or"):
        Network.load(tmp_path / "file")
    rewritten(tmp_path / "file", biases=network.biases[:2])
    with pytest.raises(ValueError, match="whole Network"):
        Network.load(tmp_path / "file")


# --- what is refused ----------------------------------------------------------------------------


def test_functions_of_the_users_own(tmp_path: Path) -> None:
    cube = Activation("cube", value=lambda z: z**3, slope=lambda z, a: 3 * z**2)
    for model in (MLPClassifier(activation=["relu", cube]), Network([Dense(2, cube)], 3, backend="reference")):
        with pytest.raises(ValueError, match="activation 'cube' is a user's own"):
            model.save(tmp_path / "model")
    with pytest.raises(TypeError, match=r"parameters\.solver is <built-in function print>"):
        MLPClassifier(solver=print).save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_another_class(tmp_path: Path) -> None:
    MLPRegressor(hidden_layer_sizes=(2,), max_iter=1).fit(X, Y).save(tmp_path / "model")
    with pytest.raises(ValueError, match="MLPRegressor, not MLPClassifier: use MLPRegressor.load"):
        MLPClassifier.load(tmp_path / "model")
    with pytest.raises(ValueError, match="not Network"):
        Network.load(tmp_path / "model")
    rewritten(tmp_path / "model", purpose="checkpoint")
    with pytest.raises(ValueError, match="holds a checkpoint, wanted a model"):
        MLPRegressor.load(tmp_path / "model")
    for parts in ([1, 2], {"class": np.zeros(3)}, {}):
        storage.write(tmp_path / "model", "model", parts)
        with pytest.raises(FileError, match="of the class None"):
            MLPRegressor.load(tmp_path / "model")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"coefs_": [np.zeros((3, 4)), np.zeros((5, 1))]}, r"coefs_\[1\] has shape \(5, 1\)"),
        ({"intercepts_": [np.zeros(4), np.zeros(2)]}, r"intercepts_\[1\] has shape \(2,\)"),
        ({"coefs_": "weights"}, "coefs_"),
        ({"coefs_": None}, "coefs_"),
        ({"n_features_in_": 4}, "from 3 inputs to 1 outputs, wanted 4 and 1"),
        ({"classes_": np.arange(3)}, "out_activation_ is 'logistic', which is for two classes, and there are 3"),
        ({"classes_": np.array([1, 0])}, "classes_ is an array .* wanted an array of labels, sorted"),
        ({"out_activation_": "softmax"}, "from 3 inputs to 1 outputs, wanted 3 and 2"),
        ({"out_activation_": "identity"}, "out_activation_ is 'identity', of a network with the loss 'binary_cross"),
        ({"_multilabel": True}, "from 3 inputs to 1 outputs, wanted 3 and 2"),
        ({"n_outputs_": 2}, "n_outputs_ and n_layers_ are 2 and 3"),
        ({"feature_names_in_": np.array(["a", "b"], object)}, "feature_names_in_ has 2 names, wanted 3"),
        ({"_network": 3}, "_network is no attribute"),
        ({"history_": {"loss": [1.0], "seconds": []}}, "history_ is .* wanted a dict of lists of numbers, of the same"),
        ({"t_": -1}, "t_ is -1, wanted an integer of at least 0"),
        ({"t_": 2**70}, "t_ is .* at most"),
        ({"t_": np.int8(3)}, "t_ is np.int8"),
        ({"parameters": {"alpha": -1.0}}, "The 'alpha' parameter of MLPClassifier must be"),
        ({"parameters": {"random_state": -1}}, "Seed|seed"),
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
        ("behind", np.zeros(3), r"has shape \(3,\), wanted \(21,\)"),
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
        with pytest.raises(FileError, match=r"wanted float32 of shape \(1000000000, 5\)"):
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
