"""Models with activations that have other parameters than their names stand for."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from fastnn import Dense, MLPClassifier, MLPRegressor, Network, Neuron, activations
from fastnn.kernels import dense_forward

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SETTINGS: dict[str, Any] = {"max_iter": 3, "random_state": 0}
LAYERS = [activations.leaky_relu(0.2), activations.celu(0.5), "gelu"]
MODELS = {
    "classifier": MLPClassifier((6, 5, 4), LAYERS, **SETTINGS),
    "regressor": MLPRegressor(hidden_layer_sizes=(6, 5), activation=activations.elu(0.5), **SETTINGS),
    "neuron": Neuron(activations.softplus(2.0), **SETTINGS),
}
X = np.random.default_rng(0).normal(size=(60, 3))
Y = (X[:, 0] > 0).astype(int)


def answers(model: Any) -> np.ndarray:
    return np.asarray(model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X))


@pytest.mark.parametrize("name", MODELS)
def test_backends_agree(backend: str, name: str) -> None:
    found, wanted = (clone(MODELS[name]).set_params(backend=each).fit(X, Y) for each in (backend, "reference"))
    np.testing.assert_allclose(answers(found), answers(wanted), rtol=1e-9)


@pytest.mark.parametrize("name", MODELS)
def test_they_change_what_is_learnt(name: str) -> None:
    model = MODELS[name]
    given = model.activation if isinstance(model.activation, list) else [model.activation]
    plain = [each if isinstance(each, str) else each.name for each in given]
    other = clone(model).set_params(activation=plain if isinstance(model.activation, list) else plain[0])
    assert not np.allclose(answers(clone(model).fit(X, Y)), answers(other.fit(X, Y)), rtol=1e-3)


@pytest.mark.parametrize("name", MODELS)
def test_they_are_copied_pickled_and_saved(name: str, tmp_path: Path) -> None:
    model = clone(MODELS[name]).fit(X, Y)
    assert clone(model).get_params() == MODELS[name].get_params()
    model.save(tmp_path / "model.safetensors")
    for twin in (pickle.loads(pickle.dumps(model)), type(model).load(tmp_path / "model.safetensors")):
        assert twin.get_params() == model.get_params()
        np.testing.assert_array_equal(answers(twin), answers(model))
        np.testing.assert_array_equal(answers(twin.fit(X, Y)), answers(model))


def test_a_network(backend: str, tmp_path: Path) -> None:
    layers = [Dense(5, activations.hard_sigmoid(0.2, 0.4)), Dense(4, activations.leaky_relu(-0.5)), Dense(1)]
    networks = [Network(layers, 3, random_state=0, backend=each, dtype="float64") for each in (backend, "reference")]
    for network in networks:
        network.fit(X, Y, epochs=2)
    np.testing.assert_allclose(networks[0].params, networks[1].params, rtol=1e-9)
    networks[0].save(tmp_path / "model")
    again = Network.load(tmp_path / "model")
    assert again.layers == networks[0].layers
    np.testing.assert_array_equal(again.predict(X), networks[0].predict(X))
    assert "hard_sigmoid(0.2, 0.4)" in networks[0].summary()


def test_a_kernel(backend: str, dtype: Any) -> None:
    z = X.astype(dtype)
    out = dense_forward(z, np.eye(3, dtype=dtype), None, activations.leaky_relu(0.25), backend=backend)
    np.testing.assert_array_equal(out, np.where(z > 0, z, z / 4))


def test_a_parameter_that_was_put_in_by_force() -> None:
    """What a class has not looked at is looked at by whoever uses it."""
    for parameters in ((np.nan,), (1.0, 2.0), ("0.2",), [0.2]):
        forged = activations.leaky_relu(0.2)
        object.__setattr__(forged, "parameters", parameters)
        with pytest.raises((ValueError, TypeError), match="leaky_relu"):
            MLPRegressor(hidden_layer_sizes=(3,), activation=forged, **SETTINGS).fit(X, Y)
