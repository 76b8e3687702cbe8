"""What comes through the door: forms of X, types of labels, wrappers of scikit-learn around every estimator."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, BaggingRegressor, StackingClassifier, StackingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_selection import RFE
from sklearn.inspection import permutation_importance
from sklearn.model_selection import GridSearchCV, cross_val_predict, cross_val_score
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fastnn import (
    Dense,
    Dropout,
    LogisticRegression,
    LogisticRegressionCV,
    MLPClassifier,
    MLPRegressor,
    Network,
    Neuron,
)

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

N = 60
X = np.random.default_rng(0).integers(-8, 8, (N, 4)) / 4  # so that every dtype has them exactly
Y = (X[:, 0] + 0.3 * X[:, 1] > 0).astype(int)
SMALL: dict[str, Any] = {"hidden_layer_sizes": (4,), "max_iter": 4, "random_state": 0}
CV: dict[str, Any] = {"l1_ratios": (0.0,), "scoring": "accuracy", "use_legacy_attributes": False}
MODELS: dict[str, Any] = {
    "logistic": LogisticRegression(),
    "liblinear": LogisticRegression(solver="liblinear"),
    "l1": LogisticRegression(l1_ratio=1.0),
    "cv": LogisticRegressionCV(Cs=2, cv=2, **CV),
    "neuron": Neuron(max_iter=3, random_state=0),
    "tanh": Neuron("tanh", max_iter=3, random_state=0),
    "classifier": MLPClassifier(**SMALL),
    "hinge": MLPClassifier(loss="hinge", **SMALL),
    "lbfgs": MLPClassifier(solver="lbfgs", **SMALL),
    "regressor": MLPRegressor(**SMALL),
}


def _memory_mapped(path: Path) -> Any:
    X.tofile(path / "x")
    return np.memmap(path / "x", dtype=float, shape=X.shape, mode="r")


def _long_indices(path: Path) -> Any:
    x = sp.csr_array(X)
    x.indices, x.indptr = x.indices.astype(np.int64), x.indptr.astype(np.int64)
    return x


FORMS: dict[str, Callable[[Path], Any]] = {
    "pandas": lambda path: pd.DataFrame(X, columns=list("abcd")),
    "nullable": lambda path: pd.DataFrame(X, columns=list("abcd")).astype("Float64"),
    "polars": lambda path: pl.DataFrame(X, schema=list("abcd")),
    "objects": lambda path: X.astype(object),
    "half": lambda path: X.astype(np.float16),
    "long double": lambda path: X.astype(np.longdouble),
    "by columns": lambda path: np.asfortranarray(X),
    "columns apart": lambda path: np.repeat(X, 2, axis=1)[:, ::2],
    "rows apart": lambda path: np.repeat(X, 3, axis=0)[::3],
    "backwards": lambda path: X[::-1].copy()[::-1],
    "swapped": lambda path: X.astype(X.dtype.newbyteorder()),
    "memory-mapped": _memory_mapped,
    "lists": lambda path: X.tolist(),
    "csr": lambda path: sp.csr_array(X),
    "csr, long indices": _long_indices,
    "csc": lambda path: sp.csc_matrix(X),
    "coo": lambda path: sp.coo_array(X),
}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_x_is_the_same_x(form: str, name: str, tmp_path: Path) -> None:
    wanted = clone(MODELS[name]).fit(X, Y).predict(X)
    x = FORMS[form](tmp_path)
    found = clone(MODELS[name]).fit(x, Y).predict(x)
    if wanted.dtype.kind == "f":
        np.testing.assert_allclose(found, wanted, rtol=1e-9)
    else:
        np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("name", MODELS)
def test_integers_and_booleans_are_numbers(name: str) -> None:
    for x in ((X * 4).astype(int), (X * 4).astype(np.int8), X > 0, sp.csr_array((X * 4).astype(int))):
        dense = np.asarray(x.toarray() if sp.issparse(x) else x, float)
        wanted = clone(MODELS[name]).fit(dense, Y).predict(dense)
        np.testing.assert_allclose(clone(MODELS[name]).fit(x, Y).predict(x), wanted)


TEXT = np.array(["no", "yes"])[Y]
LABELS: dict[str, Any] = {
    "strings": TEXT,
    "objects": TEXT.astype(object),
    "a list": TEXT.tolist(),
    "pandas": pd.Series(TEXT),
    "pandas strings": pd.Series(TEXT, dtype="string"),
    "categories": pd.Series(TEXT, dtype="category"),
    "polars": pl.Series(TEXT.tolist()),
    "polars categories": pl.Series(TEXT.tolist(), dtype=pl.Categorical),
    "negative": 7 * Y - 3,
    "large and unsigned": Y.astype(np.uint64) + np.uint64(2**63),
    "bool": Y.astype(bool),
    "float": 2.0 * Y,
    "swapped": Y.astype(np.dtype(int).newbyteorder()),
    "dates": np.array(["2020-01-01", "2020-01-02"], "M8[D]")[Y],
    "a column": pd.DataFrame({"y": TEXT}),
}
if hasattr(np.dtypes, "StringDType"):
    LABELS["NumPy's strings"] = TEXT.astype(np.dtypes.StringDType())


@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
@pytest.mark.parametrize("name", ["logistic", "liblinear", "cv", "neuron", "classifier"])
@pytest.mark.parametrize("labels", LABELS)
def test_labels_of_any_type(labels: str, name: str) -> None:
    y = LABELS[labels]
    model = clone(MODELS[name]).fit(X, y)
    plain = clone(MODELS[name]).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X) == model.classes_[1], plain.predict(X) == 1)
    as_given = np.asarray(y).ravel()
    assert sorted(model.classes_.tolist()) == sorted(set(as_given.tolist()))


@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
@pytest.mark.parametrize("name", ["logistic", "neuron", "classifier"])
@pytest.mark.parametrize("labels", LABELS)
def test_classes_of_any_type(labels: str, name: str) -> None:
    y = LABELS[labels]
    np.testing.assert_array_equal(clone(MODELS[name]).partial_fit(X, y, classes=y).classes_, np.unique(np.asarray(y)))


@pytest.mark.parametrize("name", MODELS)
def test_a_number_weighs_all_rows(name: str) -> None:
    wanted = clone(MODELS[name]).fit(X, Y, np.full(N, 2.0)).predict(X)
    np.testing.assert_array_equal(clone(MODELS[name]).fit(X, Y, 2.0).predict(X), wanted)


@pytest.mark.parametrize("name", MODELS)
def test_inside_what_scikit_learn_wraps_around_it(name: str) -> None:
    model, y = MODELS[name], Y if is_classifier(MODELS[name]) else X[:, 0]
    fitted = clone(model).fit(X, y)
    for twin in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted), copy.copy(fitted)):
        np.testing.assert_array_equal(twin.predict(X), fitted.predict(X))
    assert np.isfinite(cross_val_score(make_pipeline(StandardScaler(), model), X, y, cv=2, error_score="raise")).all()
    assert GridSearchCV(model, {"tol": [1e-2, 1e-3]}, cv=2, error_score="raise").fit(X, y).predict(X).shape == (N,)
    assert permutation_importance(fitted, X, y, n_repeats=1).importances.shape == (4, 1)
    if hasattr(fitted, "coef_"):
        assert RFE(model, n_features_to_select=2).fit(X, y).support_.sum() == 2
    if not is_classifier(model):
        for wrapped in (StackingRegressor([("a", model)], cv=2), BaggingRegressor(model, n_estimators=2)):
            assert np.isfinite(wrapped.fit(X, y).predict(X)).all()
        return
    three = np.digitize(X[:, 0], [-0.5, 0.5])
    for wrapped in (
        StackingClassifier([("a", model)], final_estimator=clone(model), cv=2),
        BaggingClassifier(model, n_estimators=2),
        CalibratedClassifierCV(model, cv=2),
    ):
        assert set(wrapped.fit(X, y).predict(X)) <= {0, 1}
    assert set(OneVsRestClassifier(model).fit(X, three).predict(X)) <= {0, 1, 2}
    assert cross_val_predict(model, X, y, cv=2).shape == (N,)


@pytest.mark.parametrize("model", [LogisticRegression(), LogisticRegressionCV(**CV)], ids=["logistic", "cv"])
@pytest.mark.parametrize("seed", ["x", -1, 1.5, np.random.default_rng()], ids=str)
def test_a_seed_that_is_none_is_refused_where_it_has_no_effect_too(model: Any, seed: Any) -> None:
    with pytest.raises(ValueError, match="'random_state' parameter of"):
        clone(model).set_params(random_state=seed).fit(X, Y)


def _network(**settings: Any) -> Network:
    return Network([Dense(3)], **{"n_inputs": 4, "loss": "cross_entropy"} | settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_inputs": 2.5}, "n_inputs is 2.5 of type float, wanted an integer"),
        ({"n_inputs": True}, "n_inputs is True of type bool"),
        ({"n_inputs": "x"}, "n_inputs is 'x' of type str"),
        ({"n_inputs": 0}, "n_inputs=0 is not possible"),
        ({"schedule": 3}, "schedule is 3 of type int, wanted a schedule"),
        ({"alpha": "x"}, "alpha is 'x' of type str, wanted a real number"),
        ({"callbacks": 3}, "callbacks is 3 of type int, wanted a list of functions"),
        ({"callbacks": [3]}, "callbacks is .3. of type list, wanted a list of functions"),
        ({"shuffle": "x"}, "shuffle is 'x' of type str, wanted True or False"),
        ({"sample_weight": -np.ones(N)}, "sample_weight has values that are negative or not finite"),
        ({"sample_weight": np.full(N, np.nan)}, "sample_weight has values that are negative or not finite"),
        ({"sample_weight": np.zeros(N)}, "sample_weight is zero for every row"),
        ({"x_val": X, "y_val": Y, "sample_weight_val": np.zeros(N)}, "sample_weight_val is zero for every row"),
    ],
    ids=str,
)
def test_a_network_says_what_is_wrong(settings: dict[str, Any], message: str) -> None:
    own = {name: value for name, value in settings.items() if name == "n_inputs"}
    with pytest.raises((TypeError, ValueError), match=message):
        _network(**own).fit(X, Y, **{name: value for name, value in settings.items() if name not in own})


def test_layers_of_a_network() -> None:
    for layers in (None, Dense(3), "relu"):
        with pytest.raises(TypeError, match="layers is .*, wanted a list of Dense and Dropout"):
            Network(layers, n_inputs=4)  # type: ignore[arg-type]
    for rate in ("x", None):
        with pytest.raises(TypeError, match="wanted a number in"):
            Dropout(rate)  # type: ignore[arg-type]
