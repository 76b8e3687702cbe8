"""A model that is fitted while others ask it: every answer is that of one finished fit."""

from __future__ import annotations

import contextlib
import copy
import gc
import os
import pickle
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
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
from fastnn.models import fitting

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


class Hook:
    """Calls a function when a task of a fit begins and ends."""

    def __init__(self, function: Callable[[], Any]) -> None:
        self.called = 0
        self.function = function

    def setup(self, estimator: Any, context: Any) -> None:
        self.call()

    def teardown(self, estimator: Any, context: Any) -> None:
        self.call()

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        self.call()

    def on_fit_task_end(self, estimator: Any, context: Any) -> None:
        self.call()

    def __reduce__(self) -> tuple[Any, ...]:
        return Hook, (int,)  # a pickle has no use for the function

    def call(self) -> None:
        self.called += 1
        self.function()


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
            until = time.monotonic() + 0.7
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


def test_names_of_features_go_with_their_fit() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcd"))
    model = LogisticRegression()
    inner = [lambda: model.set_callbacks().fit(frame, OLD)]
    model.set_callbacks(Hook(lambda: inner and inner.pop()())).fit(X, NEW)
    assert not hasattr(model, "feature_names_in_")
    assert set(model.predict(X)) == {"up", "down"}


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


# --- a fit inside of a fit, and one beside it ---------------------------------------------------------


def once(function: Callable[[], Any]) -> Callable[[Any], None]:
    """What calls a function the first time it is called."""
    left = [function]
    return lambda epoch: left.pop()() and None if left else None


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_fit_inside_of_a_fit_changes_nothing_outside(solver: str) -> None:
    model = MLPClassifier(solver=solver, **SMALL)
    wanted = clone(model).fit(X, THREE)
    inside = []
    model.set_callbacks(once(lambda: inside.append(model.set_callbacks().fit(X[:, :2], OLD).predict_proba(X[:, :2]))))
    model.fit(X, THREE)
    np.testing.assert_array_equal(inside[0], clone(wanted).fit(X[:, :2], OLD).predict_proba(X[:, :2]))
    np.testing.assert_array_equal(model.predict_proba(X), wanted.predict_proba(X))
    assert model.history_["loss"] == wanted.history_["loss"]
    assert model.n_features_in_ == 4


REFUSED = "is being fitted already, by another thread or by the fit that called this one"


def test_calls_that_go_on_are_refused_inside_of_each_other() -> None:
    model = MLPClassifier(**SMALL).partial_fit(X, OLD, classes=np.unique(OLD))
    before = model.predict_proba(X)
    for act in (lambda: model.partial_fit(X, OLD), lambda: model.fit(X, OLD)):
        model.set_callbacks(once(act))
        with pytest.raises(RuntimeError, match=REFUSED):
            model.partial_fit(X, OLD)
        np.testing.assert_array_equal(model.predict_proba(X), before)
    model.set_callbacks(once(lambda: model.partial_fit(X, OLD)))
    with pytest.raises(RuntimeError, match=REFUSED):
        model.fit(X, OLD)
    model.set_callbacks().set_params(warm_start=True).fit(X, OLD)  # it does not refuse for ever


def test_a_fit_of_what_a_callback_is_given_is_refused() -> None:
    class Fits(Hook):
        def on_fit_task_end(self, estimator: Any, context: Any) -> None:
            estimator.fit(X, OLD)

    model = LogisticRegression().set_callbacks(Fits(lambda: None))
    with pytest.raises(RuntimeError, match=REFUSED):
        model.fit(X, NEW)
    assert not hasattr(model, "coef_")


def network(**how: Any) -> Network:
    return Network([Dense(6, "tanh"), Dense(3)], 4, "cross_entropy", random_state=0, **how)


CLASSES = np.unique(THREE, return_inverse=True)[1]


@pytest.mark.parametrize("backend", ["native", "reference"])
def test_a_network_is_the_old_one_until_its_fit_ends(backend: str) -> None:
    model = network(backend=backend).fit(X, CLASSES, epochs=2)
    wanted, flat = model.predict(X), model.params
    before = flat.copy()
    found = []

    def ask(epoch: Any) -> None:
        twin = copy.deepcopy(model)
        twin.params = epoch.params
        found.append((model.predict(X), model.forward(X).argmax(axis=1), twin.predict(X)))
        with pytest.raises(RuntimeError, match="params cannot be assigned while"):
            model.params = flat

    model.fit(X, CLASSES, epochs=3, callbacks=[ask])
    assert len(found) == 3
    for answer, label, _ in found:
        np.testing.assert_array_equal(answer, wanted)
        np.testing.assert_array_equal(label, wanted.argmax(axis=1))
    np.testing.assert_array_equal(found[-1][2], model.predict(X))
    np.testing.assert_array_equal(flat, before)
    assert (model.params != before).any()
    assert len(model.loss_curve) == 5
    model.weights[0][...] = 0
    model.params = np.zeros_like(flat)
    assert np.ptp(model.predict(X)) == 0


