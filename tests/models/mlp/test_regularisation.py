"""Dropout, L1, clipping and averages of weights in MLPClassifier and MLPRegressor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from available import BACKENDS
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from fastnn import SGD, Adam, MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

Data = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def digits() -> Data:
    x, y = load_digits(return_X_y=True)
    return x[:300] / 16, y[:300]


def fitted(data: Data, **parameters: Any) -> Any:
    settings: dict[str, Any] = {"hidden_layer_sizes": (20, 10), "random_state": 0, "max_iter": 3, "batch_size": 50}
    return MLPClassifier(**settings | parameters).fit(*data)


def same(ours: Any, other: Any) -> bool:
    return all((a == b).all() for a, b in zip(ours.coefs_, other.coefs_, strict=True))


# --- dropout ------------------------------------------------------------------------------------


def test_dropout_is_for_training_alone(digits: Data) -> None:
    model = fitted(digits, dropout=0.3)
    assert not same(model, fitted(digits))
    np.testing.assert_array_equal(model.predict_proba(digits[0]), model.predict_proba(digits[0]))
    x = digits[0]
    for w, b in zip(model.coefs_, model.intercepts_, strict=True):
        z = x @ w + b
        x = np.maximum(z, 0)
    np.testing.assert_allclose(model.predict_proba(digits[0]), np.exp(z) / np.exp(z).sum(axis=1)[:, None], rtol=1e-9)


def test_dropout_of_each_layer(digits: Data) -> None:
    one, both = fitted(digits, dropout=0.3), fitted(digits, dropout=[0.3, 0.3])
    assert same(one, both)
    only_first = fitted(digits, dropout=[0.3, 0])
    assert not same(one, only_first)
    assert same(fitted(digits, dropout=[0, 0.0]), fitted(digits))


def test_dropout_learns_and_regularises(digits: Data) -> None:
    settings: dict[str, Any] = {"hidden_layer_sizes": (50,), "max_iter": 150, "learning_rate_init": 0.01}
    plain, dropped = fitted(digits, **settings), fitted(digits, dropout=0.5, **settings)
    assert dropped.score(*digits) > 0.97
    assert dropped.loss_ > 3 * plain.loss_  # the loss while outputs are missing


def test_partial_fit_draws_other_masks_at_every_step(digits: Data) -> None:
    x, y = digits
    whole = MLPClassifier((20,), dropout=0.5, random_state=0, max_iter=4).fit(x, y)
    parts = MLPClassifier((20,), dropout=0.5, random_state=0)
    for _ in range(4):
        parts.partial_fit(x, y, classes=np.unique(y))
    assert same(whole, parts)
    still = MLPClassifier((20,), dropout=0.5, random_state=0, solver="sgd", learning_rate_init=1e-300, shuffle=False)
    losses = [still.partial_fit(x, y, classes=np.unique(y)).loss_ for _ in range(3)]
    assert len(set(losses)) == 3


# --- L1 -----------------------------------------------------------------------------------------


def test_l1_makes_weights_small(digits: Data) -> None:
    settings: dict[str, Any] = {"max_iter": 200, "alpha": 0, "learning_rate_init": 0.01, "batch_size": 300}
    plain, model = fitted(digits, **settings), fitted(digits, l1=1.0, **settings)
    assert np.mean(abs(model.coefs_[0]) < 0.01) > 0.3 > 3 * np.mean(abs(plain.coefs_[0]) < 0.01)
    assert model.score(*digits) > 0.9
    # The loss tells of the penalty, so it is above the loss of the data.
    p = model.predict_proba(digits[0])[np.arange(300), digits[1]]
    penalty = 1.0 * sum(abs(w).sum() for w in model.coefs_) / 300
    assert model.loss_ == pytest.approx(penalty - np.log(p).mean(), rel=0.02)


# --- clipping -----------------------------------------------------------------------------------


def test_clipping_bounds_a_step(digits: Data) -> None:
    """Of plain SGD, whose steps are the gradient times the rate."""
    settings: dict[str, Any] = {"solver": "sgd", "momentum": 0, "learning_rate_init": 1.0, "batch_size": 300}
    start = fitted(digits, solver="sgd", learning_rate_init=1e-300, max_iter=1)

    def moved(**clipping: float) -> np.ndarray:
        model = fitted(digits, max_iter=1, **settings, **clipping)
        ours, other = ([*each.coefs_, *each.intercepts_] for each in (model, start))
        return np.concatenate([(a - b).ravel() for a, b in zip(ours, other, strict=True)])

    step = moved()
    np.testing.assert_allclose(moved(clip_norm=0.01), step * 0.01 / np.linalg.norm(step), atol=1e-12)
    np.testing.assert_allclose(moved(clip_value=1e-3), np.clip(step, -1e-3, 1e-3), atol=1e-12)


def test_clipping_saves_a_fit_from_an_outlier(digits: Data) -> None:
    x = digits[0].copy()
    y = x[:, 20].copy()
    y[7] = 1e100
    settings: dict[str, Any] = {"solver": "sgd", "learning_rate_init": 0.05, "max_iter": 20, "random_state": 0}
    with pytest.raises(ValueError, match="non-finite"):
        MLPRegressor(**settings).fit(x, y)
    assert np.isfinite(MLPRegressor(clip_norm=1.0, **settings).fit(x, y).predict(x)).all()


# --- averages -----------------------------------------------------------------------------------


def test_the_average_is_what_is_fitted(digits: Data) -> None:
    """By hand: the weights after every step, averaged."""
    x, y = digits
    settings: dict[str, Any] = {"hidden_layer_sizes": (6,), "random_state": 0, "shuffle": False, "batch_size": 300}
    model = MLPClassifier(ema=0.7, max_iter=6, **settings).fit(x, y)
    plain = MLPClassifier(**settings, solver="adam", learning_rate_init=1e-300).fit(x, y)
    average = [w.copy() for w in plain.coefs_]
    plain = MLPClassifier(**settings)
    for _ in range(6):
        plain.partial_fit(x, y, classes=np.unique(y))
        average = [0.7 * a + 0.3 * w for a, w in zip(average, plain.coefs_, strict=True)]
    for ours, wanted in zip(model.coefs_, average, strict=True):
        np.testing.assert_allclose(ours, wanted, atol=1e-12)


def test_partial_fit_goes_on_from_behind_the_average(digits: Data) -> None:
    x, y = digits
    whole = MLPClassifier((6,), ema=0.9, random_state=0, max_iter=5).fit(x, y)
    parts = MLPClassifier((6,), ema=0.9, random_state=0)
    for _ in range(5):
        parts.partial_fit(x, y, classes=np.unique(y))
    assert same(whole, parts)


def test_assigned_weights_begin_another_average(digits: Data) -> None:
    x, y = digits
    model = fitted(digits, ema=0.9, solver="sgd", momentum=0)
    model.coefs_ = [np.zeros_like(w) for w in model.coefs_]
    model.intercepts_ = [np.zeros_like(b) for b in model.intercepts_]
    model.partial_fit(x, y)
    assert not model.coefs_[0].any()  # at zero, relu lets no gradient through
    assert model.intercepts_[-1].any()


@pytest.mark.callbacks
def test_held_out_samples_are_scored_with_the_average(digits: Data) -> None:
    x, y = digits
    model = MLPClassifier((6,), ema=0.95, random_state=0, max_iter=6, early_stopping=True)
    model.fit(x[:200], y[:200], X_val=x[200:], y_val=y[200:])
    assert model.score(x[200:], y[200:]) == pytest.approx(model.best_validation_score_)
    seen: list[np.ndarray] = []
    model = MLPClassifier((6,), ema=0.95, random_state=0, max_iter=6)
    model.set_callbacks(lambda epoch: seen.append(epoch.params.copy()))
    model.fit(x, y)
    np.testing.assert_array_equal(seen[-1][:100], model.coefs_[0].ravel()[:100])


def test_warm_starts_go_on_from_the_average(digits: Data) -> None:
    model = fitted(digits, ema=0.9, warm_start=True, solver="sgd", learning_rate_init=0.1)
    before = model.coefs_[0].copy()
    model.set_params(learning_rate_init=1e-300).fit(*digits)
    np.testing.assert_allclose(model.coefs_[0], before, rtol=1e-12)


@pytest.mark.callbacks
def test_average_where_training_diverges() -> None:
    """The average of the last finished epoch is kept, and it is what a later step goes on from."""
    x, y = np.full((10, 1), 1e10), np.zeros(10)
    settings: dict[str, Any] = {"solver": SGD(1.0, momentum=0), "hidden_layer_sizes": (), "max_iter": 100}
    seen: list[np.ndarray] = []
    model = MLPRegressor(ema=0.5, random_state=0, **settings)
    model.set_callbacks(lambda epoch: seen.append(epoch.params.copy()))
    with pytest.warns(ConvergenceWarning, match="diverged"):
        model.fit(x, y)
    assert len(seen) > 1
    np.testing.assert_array_equal(model.coefs_[0].ravel(), seen[-1][:1])


# --- in all ways at once ------------------------------------------------------------------------


ALL: dict[str, Any] = {"dropout": 0.2, "l1": 0.1, "clip_value": 0.5, "clip_norm": 0.5, "ema": 0.8}


def test_an_optimizer_object_may_have_them(digits: Data) -> None:
    around = {"clip_value": 0.01, "clip_norm": 0.1, "ema": 0.8}
    by_parameters = fitted(digits, solver="adam", **around)
    assert same(by_parameters, fitted(digits, solver=Adam(**around)))
    assert same(by_parameters, fitted(digits, solver=Adam(clip_norm=0.1), clip_value=0.01, ema=0.8))
    assert not same(by_parameters, fitted(digits))


@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_every_backend_does_the_same(digits: Data, solver: str) -> None:
    wanted = fitted(digits, solver=solver, backend="reference", **ALL)
    for backend in BACKENDS:
        model = fitted(digits, solver=solver, backend=backend, **ALL)
        for ours, theirs in zip(model.coefs_, wanted.coefs_, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-9, err_msg=backend)


def test_threads_never_change_a_result(digits: Data) -> None:
    one, *others = (fitted(digits, n_threads=n, **ALL) for n in (1, 2, 3))
    assert all(same(one, other) for other in others)


def test_partial_fit_and_changed_options(digits: Data) -> None:
    x, y = digits
    model = MLPClassifier((6,), random_state=0, **ALL).partial_fit(x, y, classes=np.unique(y))
    model.set_params(ema=None, dropout=[0.1]).partial_fit(x, y)
    model.set_params(ema=0.5, clip_norm=None, solver="sgd").partial_fit(x, y)
    before = model.coefs_[0].copy()
    model.set_params(learning_rate_init=1e-300, momentum=0, ema=None, l1=0).partial_fit(x, y)
    np.testing.assert_array_equal(model.coefs_[0], before)  # the average, since ema was switched off


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"dropout": 1.0}, r"'dropout' parameter.*\[0, 1\).*a list of them. Got 1.0"),
        ({"dropout": [0.1, -0.1]}, "'dropout' parameter"),
        ({"dropout": [0.1]}, "has 1 rates, wanted 2: one for each hidden layer"),
        ({"dropout": 0.5, "hidden_layer_sizes": ()}, "wanted 0"),
        ({"l1": -1.0}, "'l1' parameter"),
        ({"clip_norm": 0}, "'clip_norm' parameter"),
        ({"clip_value": np.inf}, "'clip_value' parameter"),
        ({"ema": 1}, "'ema' parameter"),
        ({"solver": Adam(clip_norm=1.0), "clip_norm": 2.0}, "clip_norm=2.0 would have no effect"),
        ({"solver": "lbfgs", "dropout": 0.1, "ema": 0.9}, "dropout, ema cannot be had with solver='lbfgs'"),
        ({"solver": "lbfgs", "l1": 0.1}, "l1 cannot be had"),
        ({"solver": "lbfgs", "clip_norm": 0.1, "clip_value": 1.0}, "clip_value, clip_norm cannot be had"),
    ],
)
def test_what_is_refused(digits: Data, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fitted(digits, **parameters)
