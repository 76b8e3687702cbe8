"""Data frames: names of features and labels of any type."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from fastnn import LogisticRegression, MLPClassifier, MLPRegressor, Neuron

pandas = pytest.importorskip("pandas")
pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

VALUES = np.random.default_rng(0).normal(size=(30, 2))
FRAME = pandas.DataFrame(VALUES, columns=["length", "width"])
TARGET = pandas.Series((VALUES[:, 0] > 0).astype(int), name="kind")
MODELS = [
    Neuron(max_iter=5),
    Neuron("tanh", max_iter=5, random_state=0),
    LogisticRegression(),
    MLPClassifier((4,), max_iter=5, random_state=0, early_stopping=True),
    MLPRegressor(hidden_layer_sizes=(4,), max_iter=5, random_state=0),
]


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_names_of_features(model: Any) -> None:
    model = clone(model).fit(FRAME, TARGET, sample_weight=pandas.Series(np.ones(30)))
    assert model.feature_names_in_.tolist() == ["length", "width"]
    assert model.n_features_in_ == 2
    answers = model.predict(FRAME)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        np.testing.assert_array_equal(model.predict(VALUES), answers)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(FRAME[["width", "length"]])
    model.fit(VALUES, TARGET)
    assert not hasattr(model, "feature_names_in_")


@pytest.mark.parametrize("kind", [object, "str", "category", "Int64", "bool"])
@pytest.mark.parametrize(
    "model",
    [Neuron(max_iter=50), LogisticRegression(), MLPClassifier((4,), solver="lbfgs")],
    ids=lambda model: type(model).__name__,
)
def test_labels_of_any_type(model: Any, kind: Any) -> None:
    labels = TARGET if kind in ("Int64", "bool") else TARGET.map({0: "no", 1: "yes"})
    labels = labels.astype(kind)
    model = clone(model).fit(FRAME, labels)
    assert model.score(FRAME, labels) > 0.9
    assert set(model.predict(FRAME)) == set(labels)
