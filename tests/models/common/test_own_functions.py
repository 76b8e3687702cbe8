"""Activations and losses of a user's own in every model: trained, weighted, stopped, copied, pickled and saved."""

from __future__ import annotations

import copy
import math
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import cloudpickle
import numpy as np
import own_functions
import pytest
from forged import Forgery, at, places_of
from own_functions import BRIER, CAUCHY, CAUCHY_GIVEN, GAMMA, LOGISTIC, SNAKE, SNAKE_GIVEN, SQUARED_HINGE
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_val_score

from fastnn import Activation, Dense, Loss, MLPClassifier, MLPRegressor, Network, Neuron, activations, fit_many, losses
from fastnn.errors import FileError

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

RNG = np.random.default_rng(5)
X = RNG.normal(size=(90, 4))
NUMBERS = X[:, :2] @ [[1.0, 0.3], [-0.5, 1.0]] + 0.1 * RNG.normal(size=(90, 2))
POSITIVE = np.exp(0.5 * NUMBERS[:, 0])
TWO = np.where(NUMBERS[:, 0] > 0, "yes", "no")
THREE = np.digitize(NUMBERS[:, 0], [-0.5, 0.5])
SEVERAL = (NUMBERS > 0).astype(int)
WEIGHT = RNG.random(90)
TRUSTED = [own_functions.snake, own_functions.snake_slope, own_functions.cauchy, own_functions.logistic]


def regressor(**how: Any) -> MLPRegressor:
    given = {"hidden_layer_sizes": (7,), "activation": SNAKE, "loss": CAUCHY, "max_iter": 12, "random_state": 0}
    return MLPRegressor(**given | how)


def classifier(loss: str | Loss, **how: Any) -> MLPClassifier:
    return MLPClassifier(**{"hidden_layer_sizes": (7,), "loss": loss, "max_iter": 12, "random_state": 0} | how)


def network(**how: Any) -> Network:
    return Network([Dense(7, SNAKE), Dense(2)], 4, **{"loss": CAUCHY, "random_state": 0, "dtype": "float64"} | how)


