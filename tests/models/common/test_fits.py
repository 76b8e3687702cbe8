"""Every estimator learns real data, to the same bits with one thread and with two.

In seconds: the sample for instruction sets that do not get the whole suite, and for emulated processors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import fastnn
from fastnn import Dense, LogisticRegression, LogisticRegressionCV, MLPClassifier, MLPRegressor, Network, Neuron

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

FOLDS = {"Cs": 3, "cv": 3, "l1_ratios": (0.0,), "scoring": "accuracy", "use_legacy_attributes": False}
# An estimator, what it learns, and the least score: what scikit-learn's reaches there, less a few rows.
CASES: dict[str, tuple[Any, Any, float]] = {
    "Neuron": (Neuron("sigmoid", max_iter=50, random_state=0), load_breast_cancer, 0.95),
    "LogisticRegression": (LogisticRegression(), load_digits, 0.94),
    "LogisticRegression, l1": (LogisticRegression(l1_ratio=1.0, C=0.5), load_breast_cancer, 0.95),
    "LogisticRegressionCV": (LogisticRegressionCV(**FOLDS), load_breast_cancer, 0.95),
    "MLPClassifier": (MLPClassifier((32,), max_iter=60, random_state=0), load_digits, 0.94),
    "MLPRegressor": (
        MLPRegressor(hidden_layer_sizes=(8,), solver="lbfgs", alpha=30, random_state=0),
        load_diabetes,
        0.3,
    ),
}


def parts(load: Any, dtype: type) -> tuple[np.ndarray, ...]:
    """Standardised features and what is learnt, to fit and to test."""
    x, y = load(return_X_y=True)
    x, x_test, y, y_test = train_test_split(x, y, random_state=0)
    scaler = StandardScaler().fit(x)
    y, y_test = ((t - 152) / 77 if load is load_diabetes else t for t in (y, y_test))
    return scaler.transform(x).astype(dtype), scaler.transform(x_test).astype(dtype), y, y_test


@pytest.mark.parametrize("name", CASES)
def test_it_learns_to_the_same_bits_with_any_threads(name: str, dtype: type) -> None:
    model, load, least = CASES[name]
    x, x_test, y, y_test = parts(load, dtype)
    answers = []
    for n_threads in (1, 2):
        fitted = clone(model).set_params(n_threads=n_threads).fit(x, y)
        assert fitted.score(x_test, y_test) >= least
        answers.append(getattr(fitted, "predict_proba", fitted.predict)(x_test))
    assert answers[0].dtype == dtype
    assert answers[0].tobytes() == answers[1].tobytes()


def test_a_network_learns(dtype: type) -> None:
    x, x_test, y, y_test = parts(load_digits, dtype)
    network = Network([Dense(32, "relu"), Dense(10)], 64, "cross_entropy", dtype=dtype, random_state=0)
    network.fit(x, y, epochs=60)
    assert np.mean(network.predict(x_test).argmax(axis=1) == y_test) >= 0.94


def test_no_estimator_is_missing() -> None:
    estimators = {name for name in fastnn.__all__ if hasattr(getattr(fastnn, name), "fit")}
    assert estimators == {name.partition(",")[0] for name in CASES} | {"Network"}
