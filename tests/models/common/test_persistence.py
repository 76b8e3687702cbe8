"""pickle, copy, clone and memory-mapped files."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from estimators import MODELS, X, Y, goes_on
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fastnn import Dense, MLPClassifier, Network

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

COPIES: dict[str, Any] = {
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> Any:
    return clone(MODELS[request.param]).fit(X, Y)


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_answers_the_same_and_is_its_own(model: Any, way: str) -> None:
    answers = model.predict(X)
    twin = COPIES[way](model)
    np.testing.assert_array_equal(twin.predict(X), answers)
    assert vars(twin).keys() == vars(model).keys()
    if hasattr(model, "partial_fit"):
        for each in (model, twin):
            each.partial_fit(X, Y)
        np.testing.assert_array_equal(twin.predict(X), model.predict(X))
        twin.partial_fit(X, Y)
        weights = "coefs_" if hasattr(model, "coefs_") else "coef_"
        assert abs(getattr(twin, weights)[0] - getattr(model, weights)[0]).max() > 0


@pytest.mark.parametrize("way", COPIES)
def test_weights_can_be_assigned_in_a_copy(way: str) -> None:
    model = clone(MODELS["classifier"]).fit(X, Y)
    model.coefs_[1] = model.coefs_[1] * 0
    twin = COPIES[way](model)
    np.testing.assert_array_equal(twin.predict_proba(X), model.predict_proba(X))
    twin = COPIES[way](clone(MODELS["classifier"]).fit(X, Y))
    before = twin.predict_proba(X)
    twin.coefs_[0][...] = 0
    assert abs(twin.predict_proba(X) - before).max() > 1e-3


def test_clone_takes_the_parameters_only(model: Any) -> None:
    other = clone(model)
    assert other.get_params() == model.get_params()
    assert not [name for name in vars(other) if name.endswith("_")]


def is_mapped(array: Any) -> bool:
    """Whether an array lies in a memory-mapped file."""
    while array is not None and not isinstance(array, np.memmap):
        array = array.base
    return array is not None


def test_memory_mapped_models(model: Any, tmp_path: Path) -> None:
    """Their weights are read from the file, not copied; a fit that goes on copies them first."""
    joblib.dump(model, tmp_path / "model")
    mapped = joblib.load(tmp_path / "model", mmap_mode="r")
    weights = mapped.coefs_[0] if hasattr(mapped, "coefs_") else mapped.coef_
    assert is_mapped(weights)
    np.testing.assert_array_equal(mapped.predict(X), model.predict(X))
    before = weights.copy()
    for each in (model, mapped):
        goes_on(each).fit(X, Y)
        if hasattr(each, "partial_fit"):
            each.partial_fit(X, Y)
    np.testing.assert_array_equal(mapped.predict(X), model.predict(X))
    np.testing.assert_array_equal(weights, before)


@pytest.mark.parametrize("way", [*COPIES, "joblib"])
def test_networks(way: str, tmp_path: Path) -> None:
    network = Network([Dense(5, "relu"), Dense(1)], n_inputs=3, random_state=0).fit(X, Y, epochs=2)
    if way == "joblib":
        joblib.dump(network, tmp_path / "network")
        twin = joblib.load(tmp_path / "network", mmap_mode="r")
    else:
        twin = COPIES[way](network)
    np.testing.assert_array_equal(twin.predict(X), network.predict(X))
    assert all(np.shares_memory(w, twin.params) for w in twin.weights)
    for each in (network, twin):
        each.fit(X, Y, epochs=2)
    np.testing.assert_array_equal(twin.params, network.params)
    assert twin.loss_curve == network.loss_curve
    before = network.params.copy()
    twin.fit(X, Y, epochs=1)
    np.testing.assert_array_equal(network.params, before)


def test_a_pickle_has_the_weights_once() -> None:
    model = MLPClassifier((300,), solver="lbfgs", max_iter=1).fit(X, Y)
    parameters = sum(array.nbytes for array in [*model.coefs_, *model.intercepts_])
    assert len(pickle.dumps(model)) < parameters + 4000


def test_in_scikit_learns_tools() -> None:
    pipeline = make_pipeline(StandardScaler(), MLPClassifier((4,), max_iter=20, random_state=0))
    assert cross_val_score(pipeline, X, Y, cv=3).shape == (3,)
    grid = {"mlpclassifier__alpha": [0.1, 1.0], "mlpclassifier__activation": ["relu", "gelu"]}
    search = GridSearchCV(pipeline, grid, cv=2).fit(X, Y)
    assert search.best_estimator_.predict(X).shape == (60,)
