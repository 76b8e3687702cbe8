"""The neuron: how each activation learns, and what it is then."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from available import BACKENDS
from sklearn.base import is_classifier, is_regressor
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

from fastnn import Activation, LogisticRegression, Neuron
from fastnn.activations import ACTIVATIONS

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

ELEMENTWISE = [name for name, activation in ACTIVATIONS.items() if not activation.by_row]


@pytest.fixture(scope="module")
def cancer() -> tuple[np.ndarray, np.ndarray]:
    x, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(x), np.array(["no", "yes"])[y]


@pytest.mark.parametrize("activation", ["sigmoid", "logistic", "sign", ACTIVATIONS["sigmoid"]])
@pytest.mark.parametrize("batch_size", [1, 32, "full", None])
def test_learns_two_classes(cancer: Any, activation: Any, batch_size: Any) -> None:
    x, y = cancer
    model = Neuron(activation, batch_size=batch_size, random_state=0)
    if batch_size in ("full", None):
        model.set_params(learning_rate=0.5)
    model.fit(x, y)
    assert is_classifier(model)
    assert model.score(x, y) > 0.95
    assert model.coef_.shape == (1, 30)
    assert model.intercept_.shape == (1,)
    z = x @ model.coef_[0] + model.intercept_[0]
    np.testing.assert_allclose(model.decision_function(x), z, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(model.predict(x), np.where(z > 0, "yes", "no"))
    assert hasattr(model, "predict_proba") == (activation != "sign")
    answers = model.activate(x)
    if activation == "sign":
        np.testing.assert_array_equal(answers, np.sign(z))
    else:
        np.testing.assert_allclose(answers, 1 / (1 + np.exp(-z)), rtol=1e-9)
        np.testing.assert_array_equal(model.predict_proba(x)[:, 1], answers)


def test_a_sigmoid_goes_to_logistic_regression(rng: np.random.Generator) -> None:
    x = rng.normal(size=(300, 3))
    y = rng.uniform(size=300) < 1 / (1 + np.exp(-x @ [1, -2, 0.5]))
    wanted = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(x, y)
    settings = {"batch_size": None, "learning_rate": 2.0, "max_iter": 5000, "tol": 0}
    model = Neuron("sigmoid", **settings).fit(x, y)
    np.testing.assert_allclose(model.coef_, wanted.coef_, atol=1e-4)
    np.testing.assert_allclose(model.intercept_, wanted.intercept_, atol=1e-4)


def test_an_identity_goes_to_least_squares(rng: np.random.Generator) -> None:
    x = rng.normal(size=(300, 3))
    y = x @ [1, -2, 0.5] + 3 + rng.normal(scale=0.1, size=300)
    model = Neuron("identity", batch_size="full", learning_rate=0.5, max_iter=500, tol=0).fit(x, y)
    wanted = LinearRegression().fit(x, y)
    np.testing.assert_allclose(model.coef_[0], wanted.coef_, atol=1e-6)
    assert is_regressor(model)
    assert model.score(x, y) == pytest.approx(wanted.score(x, y))
    assert not hasattr(model, "decision_function")


# No gradient leads over the jump of thresholded_relu to where most rows are.
@pytest.mark.parametrize("activation", [name for name in ELEMENTWISE if name not in ("sign", "thresholded_relu")])
def test_every_activation_finds_the_weights_that_made_the_data(
    activation: str, rng: np.random.Generator, dtype: Any
) -> None:
    x = rng.normal(size=(400, 2)).astype(dtype)
    teacher = Neuron(activation, max_iter=1, random_state=0)
    labels = (x[:, 0] > 0).astype(int) if activation == "sigmoid" else x[:, 0]
    teacher.fit(x, labels)
    teacher.coef_, teacher.intercept_ = np.array([[0.8, -0.5]], dtype), np.array([0.3], dtype)
    if activation == "sigmoid":
        y = rng.uniform(size=400) < teacher.activate(x)
    else:
        y = teacher.activate(x)
    model = Neuron(activation, learning_rate=0.05, tol=0, max_iter=100, random_state=0).fit(x, y)
    assert model.coef_.dtype == dtype
    assert model.loss_curve_[-1] < model.loss_curve_[0]
    if activation != "sigmoid":
        assert model.score(x, y) > 0.99
        np.testing.assert_allclose(model.coef_, teacher.coef_, atol=0.05)


def test_online_is_one_step_a_row(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(50, 2)), rng.normal(size=50)
    model = Neuron("identity", learning_rate=0.1, shuffle=False, max_iter=1).fit(x, y)
    w, b = np.zeros(2), 0.0
    for row, target in zip(x, y, strict=True):
        error = row @ w + b - target
        w, b = w - 0.1 * error * row, b - 0.1 * error
    np.testing.assert_allclose(model.coef_[0], w, rtol=1e-12)
    np.testing.assert_allclose(model.intercept_[0], b, rtol=1e-12)


def test_the_perceptron_stops_where_it_makes_no_mistake() -> None:
    x, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1]
    model = Neuron("sign", random_state=0, n_iter_no_change=100).fit(x, y)
    assert model.score(x, y) == 1
    assert model.loss_ == model.loss_curve_[-1] == 0
    assert model.n_iter_ == len(model.loss_curve_) < 30


def test_rates_do_not_change_what_the_perceptron_says(cancer: Any) -> None:
    slow, fast = (Neuron("sign", learning_rate=rate, random_state=1, max_iter=5).fit(*cancer) for rate in (0.25, 4.0))
    np.testing.assert_allclose(fast.coef_, 16 * slow.coef_)


def test_auto_rate_does_not_diverge_on_large_features(rng: np.random.Generator) -> None:
    x = rng.normal(loc=1000, scale=100, size=(100, 5))
    model = Neuron("identity").fit(x, x[:, 0])
    assert np.isfinite(model.coef_).all()
    assert model.learning_rate_ == pytest.approx(1 / (1 + (x**2).sum(axis=1).max()))


def test_partial_fit(cancer: Any) -> None:
    x, y = cancer
    whole = Neuron(random_state=3, max_iter=4, learning_rate=0.01).fit(x, y)
    parts = Neuron(random_state=3, learning_rate=0.01)
    with pytest.raises(ValueError, match="classes must be passed on the first call"):
        parts.partial_fit(x, y)
    parts.partial_fit(x, y, classes=["no", "yes"])
    for _ in range(3):
        parts.partial_fit(x, y)
    np.testing.assert_array_equal(parts.coef_, whole.coef_)
    assert parts.loss_curve_ == whole.loss_curve_
    parts.partial_fit(x[:3], ["yes"] * 3)
    with pytest.raises(ValueError, match="are not those of the first call"):
        parts.partial_fit(x, y, classes=["no", "maybe"])
    with pytest.raises(ValueError, match="classes are for classifiers"):
        Neuron("tanh").partial_fit(x, x[:, 0], classes=[0, 1])


def test_warm_start_goes_on(cancer: Any) -> None:
    x, y = cancer
    model = Neuron(random_state=3, max_iter=2, warm_start=True, shuffle=False).fit(x, y)
    model.fit(x, y)
    whole = Neuron(random_state=3, max_iter=4, shuffle=False).fit(x, y)
    np.testing.assert_array_equal(model.coef_, whole.coef_)
    assert model.loss_curve_ == whole.loss_curve_


def test_full_batch_weights_are_repetitions(cancer: Any) -> None:
    x, y = cancer
    weight = np.arange(len(x)) % 3
    for activation in ("sigmoid", "sign"):
        model = Neuron(activation, batch_size=None, max_iter=20)
        one = model.fit(x, y, weight).coef_
        other = model.fit(x.repeat(weight, 0), y.repeat(weight)).coef_
        np.testing.assert_allclose(one, other, atol=1e-9)


def test_every_backend_learns_the_same(cancer: Any) -> None:
    for activation in ("sigmoid", "sign"):
        first, *others = (
            Neuron(activation, max_iter=2, random_state=0, backend=backend).fit(*cancer) for backend in BACKENDS
        )
        for other in others:
            np.testing.assert_allclose(other.coef_, first.coef_, atol=1e-10)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"activation": "sigmod"}, "Did you mean 'sigmoid'"),
        ({"activation": "softmax"}, "needs several outputs"),
        ({"activation": 3}, "'activation' parameter of Neuron must be an Activation or one of"),
        ({"batch_size": 0}, "'batch_size' parameter.*Got 0"),
        ({"batch_size": "ful"}, "Did you mean 'full'"),
        ({"learning_rate": 0.0}, "'learning_rate' parameter.*Got 0.0"),
    ],
)
def test_refuses(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Neuron(**parameters).fit([[0.0], [1.0]], [0, 1])


def test_a_regressor_says_what_it_is() -> None:
    cube = Activation("cube", value=lambda z: z * z * z, slope=lambda z, a: 3 * z * z)
    assert is_regressor(Neuron(cube))
    assert is_regressor(Neuron("relu"))
    assert not hasattr(Neuron("relu"), "predict_proba")
