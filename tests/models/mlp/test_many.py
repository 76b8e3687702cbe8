"""Several networks at once: what each becomes, over which rows, and what happens when one fails."""

from __future__ import annotations

import threading
import tracemalloc
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hooks import once
from patience import LONG, interrupt_after
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import KFold

from fastnn import MLPClassifier, MLPRegressor, fit_many

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 6))
Y = np.where(X[:, 0] * X[:, 1] > 0, "yes", "no")
NUMBERS = np.abs(X[:, :2]) + 0.1
WEIGHT = RNG.uniform(size=200)
FOLDS = [train for train, _ in KFold(4, shuffle=True, random_state=0).split(X)]
SMALL = {"hidden_layer_sizes": (9,), "max_iter": 6, "random_state": 0}
ignore = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")


def assert_same(ours: Any, wanted: Any) -> None:
    """Everything that was fitted, the times apart."""
    for name, value in vars(wanted).items():
        found = getattr(ours, name)
        if name == "history_":
            value, found = ({key: v for key, v in each.items() if key != "seconds"} for each in (value, found))
        if name not in ("_network", "_training"):
            np.testing.assert_equal(found, value, err_msg=name)


@ignore
@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_seeds_and_settings(solver: str) -> None:
    models = [MLPClassifier(**SMALL | {"random_state": k, "alpha": 10.0**-k}, solver=solver) for k in range(5)]
    wanted = [clone(model).fit(X, Y, WEIGHT) for model in models]
    given = fit_many(models, X, Y, WEIGHT, n_jobs=3)
    for ours, own, alone in zip(given, models, wanted, strict=True):
        assert ours is own
        assert_same(ours, alone)


@ignore
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"shuffle": False},
        {"early_stopping": True},
        {"early_stopping": True, "scoring": "balanced_accuracy"},
        {"solver": "lbfgs"},
        {"class_weight": "balanced"},
        {"batch_size": 30, "dropout": 0.2},
    ],
    ids=str,
)
def test_folds_of_a_classifier(options: dict[str, Any]) -> None:
    """Bit by bit what a fit to copies of the rows gives."""
    models = [MLPClassifier(**SMALL, **options) for _ in FOLDS]
    wanted = [clone(m).fit(X[rows], Y[rows], WEIGHT[rows]) for m, rows in zip(models, FOLDS, strict=True)]
    fit_many(models, X, Y, WEIGHT, rows=FOLDS)
    for ours, alone in zip(models, wanted, strict=True):
        assert_same(ours, alone)


@ignore
@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_folds_of_a_regressor(loss: str, early_stopping: bool) -> None:
    twice = np.r_[FOLDS[0], FOLDS[0][:30]]  # as a bootstrap has them
    for rows in (FOLDS[1], twice, None):
        models = [MLPRegressor(loss, early_stopping=early_stopping, **SMALL) for _ in range(2)]
        chosen = slice(None) if rows is None else rows
        wanted = clone(models[0]).fit(X[chosen], NUMBERS[chosen])
        for ours in fit_many(models, X, NUMBERS, rows=[rows, rows]):
            assert_same(ours, wanted)


@ignore
def test_a_fold_knows_only_its_own_classes() -> None:
    labels = np.repeat(["a", "b", "c"], [90, 90, 20])
    one, other = fit_many([MLPClassifier(**SMALL) for _ in range(2)], X, labels, rows=[range(180), range(200)])
    assert list(one.classes_) == ["a", "b"]
    assert list(other.classes_) == ["a", "b", "c"]


@ignore
def test_names_of_features_and_sparse_x() -> None:
    frame = pd.DataFrame(X, columns=list("abcdef"))
    (model,) = fit_many([MLPClassifier(**SMALL)], frame, Y)
    assert_same(model, MLPClassifier(**SMALL).fit(frame, Y))
    (again,) = fit_many([model.set_params(warm_start=True)], frame, Y)
    assert list(again.feature_names_in_) == list("abcdef")
    with pytest.raises(ValueError, match="feature names"):
        fit_many([model], frame[list("bacdef")], Y)
    (sparse,) = fit_many([MLPClassifier(**SMALL)], csr_array(np.where(X > 0, X, 0)), Y)
    assert_same(sparse, MLPClassifier(**SMALL).fit(np.where(X > 0, X, 0), Y))


@ignore
def test_x_is_not_copied() -> None:
    large = np.zeros((20_000, 100))  # 16 MB
    labels = np.arange(20_000) % 2
    folds = [train for train, _ in KFold(4).split(large)]
    models = [MLPClassifier((4,), max_iter=2, early_stopping=True) for _ in folds]
    fit_many(models[:1], large, labels)
    tracemalloc.start()
    try:
        fit_many(models, large, labels, rows=folds)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 0.8 * large.nbytes  # four copies of three quarters would be 48 MB


