"""Python threads that fit and predict at once get what they would have got one after another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from fastnn import Dense, LogisticRegression, MLPClassifier, Network, Neuron

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

THREADS = 8
X = np.random.default_rng(0).normal(size=(600, 30))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)


def at_once(work: Any) -> list[Any]:
    """work(k) in eight threads that start together."""
    start = Barrier(THREADS)

    def started(k: int) -> Any:
        start.wait()
        return work(k)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(started, range(THREADS)))


def fit_mlp(seed: int) -> np.ndarray:
    model = MLPClassifier((40, 20), max_iter=4, random_state=seed, early_stopping=seed % 2 == 0)
    for _ in range(2):
        model.fit(X, Y)
    return model.predict_proba(X)


def fit_network(seed: int) -> np.ndarray:
    network = Network([Dense(64, "gelu"), Dense(2)], 30, "cross_entropy", random_state=seed)
    return network.fit(X, Y, epochs=6, batch_size=50).predict(X)


def fit_others(seed: int) -> np.ndarray:
    if seed % 2:
        return LogisticRegression(C=1 + seed).fit(X, Y).predict_proba(X)
    return Neuron("sigmoid", random_state=seed, max_iter=3).fit(X, Y).predict_proba(X)


@pytest.mark.parametrize("fit", [fit_mlp, fit_network, fit_others])
def test_fits_at_once(fit: Any) -> None:
    wanted = [fit(k) for k in range(THREADS)]
    for _ in range(3):
        for found, alone in zip(at_once(fit), wanted, strict=True):
            np.testing.assert_array_equal(found, alone)


def test_one_model_answers_all() -> None:
    model = MLPClassifier((40,), max_iter=3, random_state=0).fit(X, Y)
    parts = [X[k::THREADS] for k in range(THREADS)]
    wanted = [(model.predict_proba(part), model.input_gradient(part)) for part in parts]

    def ask(k: int) -> Any:
        return [(model.predict_proba(parts[k]), model.input_gradient(parts[k])) for _ in range(20)]

    for answers, alone in zip(at_once(ask), wanted, strict=True):
        for answer in answers:
            np.testing.assert_array_equal(answer[0], alone[0])
            np.testing.assert_array_equal(answer[1], alone[1])


def test_fits_beside_predictions() -> None:
    model = MLPClassifier((40,), max_iter=3, random_state=0).fit(X, Y)
    wanted = [fit_mlp(k) if k % 2 else model.predict_proba(X) for k in range(THREADS)]

    def work(k: int) -> np.ndarray:
        return fit_mlp(k) if k % 2 else [model.predict_proba(X) for _ in range(30)][-1]

    for found, alone in zip(at_once(work), wanted, strict=True):
        np.testing.assert_array_equal(found, alone)
