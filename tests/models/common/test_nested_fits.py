"""A fit inside of a fit of the same model, and one beside it: right, or refused."""

from __future__ import annotations

import contextlib
import copy
import gc
import os
import pickle
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hooks import Hook, once
from patience import LONG
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from fastnn import Dense, LogisticRegression, MLPClassifier, Network
from fastnn.models.common import fitting

pytestmark = pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")

X = np.random.default_rng(0).normal(size=(60, 4))
SIDE = X[:, 0] + 0.3 * X[:, 1] > 0
OLD = np.where(SIDE, "cold", "hot")
NEW = np.where(SIDE, "up", "down")  # the other order, too
THREE = np.where(X[:, 2] > 0.5, "b", np.where(SIDE, "c", "a"))
SMALL: dict[str, Any] = {"hidden_layer_sizes": (5,), "max_iter": 3, "random_state": 0}


@pytest.mark.callbacks
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


@pytest.mark.callbacks
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


@pytest.mark.callbacks
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
        least, most = time.monotonic() + 1, time.monotonic() + LONG
        while time.monotonic() < least or (len(called) <= 5 and time.monotonic() < most):
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
