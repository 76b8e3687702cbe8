"""Curves of models that learn call by call: no call copies what the ones before have written down."""

from __future__ import annotations

import copy
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hooks import Hook
from sklearn.exceptions import ConvergenceWarning

from fastnn import Dense, MLPClassifier, MLPRegressor, Network, Neuron
from fastnn.models.common import fitting
from fastnn.training.history import History

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

X = np.random.default_rng(0).normal(size=(20, 3))
Y = (X[:, 0] > 0).astype(int)
LONG = 300_000
SMALL: dict[str, Any] = {"hidden_layer_sizes": (4,), "random_state": 0}

Curves = list[list[float]]
CASES: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "classifier": (lambda: MLPClassifier(**SMALL), lambda model: model.partial_fit(X, Y, classes=[0, 1])),
    "warm": (lambda: MLPRegressor(max_iter=1, warm_start=True, **SMALL), lambda model: model.fit(X, Y)),
    "validated": (
        lambda: MLPRegressor(max_iter=1, warm_start=True, **SMALL),
        lambda model: model.fit(X, Y, X_val=X, y_val=Y),
    ),
    "lbfgs": (
        lambda: MLPRegressor(solver="lbfgs", max_iter=1, warm_start=True, **SMALL),
        lambda model: model.fit(X, Y),
    ),
    "neuron": (lambda: Neuron(random_state=0), lambda model: model.partial_fit(X, Y, classes=[0, 1])),
    "network": (
        lambda: Network([Dense(4), Dense(1)], 3, random_state=0),
        lambda model: model.fit(X, X[:, 0], epochs=1),
    ),
}


def curves(model: Any) -> Curves:
    """All lists that become longer."""
    history = getattr(model, "history_", None) or getattr(model, "history", {})
    others = [getattr(model, name, None) for name in ("loss_curve_", "validation_loss_curve_", "validation_scores_")]
    return [*history.values(), *(curve for curve in others if curve is not None)]


@pytest.mark.parametrize("name", CASES)
def test_a_call_costs_the_same_however_many_there_were(name: str) -> None:
    make, learn = CASES[name]
    model = learn(make())
    for curve in curves(model):
        curve.extend([0.5] * (LONG - len(curve)))
    before = curves(model)
    learn(model)  # a list that is full is made longer here
    tracemalloc.start()
    learn(model)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < LONG, "less than a byte for each of the numbers"
    assert curves(model)
    assert all(map(lambda now, then: now is then, curves(model), before))
    assert [len(curve) for curve in curves(model)] == [LONG + 2] * len(before)


@pytest.mark.callbacks
@pytest.mark.parametrize("name", ["classifier", "neuron"])
def test_a_call_that_fails_takes_back_what_it_has_written(name: str) -> None:
    make, learn = CASES[name]
    model = learn(make())
    lengths, whole = [len(curve) for curve in curves(model)], [curve.copy() for curve in curves(model)]

    class FailsAtTheEnd:
        def setup(self, estimator: Any, context: Any) -> None: ...

        def on_fit_task_begin(self, estimator: Any, context: Any) -> None: ...

        def on_fit_task_end(self, estimator: Any, context: Any) -> None: ...

        def teardown(self, estimator: Any, context: Any) -> None:
            assert [len(curve) for curve in curves(estimator)] == [length + 1 for length in lengths]
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        learn(model.set_callbacks(FailsAtTheEnd()))
    assert curves(model) == whole
    learn(model.set_callbacks())
    assert [len(curve) for curve in curves(model)] == [length + 1 for length in lengths]


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_has_curves_of_its_own(copied: Callable[[Any], Any]) -> None:
    for make, learn in CASES.values():
        model = learn(make())
        twin = copied(model)
        learn(model)
        learn(model)
        learn(twin)
        assert {len(curve) for curve in curves(model)} == {3}
        assert {len(curve) for curve in curves(twin)} == {2}


