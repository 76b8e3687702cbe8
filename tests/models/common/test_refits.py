"""A model that is fitted while others ask it: every answer is that of one finished fit."""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hooks import Hook
from patience import patient
from sklearn.exceptions import ConvergenceWarning

from fastnn import (
    LogisticRegression,
    LogisticRegressionCV,
    MLPClassifier,
    MLPRegressor,
    Neuron,
    fit_many,
)

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

X = np.random.default_rng(0).normal(size=(60, 4))
SIDE = X[:, 0] + 0.3 * X[:, 1] > 0
OLD = np.where(SIDE, "cold", "hot")
NEW = np.where(SIDE, "up", "down")  # the other order, too
THREE = np.where(X[:, 2] > 0.5, "b", np.where(SIDE, "c", "a"))
CV: dict[str, Any] = {"Cs": 3, "cv": 3, "l1_ratios": (0,), "use_legacy_attributes": False, "scoring": "accuracy"}
SMALL: dict[str, Any] = {"hidden_layer_sizes": (5,), "max_iter": 3, "random_state": 0}

MODELS: dict[str, Callable[[], Any]] = {
    "logistic": lambda: LogisticRegression(random_state=0),
    "likelihood": lambda: LogisticRegression(C=np.inf, warm_start=True),
    "firth": lambda: LogisticRegression(C=np.inf, firth=True),
    "crossvalidated": lambda: LogisticRegressionCV(**CV),
    "mlp": lambda: MLPClassifier(**SMALL),
    "mlp by lbfgs": lambda: MLPClassifier(solver="lbfgs", **SMALL),
    "hinge": lambda: MLPClassifier(loss="hinge", **SMALL),
    "neuron": lambda: Neuron(max_iter=3, random_state=0),
    "perceptron": lambda: Neuron("sign", max_iter=3, random_state=0),
}
BY_NAME = pytest.mark.parametrize("name", MODELS)
ASKED = ("predict", "predict_proba", "predict_log_proba", "decision_function", "activate", "input_gradient")


def answers(model: Any, x: np.ndarray = X) -> dict[str, Any]:
    """Everything that the model says of x."""
    found = {name: getattr(model, name)(x) for name in ASKED if hasattr(model, name)}
    return found | {"pickled": pickle.loads(pickle.dumps(model)).predict(x)}