def test_warnings_say_whose_they_are() -> None:
    models = [MLPClassifier(**SMALL | {"max_iter": k}) for k in (2, 3)]
    with pytest.warns(ConvergenceWarning) as caught:
        fit_many(models, X, Y)
    texts = [str(warning.message) for warning in caught]
    assert [text.split(":")[0] for text in texts] == ["estimators[0]", "estimators[1]"]
    assert "(3) reached" in texts[1]
    assert {warning.filename for warning in caught} == {__file__}


@ignore
def test_one_that_fails_is_named_and_the_others_are_fitted() -> None:
    bad = [MLPClassifier(**SMALL | {"alpha": -1}), MLPClassifier(**SMALL | {"activation": ["relu", "tanh"]})]
    models = [MLPClassifier(**SMALL), *bad, MLPClassifier(**SMALL)]
    before = dict(vars(bad[0]))
    with pytest.raises(ValueError, match="The 'alpha' parameter") as caught:
        fit_many(models, X, Y)
    first, second = caught.value.__notes__
    assert first.startswith("This is estimators[1] of 4, MLPClassifier(")
    assert second.startswith("estimators[2] failed too, with ParameterError: activation=")
    assert vars(bad[0]) == before
    assert_same(models[3], models[0])


def test_bad_arguments_fit_nothing() -> None:
    model = MLPClassifier(**SMALL)
    shared = np.random.RandomState(0)
    refused: list[tuple[type[Exception], str, tuple[Any, ...], dict[str, Any]]] = [
        (TypeError, r"estimators\[1\] is 3 of type int", ([model, 3], X, Y), {}),
        (ValueError, r"estimators\[1\] is there twice", ([model, model], X, Y), {}),
        (ValueError, "rows has 1 entries, wanted 2", ([model, clone(model)], X, Y), {"rows": [None]}),
        (ValueError, r"rows\[0\]=-1 is not|a number in rows\[0\]=-1", ([model], X, Y), {"rows": [[-1]]}),
        (ValueError, r"a number in rows\[0\]=200", ([model], X, Y), {"rows": [[0, 200]]}),
        (ValueError, r"rows\[0\] has shape \(0,\)", ([model], X, Y), {"rows": [[]]}),
        (TypeError, r"rows\[0\] .* wanted integers", ([model], X, Y), {"rows": [X[:, 0] > 0]}),
        (ValueError, "n_jobs=0", ([model], X, Y), {"n_jobs": 0}),
        (ValueError, "inconsistent numbers", ([model], X, Y[:-1]), {}),
        (ValueError, "NaN", ([model], np.full_like(X, np.nan), Y), {}),
        (ValueError, "zero for every row to train on", ([model], X, Y, np.arange(200) > 99), {"rows": [range(99)]}),
        (
            ValueError,
            r"estimators\[0\] and estimators\[1\] draw from one RandomState",
            ([MLPClassifier(random_state=shared), MLPClassifier(random_state=shared)], X, Y),
            {},
        ),
    ]
    for kind, message, arguments, options in refused:
        with pytest.raises(kind, match=message):
            fit_many(*arguments, **options)
    assert not hasattr(model, "coefs_")
    assert fit_many([], X, Y) == []


@pytest.mark.callbacks
@ignore
def test_threads_share_the_callers_settings() -> None:
    seen = []

    def watch(epoch: Any) -> None:
        seen.append(threading.get_ident())

    models = [MLPClassifier(**SMALL).set_callbacks(watch) for _ in range(4)]
    fit_many(models, X, Y, n_jobs=2)
    assert len(seen) == 24
    assert threading.get_ident() not in seen
    poisoned = np.where(X > 2, np.inf, X)
    with config_context(assume_finite=True), pytest.raises(ValueError, match="non-finite parameter weights"):
        fit_many([MLPClassifier(**SMALL)], poisoned, Y)


@pytest.mark.callbacks
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_ctrl_c_ends_all(solver: str) -> None:
    forever = {"solver": solver, "max_iter": 10**6, "tol": 0.0, "n_iter_no_change": np.inf, "max_fun": 10**9}
    models = [MLPClassifier((100, 100), "tanh", random_state=k, alpha=0, **forever) for k in range(6)]
    many = RNG.normal(size=(10_000, X.shape[1]))  # whose noise no network learns in an epoch
    noise = RNG.integers(0, 2, len(many))
    begun = threading.Event()
    both = threading.Barrier(2, begun.set, LONG)
    for model in models:
        model.set_callbacks(once(both.wait))
    ctrl_c = interrupt_after(begun)
    with warnings.catch_warnings(), pytest.raises(KeyboardInterrupt):
        fit_many(models, many, noise, n_jobs=2)
    ctrl_c.join()
    assert not [thread for thread in threading.enumerate() if "ThreadPoolExecutor" in thread.name]
    for started in models[:2]:
        assert 0 < started.n_iter_ < 10**6
        assert started.predict(many).shape == noise.shape
    assert not any(hasattr(model, "coefs_") for model in models[2:])