@pytest.mark.callbacks
@pytest.mark.parametrize("name", ["classifier", "neuron"])
def test_a_copy_made_at_the_end_of_a_fit_is_of_the_state_before(name: str, tmp_path: Path) -> None:
    """The lists are longer already then, and the weights not yet the new ones."""
    make, learn = CASES[name]
    model = learn(make())
    wanted, seen = [curve.copy() for curve in curves(model)], []

    def look() -> None:
        model.save(tmp_path / "model")
        for twin in (copy.copy(model), copy.deepcopy(model), type(model).load(tmp_path / "model")):
            np.testing.assert_equal(curves(twin), wanted)
            seen.append([len(curve) for curve in curves(model)])

    learn(model.set_callbacks(Hook(look)))
    assert seen[-1] > list(map(len, wanted)), "the last call came when they were longer"
    np.testing.assert_equal(curves(copy.copy(model)), curves(model))
    assert seen[-1] == [len(curve) for curve in curves(model)]


@pytest.mark.parametrize("name", ["classifier", "neuron"])
def test_an_interrupt_just_before_the_swap(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    make, learn = CASES[name]
    model = learn(make())
    wanted = [curve.copy() for curve in curves(model)]

    def interrupt(*args: Any, **kwargs: Any) -> None:
        assert [len(curve) for curve in curves(model)] == [2] * len(wanted)
        raise KeyboardInterrupt

    monkeypatch.setattr(fitting, "_joined", interrupt)
    with pytest.raises(KeyboardInterrupt):
        learn(model)
    np.testing.assert_equal(curves(model), wanted)


def test_an_interrupt_just_after_the_swap(monkeypatch: pytest.MonkeyPatch) -> None:
    model = CASES["classifier"][1](CASES["classifier"][0]())
    remove = fitting._Running.remove

    def interrupt(*args: Any) -> None:
        remove(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(fitting._Running, "remove", interrupt)
    with pytest.raises(KeyboardInterrupt):
        CASES["classifier"][1](model)
    assert {len(curve) for curve in curves(model)} == {2}


def test_an_interrupt_at_the_end_of_a_network_loses_no_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    make, learn = CASES["network"]
    model = learn(make())
    before, joined, copies = model.params.copy(), History.joined, []

    def interrupt_once(history: History) -> Any:
        monkeypatch.setattr(History, "joined", joined)
        model.history["loss"].extend(history.new["loss"])  # the first of five
        copies.extend([copy.copy(model), copy.deepcopy(model)])
        raise KeyboardInterrupt

    monkeypatch.setattr(History, "joined", interrupt_once)
    with pytest.raises(KeyboardInterrupt):
        learn(model)
    assert {len(curve) for curve in curves(model)} == {2}
    assert (model.params != before).any()
    for twin in copies:
        assert {len(curve) for curve in curves(twin)} == {1}
        np.testing.assert_array_equal(twin.params, before)
    learn(model)
    assert {len(curve) for curve in curves(model)} == {3}


@pytest.mark.parametrize("early_stopping", [False, True])
def test_the_best_score_is_that_of_all_calls(early_stopping: bool, tmp_path: Path) -> None:
    model = MLPRegressor(max_iter=3, warm_start=True, **SMALL)
    how: dict[str, Any] = {"X_val": X, "y_val": Y}
    model.set_params(early_stopping=early_stopping).fit(X, Y, **how)
    model.set_params(early_stopping=False, learning_rate_init=10.0)
    for _ in range(2):  # far worse
        model.fit(X, Y, **how)
        assert model.best_validation_score_ == max(model.validation_scores_)
    model.fit(X, Y, checkpoint=tmp_path / "run", **how)
    resumed = MLPRegressor(max_iter=4, warm_start=True, learning_rate_init=10.0, **SMALL)
    resumed.fit(X, Y, checkpoint=tmp_path / "run", resume=True, **how)
    assert resumed.best_validation_score_ == max(resumed.validation_scores_) == model.best_validation_score_


def test_a_new_fit_has_new_curves() -> None:
    model = MLPClassifier(max_iter=2, **SMALL).fit(X, Y)
    curve = model.loss_curve_
    first = curve.copy()
    model.fit(X, Y).partial_fit(X, Y)
    assert curve == first
    assert len(model.loss_curve_) == 3
