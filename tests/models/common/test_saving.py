"""A model that was saved and loaded answers and learns as the one that was saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import safetensors.numpy
from estimators import MODELS, X, Y, goes_on
from forged import rewritten
from sameness import same
from scipy.sparse import csr_array
from sklearn.base import clone

from fastnn import (
    Activation,
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
from fastnn.optimizers import SGD
from fastnn.training.rates import ConstantRate, InverseScalingRate
from fastnn.training.recipe import Recipe
from fastnn.training.run import Run

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


def test_attributes_of_the_users_own_class(tmp_path: Path) -> None:
    class Mine(LogisticRegression):
        def fit(self, *args: Any, **kwargs: Any) -> Any:
            super().fit(*args, **kwargs)
            self.threshold_, self.limits = 0.3, np.arange(3.0)
            return self

    class Net(Network):
        pass

    network = Net([Dense(2)], 3)
    network.note = "mine"
    for mine in (Mine().fit(X, Y), network):
        twin = saved(mine, tmp_path)
        assert vars(twin).keys() == vars(mine).keys()
        np.testing.assert_array_equal(twin.predict(X), mine.predict(X))
        for name in {"threshold_", "limits", "note"} & vars(mine).keys():
            np.testing.assert_array_equal(getattr(twin, name), getattr(mine, name))
    for name in ("predict", "_secret", "plan", "backend"):
        rewritten(tmp_path / "model.safetensors", **{name: 3})
        with pytest.raises(FileError, match=f"{name} is no attribute of a fitted Net that files have"):
            Net.load(tmp_path / "model.safetensors")
        network.save(tmp_path / "model.safetensors")


@pytest.mark.parametrize("estimator", [MLPClassifier((4,), max_iter=2), LogisticRegression(), Neuron(max_iter=2)])
def test_classes_that_were_renamed(estimator: Any, tmp_path: Path) -> None:
    model = clone(estimator).fit(X, Y)
    model.classes_ = np.array(["spam", "ham"])
    twin = saved(model, tmp_path)
    np.testing.assert_array_equal(twin.classes_, ["spam", "ham"])
    np.testing.assert_array_equal(twin.predict(X), model.predict(X))


def test_many_classes_of_which_one_is_long(tmp_path: Path) -> None:
    labels = np.array([f"class {k:04}" for k in range(3999)] + ["long" * 175])
    model = LogisticRegression(max_iter=1)
    model.fit(X, Y)
    model.classes_ = labels
    model.coef_, model.intercept_ = np.ones((4000, 3)), np.zeros(4000)
    model.__dict__.pop("_evidence", None)
    np.testing.assert_array_equal(saved(model, tmp_path).classes_, labels)


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


# --- what is refused ----------------------------------------------------------------------------


def test_functions_of_the_users_own(tmp_path: Path) -> None:
    cube = Activation("cube", value=lambda z: z**3, slope=lambda z, a: 3 * z**2)
    for model in (MLPClassifier(activation=["relu", cube]), Network([Dense(2, cube)], 3, backend="reference")):
        with pytest.raises(ValueError, match="activation 'cube' has the value .*lambda"):
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


def test_words_of_the_format_outlive_names_of_classes() -> None:
    """Files of earlier versions hold a run by these words, and so do those of later ones."""
    assert MODEL_KINDS["rates.Constant"].type is ConstantRate
    assert MODEL_KINDS["rates.InverseScaling"].type is InverseScalingRate
    run = Run.begin(Recipe(SGD(ema=0.9), ConstantRate(0.1), 4, 1), np.zeros(2), seed=3)
    run.finish(np.ones(2))
    parts = MODEL_KINDS["loop.Run"].take(run)
    assert set(parts) == {"optimizer", "state", "rate", "seed", "epoch", "n_seen", "behind"}
    again = MODEL_KINDS["loop.Run"].make(**parts)
    np.testing.assert_array_equal(again.unaveraged, [1, 1])
    with pytest.raises(ValueError, match="Run has no field ahead"):
        MODEL_KINDS["loop.Run"].make(**parts, ahead=1)