def assert_same(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert found.keys() == wanted.keys()
    for name, answer in found.items():
        np.testing.assert_array_equal(answer, wanted[name])


@pytest.mark.callbacks
@BY_NAME
def test_until_a_fit_has_ended_the_model_is_the_old_one(name: str) -> None:
    model = MODELS[name]().fit(X, OLD)
    wanted = answers(model)
    score, attributes = model.score(X, OLD), dict(vars(model))
    found = []

    def ask() -> None:
        found.append((answers(model), model.score(X, OLD)))
        assert vars(model).items() >= attributes.items()

    hook = Hook(ask)
    model.set_callbacks(hook).set_params(**({"warm_start": False} if hasattr(model, "warm_start") else {}))
    attributes = dict(vars(model))
    model.fit(2 * X + 1, NEW)
    assert hook.called > 3
    for asked, scored in found:
        assert_same(asked, wanted)
        assert scored == score
    assert set(model.predict(X)) <= {"up", "down"}
    fresh = MODELS[name]().fit(2 * X + 1, NEW)
    assert_same(answers(model.set_callbacks()), answers(fresh))


@pytest.mark.callbacks
def test_a_summary_too() -> None:
    noisy = np.random.default_rng(1).permutation(THREE)
    model = LogisticRegression(C=np.inf).fit(X, noisy)
    wanted = str(model.summary())
    found = []
    model.set_callbacks(Hook(lambda: found.append(str(model.summary())))).fit(X, noisy[::-1])
    assert set(found) == {wanted}
    assert str(model.summary()) != wanted


@BY_NAME
def test_refits_in_threads(name: str) -> None:
    """Two data sets with labels of their own, and other numbers of classes; two threads fit and two ask."""
    kinds = [(X, OLD), (2 * X + 1, THREE if name not in ("neuron", "perceptron") else NEW)]
    wanted = [answers(MODELS[name]().fit(*kind)) for kind in kinds]
    model = MODELS[name]().set_params(**({"warm_start": False} if name == "likelihood" else {})).fit(*kinds[0])
    asked = [ask for ask in ASKED if hasattr(model, ask)]
    ended, seen = threading.Event(), set()

    def refit(k: int) -> None:
        try:
            until = time.monotonic() + patient(0.7)
            while time.monotonic() < until:
                model.fit(*kinds[k])
        finally:
            ended.set()

    def predict() -> int:
        n = 0
        while not ended.is_set():
            for ask in asked:
                answer = getattr(model, ask)(X)
                same = [np.array_equal(answer, each[ask]) for each in wanted]
                assert any(same), f"{ask} gave an answer of neither"
                seen.update(np.flatnonzero(same))
                n += 1
        return n

    with ThreadPoolExecutor(4) as pool:
        fits = [pool.submit(refit, k) for k in range(2)]
        asking = [pool.submit(predict) for _ in range(2)]
        assert all(each.result() > 0 for each in asking)
        assert [each.result() for each in fits] == [None, None]


def test_refits_with_other_widths() -> None:
    """Each prediction reads weights, widths and classes of one model, whatever takes its place meanwhile."""
    kinds = [((3,), X, OLD), ((40, 20), X, THREE), ((), X, NEW)]
    wanted = [MLPClassifier(**(SMALL | {"hidden_layer_sizes": sizes})).fit(x, y).predict(x) for sizes, x, y in kinds]
    model = MLPClassifier(**SMALL).set_params(hidden_layer_sizes=kinds[0][0]).fit(*kinds[0][1:])
    ended, seen = threading.Event(), set()

    def predict() -> None:
        while not ended.is_set():
            found = model.predict(X)
            same = [np.array_equal(found, each) for each in wanted]
            assert any(same), "an answer of no model"
            seen.update(np.flatnonzero(same))

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(predict)
        until = time.monotonic() + patient(0.7)
        while time.monotonic() < until and not asking.done():
            for sizes, x, y in kinds:
                model.set_params(hidden_layer_sizes=sizes).fit(x, y)
        ended.set()
        asking.result()
    assert len(seen) > 1


@pytest.mark.parametrize("name", ["logistic", "crossvalidated", "neuron"])
def test_refits_with_other_features_and_classes(name: str) -> None:
    """Whoever asks with rows of the one kind gets that fit's answer, or is told that the model is of the other kind."""
    kinds = [(X, OLD), (np.hstack([X, X[:, :2] ** 2]), THREE if name != "neuron" else NEW)]
    wanted = [answers(MODELS[name]().fit(*kind), kind[0]) for kind in kinds]
    model = MODELS[name]().fit(*kinds[0])
    ended, refused, answered = threading.Event(), [0, 0], [0, 0]

    def predict() -> None:
        while not ended.is_set():
            for k, (x, _) in enumerate(kinds):
                for ask in ("predict", "predict_proba", "decision_function"):
                    try:
                        found = getattr(model, ask)(x)
                    except ValueError as fault:
                        assert "features, but" in str(fault)
                        refused[k] += 1
                    else:
                        np.testing.assert_array_equal(found, wanted[k][ask])
                        answered[k] += 1

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(predict)
        try:
            for k in range(40 if name != "crossvalidated" else 6):
                model.fit(*kinds[(k + 1) % 2])
        finally:
            ended.set()
        asking.result()
    assert sum(refused) > 0 and sum(answered) > 0


def test_a_regressor_and_fit_many_in_threads() -> None:
    targets = [X[:, 0], np.stack([X[:, 1], X[:, 2], 9 + X[:, 3]], axis=1)]
    models = [MLPRegressor(**SMALL) for _ in range(3)]
    wanted = [MLPRegressor(**SMALL).fit(X, y).predict(X) for y in targets]
    fit_many(models, X, targets[0])
    ended = threading.Event()

    def refit() -> None:
        try:
            for k in range(60):
                fit_many(models, X, targets[k % 2], n_jobs=2)
        finally:
            ended.set()

    with ThreadPoolExecutor(1) as pool:
        fits = pool.submit(refit)
        while not ended.is_set():
            for model in models:
                found = model.predict(X)
                assert any(np.array_equal(found, each) for each in wanted)
        fits.result()


@pytest.mark.parametrize("name", ["mlp", "logistic", "neuron"])
def test_predictions_beside_partial_fit_are_of_some_finished_call(name: str) -> None:
    make = MODELS[name]
    classes = np.unique(OLD)
    after, twin = [], make()
    for _ in range(30):
        twin.partial_fit(X, OLD, classes=classes)
        after.append(twin.predict_proba(X).tobytes())
    model = make().partial_fit(X, OLD, classes=classes)
    seen, ended = [], threading.Event()

    def predict() -> None:
        while not ended.is_set():
            seen.append(model.predict_proba(X).tobytes())

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(predict)
        for _ in range(29):
            model.partial_fit(X, OLD, classes=classes)
        ended.set()
        asking.result()
    assert set(seen) <= set(after)
    assert model.predict_proba(X).tobytes() == after[-1]


def test_a_method_of_the_old_loss() -> None:
    """Margins are no probabilities, and nothing but the fit says which of them there are."""
    model = MLPClassifier(**SMALL).fit(X, OLD)
    old = [model.predict_proba, model.predict_log_proba]
    model.set_params(loss="hinge").fit(X, OLD)
    margins = model.decision_function
    for ask in old:
        with pytest.raises(AttributeError, match="'hinge' has no probabilities"):
            ask(X)
    model.set_params(loss="cross_entropy").fit(X, OLD)
    with pytest.raises(AttributeError, match="decision_function is for loss='hinge'"):
        margins(X)


# --- what users assign ----------------------------------------------------------------------------


def test_what_is_assigned_counts_also_in_place() -> None:
    model = LogisticRegression().fit(X, OLD)
    model.classes_ = np.array(["x", "y"])
    model.coef_[...] = 0
    model.intercept_ = np.array([1.0])
    assert (model.predict(X) == "y").all()
    model.sparsify().intercept_[0] = -1
    assert (model.predict(X) == "x").all()
    network = MLPClassifier(**SMALL).fit(X, OLD)
    network.coefs_[-1][...] = 0
    network.intercepts_ = [np.zeros(5), np.array([3.0])]
    for sign in (1, -1):
        network.intercepts_[1][...] = 3 * sign
        assert (network.predict(X) == network.classes_[int(sign > 0)]).all()
    network.classes_ = np.array(["x", "y"])
    assert (network.predict(X) == "x").all()


@pytest.mark.callbacks
def test_what_is_set_during_a_fit_stays() -> None:
    model = MLPClassifier(**SMALL)

    def change() -> None:
        model.set_params(alpha=0.5)
        model.note, model.seen_ = "mine", 1
        model.__dict__.pop("thrown_away", None)

    model.thrown_away = 0
    model.set_callbacks(Hook(change)).fit(X, OLD)
    assert (model.alpha, model.note, model.seen_) == (0.5, "mine", 1)
    assert not hasattr(model, "thrown_away")
    assert not hasattr(model, "_callback_fit_ctx")


@pytest.mark.callbacks
def test_names_of_features_go_with_their_fit() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcd"))
    model = LogisticRegression()
    inner = [lambda: model.set_callbacks().fit(frame, OLD)]
    model.set_callbacks(Hook(lambda: inner and inner.pop()())).fit(X, NEW)
    assert not hasattr(model, "feature_names_in_")
    assert set(model.predict(X)) == {"up", "down"}


@pytest.mark.callbacks
@BY_NAME
def test_a_bad_fit_leaves_everything(name: str) -> None:
    model = MODELS[name]().fit(X, OLD)
    before = dict(vars(model))
    for bad in ((X[:, :3] * np.nan, OLD), (X, OLD[:5])):
        with pytest.raises(ValueError, match="."):
            model.fit(*bad)
        assert vars(model) == before

    def fail() -> None:
        raise ArithmeticError

    model.set_callbacks(Hook(fail))
    before = dict(vars(model))
    with pytest.raises(ArithmeticError):
        model.fit(X, NEW)
    assert vars(model) == before
    assert model.set_callbacks().fit(X, NEW).classes_[0] == "down"
