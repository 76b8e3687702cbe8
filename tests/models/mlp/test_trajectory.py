"""Epoch by epoch the same weights and losses as scikit-learn, from the same start and in the same order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import neural_network as theirs
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

import fastnn

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

SOLVERS = {
    "sgd": {"solver": "sgd", "learning_rate_init": 0.05, "momentum": 0},
    "momentum": {"solver": "sgd", "learning_rate_init": 0.05, "nesterovs_momentum": False},
    "nesterov": {"solver": "sgd", "learning_rate_init": 0.05},
    "adam": {"solver": "adam", "learning_rate_init": 0.01},
}
RATES: list[dict[str, Any]] = [
    {"learning_rate": "invscaling", "power_t": 0.3},
    {"learning_rate": "adaptive", "tol": 1.0, "n_iter_no_change": 1},
]


def task(name: str) -> tuple[str, np.ndarray, np.ndarray]:
    """Kind of model, features and targets: 150 rows, so that batches of 32 leave a smaller one."""
    if name == "binary":
        x, y = load_breast_cancer(return_X_y=True)
    elif name == "classes":
        x, y = load_digits(return_X_y=True)
    else:
        x, y = load_diabetes(return_X_y=True)
        y = (y - y.mean()) / y.std()
    if name == "outputs":
        y = np.column_stack([y, y**2, -y])
    kind = "MLPClassifier" if name in ("binary", "classes") else "MLPRegressor"
    return kind, StandardScaler().fit_transform(x[:150]), y[:150]


def both(kind: str, **parameters: Any) -> tuple[Any, Any]:
    settings = {"hidden_layer_sizes": (7, 5), "batch_size": 32, "shuffle": False, "random_state": 3}
    settings |= parameters
    return getattr(fastnn, kind)(**settings), getattr(theirs, kind)(**settings)


def assert_same(ours: Any, other: Any, tolerance: float = 1e-10) -> None:
    pairs = zip([*ours.coefs_, *ours.intercepts_], [*other.coefs_, *other.intercepts_], strict=True)
    for mine, wanted in pairs:
        np.testing.assert_allclose(mine, wanted, rtol=0, atol=tolerance)
    assert (ours.n_iter_, ours.t_) == (other.n_iter_, other.t_)


@pytest.mark.parametrize("epochs", [1, 5])
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("name", ["binary", "classes", "number", "outputs"])
def test_epochs_are_scikit_learns(name: str, solver: str, activation: str, epochs: int) -> None:
    kind, x, y = task(name)
    ours, other = both(kind, activation=activation, alpha=0.5, max_iter=epochs, **SOLVERS[solver])
    assert_same(ours.fit(x, y), other.fit(x, y))
    np.testing.assert_allclose(ours.loss_curve_, other.loss_curve_, rtol=1e-10)
    assert ours.loss_ == ours.loss_curve_[-1]
    assert ours.best_loss_ == min(ours.loss_curve_)


@pytest.mark.parametrize("name", ["binary", "classes", "number", "outputs"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_with_sample_weights(name: str, solver: str) -> None:
    kind, x, y = task(name)
    weight = np.random.default_rng(0).uniform(0.1, 2, len(x))
    ours, other = both(kind, max_iter=3, **SOLVERS[solver])
    assert_same(ours.fit(x, y, weight), other.fit(x, y, weight))
    np.testing.assert_allclose(ours.loss_curve_, other.loss_curve_, rtol=1e-10)


@pytest.mark.parametrize("rate", RATES)
def test_learning_rates_by_the_epoch(rate: dict[str, Any]) -> None:
    kind, x, y = task("classes")
    ours, other = both(kind, max_iter=8, **SOLVERS["nesterov"] | rate)
    assert_same(ours.fit(x, y), other.fit(x, y))


@pytest.mark.parametrize("solver", SOLVERS)
def test_partial_fit_and_warm_start(solver: str) -> None:
    kind, x, y = task("classes")
    ours, other = both(kind, max_iter=2, warm_start=True, **SOLVERS[solver])
    for model in (ours, other):
        model.fit(x, y)
        model.fit(x, y)
        for first in (0, 50, 100):
            model.partial_fit(x[first : first + 50], y[first : first + 50])
    assert_same(ours, other)
    np.testing.assert_allclose(ours.loss_curve_, other.loss_curve_, rtol=1e-10)


@pytest.mark.parametrize("name", ["binary", "classes", "number"])
def test_early_stopping_holds_out_the_same_rows(name: str) -> None:
    kind, x, y = task(name)
    ours, other = both(kind, max_iter=60, early_stopping=True, n_iter_no_change=3, validation_fraction=0.2)
    assert_same(ours.fit(x, y), other.fit(x, y))
    np.testing.assert_allclose(ours.validation_scores_, other.validation_scores_, rtol=1e-8)
    np.testing.assert_allclose(ours.best_validation_score_, other.best_validation_score_, rtol=1e-8)
    assert ours.best_loss_ is None


def test_stopping_after_the_same_epoch() -> None:
    kind, x, y = task("binary")
    ours, other = both(kind, tol=0.02, n_iter_no_change=2, max_iter=200)
    assert_same(ours.fit(x, y), other.fit(x, y))
    assert ours.n_iter_ < 200


def test_poisson_loss_is_the_deviance() -> None:
    _, x, y = task("number")
    ours, other = both("MLPRegressor", loss="poisson", max_iter=5)
    y = np.round(np.exp(y))
    assert_same(ours.fit(x, y), other.fit(x, y))
    np.testing.assert_allclose(ours.loss_curve_, other.loss_curve_, rtol=1e-10)
    np.testing.assert_allclose(ours.predict(x), other.predict(x), rtol=1e-10)
    assert ours.out_activation_ == "exp"


@pytest.mark.parametrize("name", ["binary", "classes", "number"])
def test_lbfgs_reaches_a_loss_as_low(name: str) -> None:
    kind, x, y = task(name)
    ours, other = both(kind, solver="lbfgs", alpha=1.0, max_iter=2000, tol=1e-8, activation="tanh")
    ours.fit(x, y)
    other.fit(x, y)
    assert ours.loss_ <= other.loss_ * 1.01
    assert not hasattr(ours, "loss_curve_")