def same(one: Any, other: Any, tolerance: float = 1e-9) -> None:
    for a, b in zip(one.coefs_ + one.intercepts_, other.coefs_ + other.intercepts_, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


# --- training -----------------------------------------------------------------------------------

WAYS: dict[str, dict[str, Any]] = {
    "adam": {},
    "sgd": {"solver": "sgd", "learning_rate_init": 0.05},
    "lbfgs": {"solver": "lbfgs"},
    "early stopping": {"early_stopping": True, "n_iter_no_change": 3},
    "one loss": {"early_stopping": True, "scoring": "loss"},
    "penalties": {"alpha": 0.1, "l1": 0.01, "dropout": 0.2, "clip_norm": 1.0},
}


@pytest.mark.parametrize("way", WAYS)
def test_a_regressor_learns_the_same_by_every_backend(users_backend: str, way: str) -> None:
    wanted = regressor(backend="reference", **WAYS[way]).fit(X, NUMBERS, WEIGHT)
    for activation, loss in ((SNAKE, CAUCHY), (SNAKE_GIVEN, CAUCHY_GIVEN)):
        found = regressor(backend=users_backend, activation=activation, loss=loss, **WAYS[way]).fit(X, NUMBERS, WEIGHT)
        same(found, wanted, 1e-4 if way == "lbfgs" else 1e-9)
        assert found.loss_ == pytest.approx(wanted.loss_, rel=1e-6)
    assert way == "lbfgs" or wanted.loss_curve_[-1] < wanted.loss_curve_[0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_twins_of_the_librarys_learn_what_it_learns(users_backend: str, dtype: Any) -> None:
    """Loss and activation, so also the targets, links and reports."""
    tanh = activations.get("tanh").value
    squares = losses.element_of(losses.get("squared_error"))
    poisson = losses.element_of(losses.get("poisson"))
    for loss, twin, y in (
        ("squared_error", Loss("own", lambda z, y: squares(z, y, 0.0)[0]), NUMBERS),
        ("poisson", Loss("own", lambda z, y: poisson(z, y, 0.0)[0], link="exp"), np.round(POSITIVE)),
    ):
        wanted = regressor(loss=loss, activation="tanh", backend=users_backend).fit(X.astype(dtype), y.astype(dtype))
        found = regressor(loss=twin, activation=Activation("own", tanh), backend=users_backend)
        found.fit(X.astype(dtype), y.astype(dtype))
        same(found, wanted, 1e-4 if dtype is np.float32 else 1e-9)
        assert found.out_activation_ == wanted.out_activation_
        np.testing.assert_allclose(found.predict(X), wanted.predict(X), rtol=1e-3)


CLASSIFIERS = {
    "sigmoid, two": (LOGISTIC, TWO, "logistic"),
    "sigmoid, several": (LOGISTIC, SEVERAL, "logistic"),
    "softmax, two": (BRIER, TWO, "softmax"),
    "softmax, three": (BRIER, THREE, "softmax"),
    "margins, two": (SQUARED_HINGE, TWO, "identity"),
    "margins, three": (SQUARED_HINGE, THREE, "identity"),
    "margins, several": (SQUARED_HINGE, SEVERAL, "identity"),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_goes_by_the_link(users_backend: str, name: str) -> None:
    loss, y, output = CLASSIFIERS[name]
    model = classifier(loss, backend=users_backend, max_iter=60, learning_rate_init=0.02).fit(X, y)
    assert model.out_activation_ == output
    assert model.score(X, y) > 0.75
    same(model, classifier(loss, backend="reference", max_iter=60, learning_rate_init=0.02).fit(X, y), 1e-7)
    assert hasattr(model, "decision_function") == (output == "identity")
    assert hasattr(model, "predict_proba") == (output != "identity")
    if output == "softmax":
        np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)
    assert model.partial_fit(X, y).score(X, y) > 0.7


def test_binary_cross_entropy_of_ones_own(users_backend: str) -> None:
    for y in (TWO, SEVERAL):
        given = {"class_weight": None, "label_smoothing": 0.1, "backend": users_backend}
        same(classifier(LOGISTIC, **given).fit(X, y, WEIGHT), classifier("cross_entropy", **given).fit(X, y, WEIGHT))


def test_a_network(users_backend: str) -> None:
    given = {"optimizer": "sgd", "epochs": 4, "patience": 3, "x_val": X, "y_val": NUMBERS}
    nets = [network(backend=backend).fit(X, NUMBERS, WEIGHT, **given) for backend in (users_backend, "reference")]
    np.testing.assert_allclose(nets[0].params, nets[1].params, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(nets[0].history["validation_loss"], nets[1].history["validation_loss"], rtol=1e-9)
    loss, gradient = nets[0].loss_and_gradient(X, NUMBERS, WEIGHT)
    before, step = nets[0].params.copy(), 1e-5
    for k in (0, 7, 40):
        ends = []
        for move in (-step, step):
            nets[0].params[:] = before
            nets[0].params[k] += move
            ends.append(nets[0].loss_and_gradient(X, NUMBERS, WEIGHT)[0])
        assert gradient[k] == pytest.approx((ends[1] - ends[0]) / (2 * step), rel=1e-5, abs=1e-9)
    assert loss == pytest.approx(np.mean(ends), rel=1e-6)
    assert "loss cauchy" in nets[0].summary()
    assert "loss=Loss(name='cauchy', link='identity')" in repr(nets[0])


def test_the_prediction_is_the_link(users_backend: str) -> None:
    z = network(backend=users_backend).forward(X)
    for link, wanted in (("sigmoid", 1 / (1 + np.exp(-z))), ("exp", np.exp(z)), ("identity", z)):
        own = Loss("own", own_functions.cauchy, link=link)
        np.testing.assert_allclose(network(loss=own, backend=users_backend).predict(X), wanted, rtol=1e-12)
    model = regressor(loss=GAMMA, backend=users_backend, max_iter=60).fit(X, POSITIVE)
    assert model.out_activation_ == "exp"
    assert (model.predict(X) > 0).all()


@pytest.mark.jit
def test_a_prediction_compiles_no_loss() -> None:
    odd = Loss("own", lambda z, y: (z - y) ** 2 * len(eval("[z]")), link="sigmoid")
    net = network(loss=odd)
    assert net.predict(X).shape == (90, 2)
    with pytest.raises(TypeError, match="cannot be compiled"):
        net.fit(X, NUMBERS)


def test_a_neuron(users_backend: str) -> None:
    given = {"learning_rate": 0.02, "max_iter": 8, "random_state": 0}
    for batch_size in (1, 16):
        wanted = Neuron(SNAKE_GIVEN, backend="reference", batch_size=batch_size, **given).fit(X, NUMBERS[:, 0], WEIGHT)
        found = Neuron(SNAKE, backend=users_backend, batch_size=batch_size, **given).fit(X, NUMBERS[:, 0], WEIGHT)
        np.testing.assert_allclose(found.coef_, wanted.coef_, rtol=1e-9)
        z = (X @ found.coef_.T + found.intercept_).ravel()
        np.testing.assert_allclose(found.predict(X), [own_functions.snake(each) for each in z])


@pytest.mark.jit
def test_many_at_once_and_on_sparse_rows() -> None:
    from scipy.sparse import csr_array

    models = [regressor(random_state=seed) for seed in range(3)]
    for one, alone in zip(
        fit_many(models, X, NUMBERS), [regressor(random_state=seed) for seed in range(3)], strict=True
    ):
        same(one, alone.fit(X, NUMBERS), 0)
    same(regressor().fit(csr_array(X), NUMBERS), models[0], 1e-9)


@pytest.mark.jit
@pytest.mark.parametrize("n_threads", [2, 3])
def test_bits_are_the_same_for_every_number_of_threads(n_threads: int) -> None:
    wide = {"hidden_layer_sizes": (64, 64), "max_iter": 3, "batch_size": 45}
    one, more = (regressor(n_threads=count, **wide).fit(X, NUMBERS) for count in (1, n_threads))
    same(one, more, 0)


# --- copies and pickles ---------------------------------------------------------------------------

MODELS = {
    "regressor": regressor(),
    "classifier": classifier(LOGISTIC, activation=(SNAKE_GIVEN,)),
    "neuron": Neuron(SNAKE, max_iter=3, random_state=0),
}


def fitted(name: str) -> Any:
    return clone(MODELS[name]).fit(X, TWO if name == "classifier" else NUMBERS[:, 0])


@pytest.mark.jit
@pytest.mark.parametrize("name", MODELS)
def test_clones_copies_and_pickles(name: str) -> None:
    model = fitted(name)
    assert clone(model).get_params() == model.get_params()
    for again in (copy.deepcopy(model), pickle.loads(pickle.dumps(model)), cloudpickle.loads(cloudpickle.dumps(model))):
        np.testing.assert_array_equal(again.predict(X), model.predict(X))
        assert again.get_params() == model.get_params()
    net = network().fit(X, NUMBERS, epochs=2)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(net)).predict(X), net.predict(X))


@pytest.mark.jit
def test_lambdas_in_a_search_by_processes() -> None:
    """loky pickles by cloudpickle."""
    scale = 0.5
    own = {"activation": Activation("own", lambda z: z + scale * z * z), "loss": Loss("own", lambda z, y: abs(z - y))}
    model = regressor(**own)
    found = cross_val_score(model, X, NUMBERS, cv=2, n_jobs=2)
    np.testing.assert_array_equal(found, cross_val_score(model, X, NUMBERS, cv=2))
    with pytest.raises(pickle.PicklingError, match="cloudpickle"):
        pickle.dumps(model)


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.jit
@pytest.mark.parametrize("name", MODELS)
def test_files_have_the_names_of_functions(name: str, tmp_path: Path) -> None:
    model, path = fitted(name), tmp_path / "model"
    model.save(path)
    loaded = type(model).load(path, trusted=TRUSTED)
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    assert loaded.get_params() == model.get_params()
    with pytest.raises(
        FileError, match="needs functions of a user's own.*: own_functions:snake.*with trusted=.'own_fun"
    ):
        type(model).load(path)


@pytest.mark.jit
def test_a_network_goes_on_from_its_file(tmp_path: Path) -> None:
    net = network().fit(X, NUMBERS, epochs=2)
    net.save(tmp_path / "net")
    again = Network.load(tmp_path / "net", trusted=["own_functions:snake", "own_functions:cauchy"])
    for each in (net, again):
        each.fit(X, NUMBERS, epochs=2)
    np.testing.assert_array_equal(again.params, net.params)


def test_nothing_is_imported_that_is_not_trusted(tmp_path: Path) -> None:
    """In a new process that has not imported the module."""
    network(backend="reference").save(tmp_path / "net")
    code = f"""
import sys
from fastnn import Network
for trusted in ((), ["own_functions:cauchy_slope"], ["numpy:exp"]):
    try:
        Network.load({str(tmp_path / "net")!r}, trusted=trusted)
    except ValueError as fault:
        print(fault)
print("own_functions" in sys.modules)
names = ["own_functions:snake", "own_functions:cauchy"]
print(Network.load({str(tmp_path / "net")!r}, trusted=names).plan.loss.name, "own_functions" in sys.modules)
"""
    paths = [str(Path(own_functions.__file__).parent), *sys.path]
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {paths!r}\n{code}"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert lines[-2:] == ["False", "cauchy True"]
    for line in lines[:3]:
        assert "own_functions:cauchy, own_functions:snake. If you trust them, load it with trusted=['own_fun" in line


@pytest.mark.parametrize(
    ("trusted", "error", "message"),
    [
        ("own_functions:snake", TypeError, "trusted is 'own_functions:snake' of type str, wanted a list"),
        (3, TypeError, "trusted is 3"),
        ([3], TypeError, "An item of trusted is 3 of type int, wanted a function, or a name"),
        (["snake"], ValueError, "trusted has 'snake', wanted names such as"),
        ([lambda z: z], ValueError, "trusted has .*<lambda>, which cannot be imported by a name"),
    ],
    ids=["string", "number", "item", "name", "lambda"],
)
def test_what_cannot_be_trusted(trusted: Any, error: type[Exception], message: str, tmp_path: Path) -> None:
    network(backend="reference").save(tmp_path / "net")
    with pytest.raises(error, match=message):
        Network.load(tmp_path / "net", trusted=trusted)


def test_functions_that_are_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network(backend="reference").save(tmp_path / "net")
    names = ["own_functions:snake", "own_functions:cauchy"]
    monkeypatch.delattr(own_functions, "snake")
    with pytest.raises(FileError, match="there is no function 'own_functions:snake'"):
        Network.load(tmp_path / "net", trusted=names)
    monkeypatch.setattr(own_functions, "snake", len, raising=False)
    with pytest.raises(FileError, match="value of activation 'snake', len, ends in an error"):
        Network.load(tmp_path / "net", trusted=names)
    monkeypatch.setitem(sys.modules, "own_functions", None)
    with pytest.raises(FileError, match="own_functions"):
        Network.load(tmp_path / "net", trusted=names)


def test_files_hold_no_lambda(tmp_path: Path) -> None:
    for own in (
        {"activation": Activation("own", lambda z: 2 * z)},
        {"activation": Activation("own", lambda z: 2 * z, own_functions.cauchy_slope, has_slope=False)},
        {"loss": Loss("own", lambda z, y: abs(z - y))},
    ):
        with pytest.raises(ValueError, match="'own' has the value .*lambda.*a file holds no code. Define it by def"):
            regressor(**own).save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


@pytest.mark.jit
def test_a_checkpoint_goes_on_with_functions_that_are_given_again(tmp_path: Path) -> None:
    lambdas = {"activation": Activation("own", lambda z: 2 * z), "loss": Loss("own", lambda z, y: (z - y) ** 2)}
    for own in (lambdas, {}):
        path = tmp_path / str(len(own))
        whole = regressor(max_iter=6, **own).fit(X, NUMBERS)
        regressor(max_iter=3, **own).fit(X, NUMBERS, checkpoint=path)
        same(regressor(max_iter=6, **own).fit(X, NUMBERS, checkpoint=path, resume=True), whole, 0)
        with pytest.raises(ValueError, match="the checkpoint of another run: .*loss was Loss"):
            regressor(max_iter=6, **own | {"loss": "huber"}).fit(X, NUMBERS, checkpoint=path, resume=True)


# --- bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "y", "message"),
    [
        (
            classifier(LOGISTIC),
            THREE,
            "Only binary classification .*loss='own logistic', whose link is 'sigmoid'; y has 3",
        ),
        (classifier(BRIER), SEVERAL, "loss='brier' with several labels a sample: it works on softmax outputs"),
        (classifier(BRIER, out_activation="sigmoid"), TWO, "loss='brier' with out_activation='sigmoid'"),
        (classifier(LOGISTIC, out_activation="softmax"), TWO, "its link is 'sigmoid'"),
        (classifier(SQUARED_HINGE, out_activation="softmax"), TWO, "squared hinge works on raw outputs"),
        (classifier(SQUARED_HINGE, label_smoothing=0.1), TWO, "loss='squared hinge', which has no probabilities"),
        (
            classifier(GAMMA),
            TWO,
            "'loss' parameter of MLPClassifier must be .*of your own with one of the links sigmoid",
        ),
        (classifier(losses.huber()), TWO, "'loss' parameter of MLPClassifier must be"),
        (regressor(), np.where(X[:, 0] > 1, np.nan, X[:, 0]), "NaN"),
        (regressor(activation=Activation("own", abs, has_slope=False)), NUMBERS, "'own', which has no slope"),
        (Neuron(Activation("own", abs, has_slope=False)), NUMBERS[:, 0], "'own' has no slope"),
        (regressor(loss=own_functions.cauchy), NUMBERS, "'loss' parameter of MLPRegressor must be"),
    ],
    ids=str,
)
def test_what_models_refuse(model: Any, y: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit(X, y)
    assert not hasattr(model, "n_features_in_")


def test_targets_of_a_network() -> None:
    for bad in (np.inf, np.nan):
        y = NUMBERS.copy()
        y[3, 1] = bad
        with pytest.raises(ValueError, match="loss='cauchy' wants finite numbers"):
            network(backend="reference").fit(X, y)


def test_a_loss_that_diverges_says_so(users_backend: str) -> None:
    wild = Loss("wild", lambda z, y: math.exp(1e4 * abs(z - y)))
    with pytest.raises(ValueError, match="non-finite"):
        regressor(loss=wild, solver="sgd", learning_rate_init=1.0, backend=users_backend).fit(X, NUMBERS)


def test_names_in_a_forged_file_are_shown_without_control_characters(tmp_path: Path) -> None:
    network(backend="reference").save(tmp_path / "net")
    forgery = Forgery.of(tmp_path / "net", "model")
    (name,) = (each for each in places_of(forgery.content) if at(forgery.content, each) == "own_functions:snake")
    at(forgery.content, name[:-1])[name[-1]] = "own:\x1b[2J\nsnake"
    forgery.write(tmp_path / "net")
    with pytest.raises(FileError) as caught:
        Network.load(tmp_path / "net")
    assert str(caught.value).isprintable()
