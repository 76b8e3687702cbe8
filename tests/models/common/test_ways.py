"""X passes through few functions on its way to a kernel: whoever reads the way down reads all of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from ways import Way, require_short, way_of

from fastnn import Dense, MLPClassifier, MLPRegressor, Network

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

SHAPE = (37, 11)
X = np.random.default_rng(0).normal(size=SHAPE)
Y = np.arange(37) % 3
ROW = X[:1].copy()


def classifier() -> MLPClassifier:
    return MLPClassifier((5,), max_iter=2, random_state=0)


def network() -> Network:
    return Network([Dense(5, "relu"), Dense(3)], 11, loss="cross_entropy", dtype="float64", random_state=0)


def learnt(fit: Callable[[], object]) -> Way:
    return way_of(fit, SHAPE, "training/engine.py:epoch")


def test_an_mlps_fit() -> None:
    require_short(learnt(lambda: classifier().fit(X, Y)), 12, 6)
    require_short(learnt(lambda: MLPRegressor(hidden_layer_sizes=(5,), max_iter=2).fit(X, X[:, 0])), 12, 6)


def test_a_networks_fit() -> None:
    require_short(learnt(lambda: network().fit(X, Y, epochs=2)), 11, 6)


@pytest.mark.parametrize("method", ["predict_proba", "predict"])
def test_an_mlps_prediction_of_one_row(method: str) -> None:
    model: Any = classifier().fit(X, Y)
    require_short(way_of(lambda: getattr(model, method)(ROW), (1, 11), "models/common/answers.py:answer_at_once"), 4, 2)


def test_a_networks_prediction_of_one_row() -> None:
    model = network()
    require_short(way_of(lambda: model.predict(ROW), (1, 11), "models/common/answers.py:answer_at_once"), 2, 2)


def test_x_is_seen_wherever_it_is() -> None:
    """The count can fail: what receives samples, or a tuple with X, receives X."""
    way = learnt(lambda: classifier().fit(X, Y))
    for name in ("models/mlp/base.py:fit", "models/mlp/base.py:_train", "training/loop.py:run_epochs"):
        assert name in way.functions
    with_more = learnt(lambda: MLPClassifier((5,), early_stopping=True, max_iter=2).fit(X.repeat(3, 0)[::3], Y))
    assert "models/mlp/held_out.py:share" in with_more.functions
    with pytest.raises(AssertionError):
        require_short(way, len(way.functions) - 1, 6)
    with pytest.raises(AssertionError):
        require_short(way, 12, len(way.files) - 1)
    with pytest.raises(AssertionError, match="has not been called"):
        way_of(lambda: None, SHAPE, "training/engine.py:epoch")
