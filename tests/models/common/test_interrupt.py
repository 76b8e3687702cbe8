"""Ctrl-C and divergence while an estimator fits."""

from __future__ import annotations

import _thread
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hooks import once
from patience import interrupt_after, patient

from fastnn import LogisticRegression, MLPClassifier, MLPRegressor, Neuron

X = np.random.default_rng(0).normal(size=(500, 20))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)
FOREVER = {"max_iter": 10**6, "tol": 0.0, "random_state": 0}


@pytest.mark.callbacks
@pytest.mark.parametrize("solver", ["sgd", "adam"])
@pytest.mark.parametrize("early_stopping", [False, True])
def test_an_mlp_keeps_its_last_epoch(solver: str, early_stopping: bool) -> None:
    model = MLPClassifier((20,), solver=solver, n_iter_no_change=np.inf, early_stopping=early_stopping, **FOREVER)
    begun = threading.Event()
    ctrl_c = interrupt_after(begun)
    with pytest.warns(UserWarning, match="interrupted after epoch"):
        model.set_callbacks(once(begun.set)).fit(X, Y)
    ctrl_c.join()
    assert 0 < model.n_iter_ == len(model.loss_curve_) < 10**6
    assert model.predict(X).shape == Y.shape


@pytest.mark.callbacks
def test_an_mlp_keeps_its_last_iteration() -> None:
    model = MLPRegressor(hidden_layer_sizes=(300, 300), solver="lbfgs", max_fun=10**9, **FOREVER)
    begun = threading.Event()
    ctrl_c = interrupt_after(begun)
    with pytest.warns(UserWarning, match="interrupted"):
        model.set_callbacks(once(begun.set)).fit(X, np.random.default_rng(1).normal(size=500))
    ctrl_c.join()
    assert 0 < model.n_iter_
    assert np.isfinite(model.loss_)


@pytest.mark.parametrize(
    "model",
    [
        Neuron("sigmoid", n_iter_no_change=10**9, **FOREVER),
        LogisticRegression(solver="gradient_descent", C=1e9, max_iter=10**9, tol=0.0, backend="reference"),
    ],
)
def test_elsewhere_it_propagates_and_nothing_has_changed(model: Any) -> None:
    before = dict(vars(model))
    timer = threading.Timer(patient(0.3), _thread.interrupt_main)
    with pytest.raises(KeyboardInterrupt):
        timer.start()
        model.fit(1e3 * X, Y)
    timer.join()
    assert vars(model) == before


class Interrupted:
    """A scorer, one call of which Ctrl-C interrupts."""

    def __init__(self, at: int) -> None:
        self.at = at
        self.n_calls = 0

    def __call__(self, model: Any, x: Any, y: Any) -> float:
        self.n_calls += 1
        if self.n_calls == self.at:
            raise KeyboardInterrupt
        return float(model.score(x, y))


def scored(at: int, n_epochs: int, **parameters: Any) -> MLPClassifier:
    return MLPClassifier((5,), max_iter=n_epochs, random_state=0, scoring=Interrupted(at), **parameters)


def test_an_epoch_counts_whose_validation_is_interrupted() -> None:
    """The parameters are those of this epoch already."""
    held_out = {"X_val": X, "y_val": Y}
    model, wanted = scored(4, 10), scored(0, 4)
    with pytest.warns(UserWarning, match="interrupted after epoch 4"):
        model.fit(X, Y, **held_out)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        wanted.fit(X, Y, **held_out)
    for mine, other in zip(model.coefs_ + model.intercepts_, wanted.coefs_ + wanted.intercepts_, strict=True):
        np.testing.assert_array_equal(mine, other)
    assert model.n_iter_ == 4
    assert model.loss_curve_ == wanted.loss_curve_
    assert model.validation_scores_[:3] == wanted.validation_scores_[:3]
    assert np.isnan(model.validation_scores_[3])
    assert len(model.history_["validation_loss"]) == 4


def test_without_a_finished_epoch_an_interrupted_validation_propagates() -> None:
    model = scored(1, 10, early_stopping=True)
    before = dict(vars(model))
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y)
    assert vars(model) == before


def test_a_run_whose_validation_is_interrupted_resumes_as_if_it_had_not_been(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    model, wanted = scored(4, 8, early_stopping=True), scored(0, 8, early_stopping=True)
    with pytest.warns(UserWarning, match="interrupted after epoch 4"):
        model.fit(X, Y, checkpoint=tmp_path / "run")
    with pytest.warns(UserWarning, match="Maximum iterations"):
        model.fit(X, Y, checkpoint=tmp_path / "run", resume=True)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        wanted.fit(X, Y)
    np.testing.assert_array_equal(model.coefs_[0], wanted.coefs_[0])
    assert model.validation_scores_ == wanted.validation_scores_


def test_later_divergence_keeps_the_last_finished_epoch() -> None:
    settings = {"solver": "sgd", "learning_rate_init": 0.3, "momentum": 0, "random_state": 0}
    model = MLPRegressor(hidden_layer_sizes=(), n_iter_no_change=10**6, max_iter=5000, **settings)
    with pytest.warns(UserWarning, match=r"diverged in epoch (\d+).*learning rate below 0.3"):
        model.fit(3 * X, X[:, 0])
    assert all(np.isfinite(w).all() for w in model.coefs_)
    assert np.isfinite(model.loss_)
    assert not np.isfinite(model.loss_curve_[-1])
    assert model.loss_ == model.loss_curve_[-2]


def test_divergence_with_early_stopping_restores_the_best() -> None:
    model = MLPRegressor(
        hidden_layer_sizes=(),
        solver="sgd",
        learning_rate_init=0.3,
        momentum=0,
        early_stopping=True,
        n_iter_no_change=10**6,
        max_iter=5000,
        random_state=0,
    )
    with pytest.warns(UserWarning, match="diverged"):
        model.fit(3 * X, X[:, 0])
    assert np.isnan(model.validation_scores_[-1])
    assert len(model.validation_scores_) == model.n_iter_
    assert model.best_validation_score_ == np.nanmax(model.validation_scores_)
