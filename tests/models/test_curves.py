"""Curves of models that learn call by call: no call copies what the ones before have written down."""

from __future__ import annotations

import copy
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from fastnn import Dense, MLPClassifier, MLPRegressor, Network, Neuron

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

X = np.random.default_rng(0).normal(size=(20, 3))
Y = (X[:, 0] > 0).astype(int)
LONG = 300_000
SMALL: dict[str, Any] = {"hidden_layer_sizes": (4,), "random_state": 0}

Curves = list[list[float]]
CASES: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "classifier": (lambda: MLPClassifier(**SMALL), lambda model: model.partial_fit(X, Y, classes=[0, 1])),
    "warm": (lambda: MLPRegressor(max_iter=1, warm_start=True, **SMALL), lambda model: model.fit(X, Y)),
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
    return [*history.values(), *([model.loss_curve_] if hasattr(model, "loss_curve_") else [])]


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


def test_a_new_fit_has_new_curves() -> None:
    model = MLPClassifier(max_iter=2, **SMALL).fit(X, Y)
    curve = model.loss_curve_
    first = curve.copy()
    model.fit(X, Y).partial_fit(X, Y)
    assert curve == first
    assert len(model.loss_curve_) == 3
