"""Ctrl-C ends whatever takes long within half a second: every solver, and every estimator's fit and predict.

Waits are counted as on a quiet machine: by how much longer than its own time a call takes. The kernels themselves are
in tests/kernels/test_interrupt.py.
"""

from __future__ import annotations

import signal
import time
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
from available import BACKENDS
from patience import patient
from random_sparse import random_array
from scipy.sparse import csc_array

import fastnn
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
from fastnn.solvers.table import SOLVERS

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer that sends signals")
LIMIT = patient(0.5)
MOST_CROWDED = 10.0  # times slower than alone: where it is worse, nothing can be said
FOREVER: dict[str, Any] = {"max_iter": 10**7, "tol": 0.0}
Call = Callable[[], Any]


@cache
def rows(n: int, i: int, dtype: Any = np.float32) -> np.ndarray:
    block = np.random.default_rng(0).normal(size=(n // 8 + 1, i))
    x = np.tile(block, (8, 1))[:n]
    x += 0.1 * np.arange(n)[:, None] / n
    return x.astype(dtype)


@cache
def labels(n: int, k: int = 2) -> np.ndarray:
    return np.random.default_rng(1).integers(0, k, n)


def fit(model: Any, x: Any, y: Any) -> Call:
    return lambda: model.fit(x, y)


def logistic(n: int = 20_000, i: int = 2500, k: int = 2, **options: Any) -> Call:
    return fit(LogisticRegression(**options), rows(n, i), labels(n, k))


def mlp(hidden: tuple[int, ...], n: int = 2000, i: int = 500, **options: Any) -> Call:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        MLPClassifier((2, 2), **options, max_iter=1).fit(rows(8, 1), labels(8))  # Numba has compiled its kernels then
    return fit(MLPClassifier(hidden, **options), rows(n, i), labels(n))


def sparse_columns() -> Any:
    return csc_array(random_array((20_000, 2000), density=0.1, format="csc", rng=0))


def separated() -> Call:
    x = rows(1500, 700, float)[:800]
    return fit(LogisticRegression(C=np.inf), x, (x[:, 0] > 0).astype(int))


def predicting() -> Call:
    network = Network([Dense(2000, "relu"), Dense(2000, "tanh"), Dense(10)], n_inputs=100, random_state=0)
    return lambda: network.predict(rows(100_000, 100, network.params.dtype))


def gradient() -> Call:
    network = Network([Dense(4000, "relu"), Dense(4000, "tanh"), Dense(10)], n_inputs=100, random_state=0)
    x, y = rows(6000, 100, network.params.dtype), rows(6000, 10, network.params.dtype)
    return lambda: network.loss_and_gradient(x, y)


def many() -> Call:
    models = [MLPClassifier((3000, 3000), batch_size=2000, random_state=k) for k in range(2)]
    return lambda: fit_many(models, rows(2000, 500), labels(2000), n_jobs=2)


def cross_validated(**options: Any) -> Call:
    return fit(LogisticRegressionCV(**options), rows(20_000, 1000), labels(20_000))


CALLS: dict[str, Callable[[], Call]] = {
    **{f"solver {name}": lambda name=name: logistic(solver=name, **FOREVER) for name in SOLVERS},
    **{f"backend {name}": lambda name=name: mlp((2500, 2500), batch_size=2000, backend=name) for name in BACKENDS},
    "newton-cholesky, csc": lambda: fit(LogisticRegression(solver="newton-cholesky"), sparse_columns(), labels(20_000)),
    "saga, many classes": lambda: logistic(10_000, 300, 1000, solver="saga"),
    "lbfgs, many classes": lambda: logistic(10_000, 1000, 1000, solver="lbfgs"),
    "l1": lambda: logistic(l1_ratio=1.0, C=0.05),
    "l1, many classes": lambda: logistic(10_000, 500, 50, l1_ratio=1.0, C=0.05),
    "firth": lambda: logistic(8000, 800, firth=True, C=np.inf),
    "reference": lambda: logistic(solver="newton-cholesky", backend="reference"),
    "a linear program": separated,
    "LogisticRegressionCV": lambda: cross_validated(),
    "LogisticRegressionCV, l1": lambda: cross_validated(l1_ratios=[1.0], solver="saga"),
    "MLPClassifier": lambda: mlp((3500, 3500), batch_size=2000),
    "MLPClassifier, L-BFGS": lambda: mlp((3000, 3000), solver="lbfgs"),
    "MLPRegressor": lambda: fit(
        MLPRegressor(hidden_layer_sizes=(3000, 3000), batch_size=2000), rows(2000, 500), rows(2000, 1)[:, 0]
    ),
    "Neuron": lambda: fit(Neuron("sigmoid", batch_size=20_000, **FOREVER), rows(20_000, 500), labels(20_000)),
    "Neuron, online": lambda: fit(Neuron("sign", n_iter_no_change=10**9, **FOREVER), rows(20_000, 500), labels(20_000)),
    "Network.predict": predicting,
    "Network.loss_and_gradient": gradient,
    "fit_many": many,
}


def wait_of(call: Call, after: float) -> tuple[float, float] | None:
    """Seconds from a signal until its error arrives, and by what factor other programs make the call slower.

    None where the call has ended before the signal.
    """
    sent: list[float] = []

    def interrupt(number: int, frame: Any) -> None:
        sent.append(time.perf_counter())
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    of_thread, of_all, start = time.thread_time(), time.process_time(), time.perf_counter()
    signal.setitimer(signal.ITIMER_REAL, after)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an MLP that keeps its last epoch says so
            call()
    except KeyboardInterrupt:
        pass
    finally:
        passed = time.perf_counter() - start
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    if not sent:
        return None
    of_all = (time.process_time() - of_all) / fastnn.get_num_threads()
    used = max(time.thread_time() - of_thread, of_all, 1e-3)
    return passed - after, min(max(passed / used, 1.0), MOST_CROWDED)


@pytest.mark.parametrize("name", CALLS)
def test_it_ends_within_half_a_second(name: str) -> None:
    call = CALLS[name]()
    for after in (0.25, 1.0):  # in what comes before the work, and in it
        waits: list[float] = []
        while not any(wait < LIMIT for wait in waits) and len(waits) < 3:
            found = wait_of(call, after)
            if found is None:  # on a fast machine
                after /= 2
                assert after > 0.1, "it is over too soon to be interrupted"
            else:
                waits.append(found[0] / found[1])
        assert min(waits) < LIMIT, waits


def test_no_estimator_is_missing() -> None:
    estimators = {name for name in fastnn.__all__ if hasattr(getattr(fastnn, name), "fit")}
    assert all(any(name in case for case in CALLS) or name == "LogisticRegression" for name in estimators), estimators
