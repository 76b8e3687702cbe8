"""Weights that leave nothing to learn from, or nothing to score, are refused before anything has changed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from estimators import X, Y
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from fastnn import (
    Dense,
    LogisticRegression,
    LogisticRegressionCV,
    MLPClassifier,
    MLPRegressor,
    Network,
    Neuron,
    fit_many,
)

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

NOTHING = np.zeros(len(X))
SMALL: dict[str, Any] = {"hidden_layer_sizes": (4,), "max_iter": 3, "random_state": 0}
MLPS = [
    MLPClassifier(**SMALL),
    MLPClassifier(loss="hinge", **SMALL),
    MLPClassifier(scoring="f1", **SMALL),
    MLPRegressor(**SMALL),
    MLPRegressor("poisson", **SMALL),
]
every_mlp = pytest.mark.parametrize("model", MLPS, ids=str)


def refuses(model: Any, message: str, fit: Any) -> None:
    """Whether the model says so, fresh and fitted, and stays what it was."""
    for fitted in (clone(model), clone(model).fit(X, Y)):
        before = dict(vars(fitted))
        with pytest.raises(ValueError, match=message):
            fit(fitted)
        assert vars(fitted).keys() == before.keys()
        assert all(value is before[name] for name, value in vars(fitted).items())


def held_out_rows(model: Any, y: np.ndarray = Y) -> np.ndarray:
    """Which rows early stopping takes away."""
    seen: list[np.ndarray] = []

    def scorer(estimator: Any, X: np.ndarray, y: np.ndarray) -> float:
        seen.append(X)
        return 0.0

    clone(model).set_params(early_stopping=True, scoring=scorer).fit(X, y)
    return (X[:, None] == seen[0]).all(axis=2).any(axis=1)


@every_mlp
def test_a_share_that_weighs_nothing(model: Any) -> None:
    """It had been a ZeroDivisionError, after the first epoch."""
    held_out = held_out_rows(model)
    early = clone(model).set_params(early_stopping=True)
    message = r"is zero for every row that is held out \(validation_fraction=0.1\)"
    refuses(early, message, lambda model: model.fit(X, Y, np.where(held_out, 0.0, 1.0)))
    refuses(early, "is zero for every row to train on", lambda model: model.fit(X, Y, np.where(held_out, 1.0, 0.0)))
    one = np.where(held_out, 0.0, 1.0)
    one[np.flatnonzero(held_out)[0]] = 1.0
    assert np.isfinite(clone(early).set_params(scoring="loss").fit(X, Y, one).validation_scores_).all()


@every_mlp
def test_ones_own_share_that_weighs_nothing(model: Any) -> None:
    held_out = {"X_val": X, "y_val": Y, "sample_weight_val": NOTHING}
    model = clone(model).set_params(scoring=None)
    refuses(model, "sample_weight_val is zero for every row", lambda model: model.fit(X, Y, **held_out))
    refuses(model, "sample_weight is zero for every row", lambda model: model.fit(X, Y, NOTHING))
    refuses(model, "sample_weight is zero for every row", lambda model: fit_many([model], X, Y, NOTHING))


def test_classes_that_weigh_nothing() -> None:
    model = MLPClassifier(class_weight={0: 0.0, 1: 1.0}, **SMALL)
    first = Y == 0
    for held_out in ({}, {"sample_weight_val": np.ones(first.sum())}):
        held_out |= {"X_val": X[first], "y_val": Y[first]}
        refuses(model, "class_weight leaves no row of X_val with", lambda model, own=held_out: model.fit(X, Y, **own))
    refuses(model, "class_weight leaves no row with", lambda model: model.partial_fit(X, 0 * Y, classes=[0, 1]))
    several = MLPClassifier(class_weight=[{0: 0.0}, {}], early_stopping=True, **SMALL)
    y = np.column_stack([Y, Y])
    y[:, 0] = ~held_out_rows(MLPClassifier(**SMALL), y)
    with pytest.raises(ValueError, match="class_weight if there is one, is zero for every row that is held out"):
        several.fit(X, y)


def test_folds_that_weigh_nothing() -> None:
    first = np.arange(len(X)) < 20
    folds = [(np.flatnonzero(~first), np.flatnonzero(first)), (np.arange(len(X)), np.arange(len(X)))]
    model = LogisticRegressionCV(Cs=2, cv=folds, l1_ratios=(0.0,), scoring="accuracy", use_legacy_attributes=False)
    refuses(
        model, "In fold 1 no row that is held out has a weight above zero", lambda model: model.fit(X, Y, ~first * 1.0)
    )
    refuses(model, "In fold 1 no training row has a weight above zero", lambda model: model.fit(X, Y, first * 1.0))


@pytest.mark.parametrize("model", [LogisticRegression(), Neuron(max_iter=3, random_state=0)], ids=str)
def test_samples_that_weigh_nothing(model: Any) -> None:
    refuses(model, "sample_weight is zero for every row", lambda model: model.fit(X, Y, NOTHING))
    refuses(
        model,
        "sample_weight is zero for every row",
        lambda model: model.partial_fit(X, Y, classes=[0, 1], sample_weight=NOTHING),
    )


def test_a_network_of_weights_of_nothing() -> None:
    network = Network([Dense(4, "tanh"), Dense(1)], n_inputs=3, loss="binary_cross_entropy", random_state=0)
    before = network.params.copy()
    with pytest.raises(ValueError, match="sample_weight is zero for every row"):
        network.fit(X, Y, sample_weight=NOTHING)
    with pytest.raises(ValueError, match="sample_weight_val is zero for every row"):
        network.fit(X, Y, x_val=X, y_val=Y, sample_weight_val=NOTHING)
    np.testing.assert_array_equal(network.params, before)
    assert network.history["loss"] == []
