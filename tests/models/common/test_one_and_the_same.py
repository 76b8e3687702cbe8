"""A neuron with a sigmoid is logistic regression, and that is a network without hidden layers."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from fastnn import Dense, LogisticRegression, MLPClassifier, Network, Neuron

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")


@pytest.fixture
def labelled(dtype: type) -> tuple[np.ndarray, np.ndarray]:
    features, labels = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(features).astype(dtype), labels


def test_the_same_weights_give_the_same_probabilities(labelled: tuple[np.ndarray, np.ndarray], backend: str) -> None:
    x, y = labelled
    rng = np.random.default_rng(0)
    w, b = rng.normal(size=(x.shape[1], 1)).astype(x.dtype), rng.normal(size=1).astype(x.dtype)

    neuron = Neuron("sigmoid", max_iter=1, backend=backend).fit(x, y)
    neuron.coef_, neuron.intercept_ = w.T, b
    logistic = LogisticRegression(max_iter=1, backend=backend).fit(x, y)
    logistic.coef_, logistic.intercept_ = w.T, b
    one = MLPClassifier(hidden_layer_sizes=(), max_iter=1, backend=backend).fit(x, y)
    one.coefs_, one.intercepts_ = [w], [b]
    two = MLPClassifier((), max_iter=1, out_activation="softmax", backend=backend).fit(x, y)
    two.coefs_, two.intercepts_ = [np.hstack([0 * w, w])], [np.hstack([0 * b, b])]
    network = Network([Dense(1)], x.shape[1], "binary_cross_entropy", dtype=x.dtype, backend=backend)
    network.params = np.concatenate([w[:, 0], b])

    z = (x.astype(np.float64) @ w + b)[:, 0]
    wanted = 1 / (1 + np.exp(-z))
    given = {
        "neuron": neuron.activate(x),
        "neuron's probability": neuron.predict_proba(x)[:, 1],
        "logistic regression": logistic.predict_proba(x)[:, 1],
        "one sigmoid": one.predict_proba(x)[:, 1],
        "two softmax": two.predict_proba(x)[:, 1],
        "network": network.predict(x)[:, 0],
    }
    tolerance = 1e-12 if x.dtype == np.float64 else 1e-6
    for name, p in given.items():
        assert p.dtype == x.dtype, name
        np.testing.assert_allclose(p, wanted, rtol=0, atol=20 * tolerance, err_msg=name)
        np.testing.assert_allclose(p, given["neuron"], rtol=0, atol=tolerance, err_msg=name)


def test_they_learn_the_same(dtype: type) -> None:
    """With the same penalty all three go to one optimum; without one, neuron and network take the same steps."""
    x, y = load_breast_cancer(return_X_y=True)
    x = StandardScaler().fit_transform(x).astype(dtype)
    logistic = LogisticRegression(C=0.5, tol=1e-10, max_iter=1000).fit(x, y)
    network = MLPClassifier((), solver="lbfgs", alpha=2.0, tol=1e-10, max_iter=1000, random_state=0)
    network.fit(x, y)
    np.testing.assert_allclose(network.coefs_[0].T, logistic.coef_, atol=1e-3)

    settings = {"shuffle": False, "max_iter": 3, "batch_size": 10}
    neuron = Neuron("sigmoid", learning_rate=0.1, **settings).fit(x, y)
    network = MLPClassifier((), alpha=0, solver="sgd", learning_rate_init=0.1, momentum=0, **settings)
    network.set_params(warm_start=True)
    network.fit(x, y)
    network.coefs_, network.intercepts_ = [np.zeros((30, 1), dtype)], [np.zeros(1, dtype)]
    network.fit(x, y)
    scale = 1e-12 if dtype is np.float64 else 1e-5
    np.testing.assert_allclose(network.coefs_[0].T, neuron.coef_, atol=scale)
