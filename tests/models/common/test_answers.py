"""Answers at once: of the weights as they are now, whoever has changed them, and the same as by any other way."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from estimators import MODELS, X, Y
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

import fastnn
from fastnn import Dense, LogisticRegression, MLPClassifier, Network
from fastnn.models.common import answers

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

METHODS = ("predict", "predict_proba", "predict_log_proba", "decision_function", "activate")
THREE = np.digitize(X[:, 0], [-0.5, 0.5])


def answers_of(model: Any, x: Any) -> dict[str, Any]:
    return {name: getattr(model, name)(x) for name in METHODS if hasattr(model, name)}


def same(found: dict[str, Any], wanted: dict[str, Any]) -> bool:
    return found.keys() == wanted.keys() and all(
        found[name].dtype == wanted[name].dtype and found[name].tobytes() == wanted[name].tobytes() for name in wanted
    )


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("name", MODELS)
def test_at_once_and_by_the_long_way(name: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    x = X.astype(dtype)
    model = clone(MODELS[name]).fit(x, Y)
    found = [answers_of(model, x), answers_of(model, x[:1].copy())]
    monkeypatch.setattr(answers, "answer_at_once", lambda *_, **__: None)
    assert all(map(same, found, [answers_of(model, x), answers_of(model, x[:1].copy())]))


CHANGES: dict[str, Callable[[np.ndarray], Any]] = {
    "in place": lambda w: np.multiply(w, 2, out=w),
    "another array": lambda w: w * 2,
    "float32": lambda w: (w * 2).astype("f4"),
    "by columns": lambda w: np.asfortranarray(w * 2),
    "strided": lambda w: np.repeat(w * 2, 2, axis=-1)[..., ::2],
    "swapped": lambda w: (w * 2).astype(">f8"),
    "list": lambda w: (w * 2).tolist(),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("y", [Y, THREE], ids=["two classes", "three classes"])
def test_a_logistic_regression_answers_with_the_weights_of_now(change: str, y: np.ndarray) -> None:
    model = LogisticRegression(n_threads=1).fit(X, y)
    row = X[:1].copy()
    z = 2 * model.decision_function(row) - model.intercept_
    model.coef_ = CHANGES[change](model.coef_)
    np.testing.assert_allclose(model.decision_function(row), z, rtol=1e-6)
    model.intercept_ = np.asarray(model.intercept_) + 1
    np.testing.assert_allclose(model.decision_function(row), z + 1, rtol=1e-6)
    assert model.decision_function(row).dtype == np.float64


def test_a_sparse_coef() -> None:
    model = LogisticRegression().fit(X, THREE)
    wanted = model.predict_proba(X)
    model.coef_ = sp.csr_array(model.coef_)
    np.testing.assert_array_equal(model.predict_proba(X), wanted)
    np.testing.assert_array_equal(model.predict_proba(X.tolist()), wanted)


@pytest.mark.parametrize("change", [each for each in CHANGES if each != "list"])
def test_a_deep_network_answers_with_the_weights_of_now(change: str) -> None:
    model = MLPClassifier((5,), max_iter=2, random_state=0).fit(X, THREE)
    row = X[:1].copy()
    z = model.predict_log_proba(row)
    model.coefs_[1] = CHANGES[change](model.coefs_[1])
    changed = model.predict_log_proba(row)
    assert np.abs(changed - z).max() > 1e-4
    other = copy.deepcopy(model)
    other.coefs_ = [np.array(w, "f8") for w in model.coefs_]
    np.testing.assert_allclose(changed, other.predict_log_proba(row), rtol=1e-6)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_log_proba(row), changed)


def test_another_width_than_that_of_the_fit_is_refused() -> None:
    model = MLPClassifier((5,), max_iter=2, random_state=0).fit(X, THREE)
    model.coefs_[0] = np.ones((7, 5))
    with pytest.raises(ValueError, match="X has 7 features, but MLPClassifier is expecting 3 features"):
        model.predict(np.ones((1, 7)))


def test_threads_and_backends_are_those_of_now() -> None:
    model = clone(MODELS["classifier"]).fit(X, Y)
    wanted = model.predict_proba(X)
    np.testing.assert_allclose(model.set_params(backend="reference").predict_proba(X), wanted, rtol=1e-9)
    bad = (("native", 0, "wanted at least 1"), ("reference", 2, "n_threads=2"), ("nativ", 1, "nativ"))
    for backend, n_threads, message in bad:
        with pytest.raises(ValueError, match=message):
            model.set_params(backend=backend, n_threads=n_threads).predict_proba(X)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_networks_answer_at_once(dtype: str) -> None:
    network = Network([Dense(4, "tanh"), Dense(3)], 3, "cross_entropy", dtype=dtype, random_state=0)
    x = X.astype(dtype)
    for method in (network.predict, network.forward):
        wanted = method(np.asfortranarray(x))
        np.testing.assert_array_equal(method(x), wanted, strict=True)
        np.testing.assert_array_equal(method(x[:1].copy()), wanted[:1], strict=True)
        network.params *= 1.5
        assert np.abs(method(x) - wanted).max() > 1e-3
        nan = x.copy()
        nan[0, 0] = np.nan
        assert np.isnan(method(nan)[0]).all()
        with pytest.raises(ValueError, match=r"x has shape \(1, 2\), wanted"):
            method(x[:1, :2].copy())
        assert method(x[:0]).shape == (0, 3)


def test_a_network_takes_the_threads_around_the_call() -> None:
    network = Network([Dense(300, "relu"), Dense(300)], 300, random_state=0)
    x = np.random.default_rng(0).normal(size=(500, 300)).astype("f4")
    wanted = network.predict(x)
    with fastnn.threads(1):
        np.testing.assert_array_equal(network.predict(x), wanted)
