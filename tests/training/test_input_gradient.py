"""Gradients of outputs with respect to inputs, against differences of 4th order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gradcheck import numerical_gradient

from fastnn import Dense, MLPClassifier, MLPRegressor, Network
from fastnn.training import engine as module

LOSSES = ["squared_error", "binary_cross_entropy", "cross_entropy", "poisson"]


def make(loss: str = "squared_error", outputs: int = 3, **options: Any) -> Network:
    layers = [Dense(8, "tanh"), Dense(6, "silu", bias=False), Dense(5, "softmax"), Dense(outputs)]
    return Network(layers, 4, loss, **{"dtype": "float64", "random_state": 0} | options)


def by_differences(function: Any, x: np.ndarray) -> np.ndarray:
    """d output / d input of every row: (n, o, i)."""
    o = function(x[:1]).shape[1]
    rows = [[numerical_gradient(lambda at, k=k: function(at[None])[0, k], row) for k in range(o)] for row in x]
    return np.array(rows)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("link", [False, True])
def test_against_differences(loss: str, link: bool, backend: str, rng: np.random.Generator) -> None:
    network, x = make(loss, backend=backend), rng.normal(size=(7, 4))
    network.params = 2 * network.params
    gradient = network.input_gradient(x, link=link)
    wanted = by_differences(network.predict if link else network.forward, x)
    assert gradient.shape == (7, 3, 4)
    assert np.abs(wanted).max() > 1e-3
    np.testing.assert_allclose(gradient, wanted, rtol=1e-6, atol=1e-10)
    np.testing.assert_array_equal(network.input_gradient(x, 2, link=link), gradient[:, 2])


@pytest.mark.parametrize("activation", ["relu", "gelu", "leaky_relu", "sigmoid", "log_softmax"])
def test_the_last_activation_counts(activation: str, rng: np.random.Generator) -> None:
    network = Network([Dense(6, "elu"), Dense(3, activation)], 4, dtype="float64", random_state=1)
    x = rng.normal(size=(9, 4))
    np.testing.assert_allclose(network.input_gradient(x), by_differences(network.forward, x), rtol=1e-6, atol=1e-10)


def test_one_output_has_no_axis(rng: np.random.Generator) -> None:
    network, x = make(outputs=1), rng.normal(size=(5, 4))
    assert network.input_gradient(x).shape == (5, 4)
    linear = Network([Dense(1)], 4, dtype="float64", random_state=0)
    np.testing.assert_array_equal(linear.input_gradient(x), np.tile(linear.weights[0][:, 0], (5, 1)))


def test_blocks_of_rows(rng: np.random.Generator, dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    network, x = make(dtype=dtype), rng.normal(size=(23, 4))
    whole = network.input_gradient(x)
    assert whole.dtype == dtype
    monkeypatch.setattr(module, "_BLOCK", 5)
    np.testing.assert_array_equal(network.input_gradient(x), whole)
    assert network.input_gradient(x[:0]).shape == (0, 3, 4)


@pytest.mark.parametrize("out_activation", ["sigmoid", "softmax"])
def test_of_a_classifier(out_activation: str, rng: np.random.Generator) -> None:
    x = rng.normal(size=(80, 3))
    y = np.where(x[:, 0] * x[:, 1] > 0, "yes", "no")
    settings = {"max_iter": 500, "random_state": 0, "solver": "lbfgs"}
    model = MLPClassifier((6,), "tanh", out_activation=out_activation, **settings).fit(x, y)
    wanted = by_differences(model.predict_proba, x[:6])
    gradient = model.input_gradient(x[:6], link=True)
    if out_activation == "sigmoid":
        np.testing.assert_allclose(gradient, wanted[:, 1], rtol=1e-5, atol=1e-8)
    else:
        np.testing.assert_allclose(gradient, wanted, rtol=1e-5, atol=1e-8)
        np.testing.assert_array_equal(model.input_gradient(x[:6], 1, link=True), gradient[:, 1])


def test_of_a_regressor(rng: np.random.Generator) -> None:
    x = rng.normal(size=(80, 3))
    model = MLPRegressor(hidden_layer_sizes=(6,), activation="tanh", max_iter=500, solver="lbfgs", random_state=0)
    model.fit(x, np.sin(x[:, 0]))
    wanted = by_differences(lambda at: model.predict(at)[:, None], x[:6])[:, 0]
    np.testing.assert_allclose(model.input_gradient(x[:6]), wanted, rtol=1e-5, atol=1e-8)
    with pytest.raises(ValueError, match="features"):
        model.input_gradient(x[:, :2])


def test_bad_input(rng: np.random.Generator) -> None:
    network, x = make(), rng.normal(size=(5, 4))
    with pytest.raises(ValueError, match=r"output=3 is not possible, wanted 0 to 2"):
        network.input_gradient(x, 3)
    with pytest.raises(TypeError, match="output is 'z' of type str"):
        network.input_gradient(x, "z")
    with pytest.raises(ValueError, match="x has shape"):
        network.input_gradient(x[0])
    step = Network([Dense(3, "sign"), Dense(1)], 4)
    with pytest.raises(ValueError, match="has no slope"):
        step.input_gradient(x)
