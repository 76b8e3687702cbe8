"""Tweedie's deviance and the focal loss, as loss= of networks and of the estimators."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import TweedieRegressor
from sklearn.metrics import mean_tweedie_deviance

from fastnn import Dense, MLPClassifier, MLPRegressor, Network, kernels, losses

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

X = np.random.default_rng(0).uniform(size=(200, 2))
MEAN = np.exp(X @ [1.0, -2.0] + 1)
SMALL: dict[str, Any] = {"hidden_layer_sizes": (8,), "learning_rate_init": 0.01, "max_iter": 60, "random_state": 0}


def claims(power: float) -> np.ndarray:
    """Targets that the power allows: some of them 0 below 2, none at 2."""
    rng = np.random.default_rng(3)
    amounts = rng.gamma(2.0, MEAN / 2)
    return amounts if power == 2 else np.where(rng.random(len(X)) < 0.3, 0, amounts)


@pytest.fixture(scope="module")
def digits() -> tuple[np.ndarray, np.ndarray]:
    x, y = load_digits(return_X_y=True)
    return x[:300] / 16, y[:300]


@pytest.mark.parametrize(("name", "loss"), [("tweedie", losses.tweedie(1.5)), ("focal", losses.focal(2.0))])
def test_a_name_is_the_loss_with_its_default(name: str, loss: losses.Loss, backend: str) -> None:
    z, y = np.array([[0.5, -1.0], [2.0, 0.0]]), np.eye(2)
    found = kernels.loss_and_gradient(z, y, name, backend=backend)
    wanted = kernels.loss_and_gradient(z, y, loss, backend=backend)
    assert found[0] == wanted[0]
    np.testing.assert_array_equal(found[1], wanted[1])
    p = np.exp(z) if name == "tweedie" else np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(kernels.link(z, name, backend=backend), p, rtol=1e-14)


# --- Tweedie ------------------------------------------------------------------------------------


@pytest.mark.parametrize("power", [1.0, 1.5, 1.9, 2.0])
def test_without_hidden_layer_it_is_scikit_learns_regression(power: float) -> None:
    y = claims(power)
    wanted = TweedieRegressor(power=power, alpha=0, link="log", tol=1e-8, max_iter=1000).fit(X, y).predict(X)
    how: dict[str, Any] = {"solver": "lbfgs", "alpha": 0, "tol": 1e-8, "max_iter": 1000, "random_state": 0}
    model = MLPRegressor(losses.tweedie(power), (), **how).fit(X, y)
    np.testing.assert_allclose(model.predict(X), wanted, rtol=1e-3)
    assert model.out_activation_ == "exp"
    assert model.loss_ == pytest.approx(mean_tweedie_deviance(y, model.predict(X), power=power) / 2, rel=1e-6)


def test_the_gamma_distribution_has_no_zeros() -> None:
    with pytest.raises(ValueError, match="y has targets from 0 to .*; loss='tweedie' wants finite numbers above 0"):
        MLPRegressor(losses.tweedie(2.0)).fit(X, claims(1.5))
    assert MLPRegressor("tweedie", (), max_iter=2).fit(X, claims(1.5)).n_iter_ == 2
    for power in (1.0, 1.5, 2.0):
        with pytest.raises(ValueError, match="y has targets from -.*; loss='tweedie' wants finite numbers"):
            MLPRegressor(losses.tweedie(power)).fit(X, claims(2.0) - 5)


def test_a_network_learns_by_it_in_every_backend(backend: str) -> None:
    y = claims(1.5)[:, None]
    network = Network([Dense(4, "tanh"), Dense(1)], 2, "tweedie", random_state=0, backend=backend)
    network.fit(X, y, epochs=8)
    assert network.loss_curve[-1] < network.loss_curve[0] and (network.predict(X) > 0).all()


# --- focal --------------------------------------------------------------------------------------


def test_gamma_of_0_is_cross_entropy(digits: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = digits
    focal = MLPClassifier(loss=losses.focal(0.0), **SMALL).fit(x, y)
    wanted = MLPClassifier(**SMALL).fit(x, y)
    np.testing.assert_allclose(focal.predict_proba(x), wanted.predict_proba(x), atol=1e-8)
    assert focal.loss_ == pytest.approx(wanted.loss_, rel=1e-8)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_it_tells_classes_apart(digits: tuple[np.ndarray, np.ndarray], solver: str, tmp_path: Path) -> None:
    x, y = digits
    model = clone(MLPClassifier(loss=losses.focal(1.5), solver=solver, **SMALL)).fit(x, y)
    assert model.score(x, y) > 0.95
    p = model.predict_proba(x)
    right = p[np.arange(len(y)), y]
    penalty = 1e-4 / 2 * sum((w * w).sum() for w in model.coefs_) / len(y)
    loss = np.mean((1 - right) ** 1.5 * -np.log(right))
    if solver == "lbfgs":
        assert model.loss_ == pytest.approx(loss + penalty, rel=1e-6)
    model.save(tmp_path / "model")
    for again in (MLPClassifier.load(tmp_path / "model"), pickle.loads(pickle.dumps(model))):
        assert again.loss == losses.focal(1.5)
        np.testing.assert_array_equal(again.predict_proba(x), p)


def test_sure_samples_count_less(digits: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = digits
    sure = [
        MLPClassifier(loss=losses.focal(gamma), **SMALL).fit(x, y).predict_proba(x).max(axis=1).mean()
        for gamma in (0.0, 2.0, 5.0)
    ]
    assert sure[0] > sure[1] + 0.02 > sure[2] + 0.04


def test_two_classes_have_two_outputs(digits: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = digits[0], np.where(digits[1] > 4, "high", "low")
    model = MLPClassifier(loss="focal", label_smoothing=0.05, class_weight={"high": 1.0, "low": 1.2}, **SMALL).fit(x, y)
    assert (model.out_activation_, model.n_outputs_) == ("softmax", 2)
    assert model.score(x, y) > 0.9 and model.predict_proba(x).shape == (300, 2)
    assert model.partial_fit(x, y).predict_log_proba(x).shape == (300, 2)
    early = clone(model).set_params(early_stopping=True).fit(x, y)
    assert len(early.validation_scores_) == early.n_iter_
    one = MLPClassifier(loss="focal", **SMALL).fit(x, np.full(300, "low"))
    np.testing.assert_array_equal(one.predict_proba(x), np.ones((300, 1)))


def test_what_it_is_not_for(digits: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = digits
    with pytest.raises(ValueError, match="loss='focal' with several labels a sample: it works on softmax outputs"):
        MLPClassifier(loss="focal").fit(x, np.eye(10, dtype=int)[y])
    with pytest.raises(ValueError, match="loss='focal' with out_activation='sigmoid': it works on softmax outputs"):
        MLPClassifier(loss="focal", out_activation="sigmoid").fit(x, y > 4)
    with pytest.raises(ValueError, match="'loss' parameter of MLPClassifier must be .* a Loss of one of these names"):
        MLPClassifier(loss=losses.huber()).fit(x, y)
    assert not hasattr(MLPClassifier(loss="focal"), "decision_function")


def test_a_network_takes_the_number_of_the_class(backend: str, digits: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = digits
    network = Network([Dense(16, "relu"), Dense(10)], 64, "focal", random_state=0, backend=backend)
    by_number = network.loss_and_gradient(x, y)
    by_share = network.loss_and_gradient(x, np.eye(10)[y])
    assert by_number[0] == by_share[0]
    network.fit(x, y, epochs=5)
    assert network.loss_curve[-1] < network.loss_curve[0]