def test_a_network_answers_by_finished_fits_alone() -> None:
    model = network(n_threads=2)
    after = [model.predict(X).tobytes()]
    seen, ended = [], threading.Event()

    def predict() -> None:
        while not ended.is_set():
            seen.append(model.predict(X).tobytes())

    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(predict)
        for _ in range(30):
            model.fit(X, CLASSES, epochs=5)
            after.append(model.predict(X).tobytes())
        ended.set()
        asking.result()
    assert set(seen) <= set(after)


def test_a_network_is_fitted_once_at_a_time() -> None:
    wanted = network().fit(X, CLASSES, epochs=3)
    model = network()
    with pytest.raises(RuntimeError, match=REFUSED):
        model.fit(X, CLASSES, callbacks=[once(lambda: model.fit(X, CLASSES))])
    assert len(model.loss_curve) == 1
    model = network()

    def fit_beside(epoch: Any) -> None:
        with ThreadPoolExecutor(1) as pool, pytest.raises(RuntimeError, match=REFUSED):
            pool.submit(model.fit, X, CLASSES).result()
        twin = copy.deepcopy(model).fit(X, CLASSES, epochs=1)
        assert (twin.params != model.params).any()

    model.fit(X, CLASSES, epochs=3, callbacks=[fit_beside])
    np.testing.assert_array_equal(model.params, wanted.params)
    assert model.loss_curve == wanted.loss_curve
    pickle.loads(pickle.dumps(model)).fit(X, CLASSES, epochs=1)


def test_a_fit_that_was_broken_off_anywhere_refuses_no_other() -> None:
    """As Ctrl-C may, before or after what tidies up."""
    model = network()
    begun = fitting.only_fit(model, goes_on=True)
    begun.__enter__()
    with pytest.raises(RuntimeError, match=REFUSED):
        model.fit(X, CLASSES)
    fit = fitting._running.of(model).pop()
    del begun, fit
    gc.collect()
    model.fit(X, CLASSES, epochs=1)


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="no such signal here")
def test_handlers_of_signals_fit_and_ask() -> None:
    """Wherever they strike: also in the middle of what is done with a lock."""
    model, called = LogisticRegression(random_state=0).fit(X, OLD), []
    wanted = LogisticRegression(random_state=0).fit(X, OLD).predict_proba(X)
    other = network()
    start = other.params.copy()

    def handle(number: int, frame: Any) -> None:
        called.append(number)
        np.testing.assert_array_equal(model.fit(X, OLD).predict_proba(X), wanted)
        try:
            other.fit(X, CLASSES, epochs=1)
        except RuntimeError as refused:
            assert REFUSED in str(refused)

    before = signal.signal(signal.SIGALRM, handle)
    delays = np.random.default_rng(0).uniform(1e-5, 2e-3, 10**4)
    try:
        until = time.monotonic() + 1
        while time.monotonic() < until:
            signal.setitimer(signal.ITIMER_REAL, delays[len(called)])  # once: no handler within a handler
            np.testing.assert_array_equal(model.fit(X, OLD).predict_proba(X), wanted)
            with contextlib.suppress(RuntimeError):
                other.fit(X, CLASSES, epochs=1)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert len(called) > 5
    assert (other.fit(X, CLASSES, epochs=1).params != start).any()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_may_fit() -> None:
    model = network()
    status = []

    def fork(epoch: Any) -> None:
        if status:
            return

        def beside() -> None:  # the fit is another thread's, which the child does not have
            child = os.fork()
            if child == 0:
                try:
                    model.fit(X, CLASSES, epochs=1)
                    os._exit(0)
                finally:
                    os._exit(1)
            status.append(os.waitpid(child, 0)[1])

        thread = threading.Thread(target=beside)
        thread.start()
        thread.join()

    model.fit(X, CLASSES, epochs=2, callbacks=[fork])
    assert status == [0]
