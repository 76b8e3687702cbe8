"""Ctrl-C and divergence while an estimator fits."""

from __future__ import annotations

import _thread
import threading
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
