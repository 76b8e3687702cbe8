"""Python code that runs in the middle of a kernel, as handlers of signals do, may call every kernel."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from apart import run_apart
from patience import LONG

from fastnn.kernels import dense_backward_input
from fastnn.kernels.select import kernels_for
from fastnn.optimizers import SGD, OptimizerState
from fastnn.plan import Plan

core = kernels_for("native")
needs_signals = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer that sends signals")

# A network whose prediction and gradient need more scratch memory than any call below.
PREDICTION = """
    import signal, warnings
    import numpy as np
    from fastnn import Dense, MLPRegressor, Network

    rng = np.random.default_rng(0)
    large = Network([Dense(700, "relu"), Dense(300, "tanh"), Dense(1)], n_inputs=100, loss="squared_error")
    rows, targets, calls = rng.normal(size=(600, 100)).astype("f4"), rng.normal(size=(600, 1)).astype("f4"), []
    expected = large.predict(rows[:1]), large.loss_and_gradient(rows, targets)

    def handler(number, frame):
        calls.append(number)
        assert np.array_equal(large.predict(rows[:1]), expected[0])
        loss, gradient = large.loss_and_gradient(rows, targets)
        assert loss == expected[1][0] and np.array_equal(gradient, expected[1][1])
        timer(period)  # once it has ended, however slow the machine is

    def timer(seconds):
        global period
        period = seconds
        signal.setitimer(signal.ITIMER_REAL, seconds)

    signal.signal(signal.SIGALRM, handler)
"""


@needs_signals
def test_a_handler_predicts_while_a_gradient_is_computed() -> None:
    code = """
    network = Network([Dense(256, "tanh"), Dense(256, "tanh"), Dense(1)], n_inputs=20, loss="squared_error")
    x, y = rng.normal(size=(40000, 20)).astype("f4"), rng.normal(size=(40000, 1)).astype("f4")
    loss, gradient = network.loss_and_gradient(x, y)
    timer(0.03)
    for _ in range(5):
        again, same = network.loss_and_gradient(x, y)
        assert again == loss and np.array_equal(same, gradient)
    timer(0)
    assert len(calls) > 1
    """
    run_apart(PREDICTION + code)


@needs_signals
def test_a_handler_predicts_while_another_network_is_fitted() -> None:
    code = """
    x, y = rng.normal(size=(20000, 20)), rng.normal(size=20000)
    for solver in ("lbfgs", "adam"):
        fits = []
        for seconds in (0, 0.03):
            calls.clear()
            model = MLPRegressor(hidden_layer_sizes=(100, 50), solver=solver, max_iter=4, random_state=0)
            timer(seconds)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model.fit(x, y)
            timer(0)
            fits.append(np.concatenate([w.ravel() for w in model.coefs_]))
        assert calls and np.array_equal(*fits), solver
    """
    run_apart(PREDICTION + code)


@contextmanager
def profiled(function: Callable[[], object]) -> Iterator[list[int]]:
    """Call the function wherever Python calls something."""
    calls: list[int] = []

    def profile(*_: object) -> None:
        sys.setprofile(None)
        calls.append(1)
        function()
        sys.setprofile(profile)

    sys.setprofile(profile)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def of_dense_backward_input(rng: np.random.Generator) -> Any:
    d_z, w = rng.normal(size=(300, 70)), rng.normal(size=(90, 70))
    return lambda: dense_backward_input(d_z, w)


def of_all_finite(rng: np.random.Generator) -> Any:
    x = rng.normal(size=300_000)
    return lambda: core.all_finite(x)


def of_clip_by_norm(rng: np.random.Generator) -> Any:
    x = rng.normal(size=300_000)
    return lambda: core.clip_by_norm(x.copy(), 1.0)


@pytest.mark.parametrize("make", [of_dense_backward_input, of_all_finite, of_clip_by_norm])
def test_a_profile_function_computes_in_the_middle_of_a_call(rng: np.random.Generator, make: Any) -> None:
    compute = make(rng)
    expected = compute()
    d_z, w = rng.normal(size=(600, 300)), rng.normal(size=(400, 300))  # larger than what is interrupted
    huge = np.full(3_000_000, np.inf)

    def interrupt() -> None:
        dense_backward_input(d_z, w)
        core.clip_by_norm(huge, 1.0)

    for _ in range(10):
        with profiled(interrupt) as calls:
            got = compute()
        assert calls
        for mine, theirs in zip(np.atleast_1d(got), np.atleast_1d(expected), strict=True):
            np.testing.assert_array_equal(mine, theirs)


# --- what cannot be shared -----------------------------------------------------------------------


class Meddling:
    """An optimizer's state that uses its own workspace while an epoch reads it."""

    def __init__(self, meddle: Callable[[], object], state: OptimizerState) -> None:
        self.meddle, self.state, self.step = meddle, state, 0

    @property
    def slots(self) -> tuple[Any, ...]:
        self.meddle()
        return self.state.slots


def test_a_workspace_serves_one_epoch_at_a_time(rng: np.random.Generator) -> None:
    plan = Plan((4, 2), ("identity",), (True,), "squared_error", np.float64)  # type: ignore[arg-type]
    params, x, y = np.zeros(plan.n_params), rng.normal(size=(8, 4)), np.ones((8, 2))
    workspace = core.Workspace()
    state = OptimizerState.zeros(SGD(), params)

    def epoch(given: Any) -> Any:
        return workspace.fit_epoch(plan, params, x, y, None, None, 8, SGD(), given, np.ones(1), 0.0, 0.0, 0)

    for meddle in (lambda: epoch(state), workspace.write_state):
        with pytest.raises(RuntimeError, match="in use.*of its own"):
            epoch(Meddling(meddle, state))
    assert np.isfinite(epoch(state)).all()  # and serves again


def test_only_one_benchmark_at_a_time_repeats_its_calls(rng: np.random.Generator) -> None:
    """Another thread's calls, and those of Python code in the middle of one, are done once."""
    running, done = threading.Event(), threading.Event()

    def kernel() -> None:
        running.set()
        assert done.wait(LONG)

    thread = threading.Thread(target=lambda: core.seconds_per_call(1000, kernel))
    thread.start()
    assert running.wait(LONG)
    try:
        average = np.zeros(10)
        core.ema_step(average, np.ones(10), 0.5)
        np.testing.assert_array_equal(average, 0.5)
        with pytest.raises(RuntimeError, match="one at a time"):
            core.seconds_per_call(2, core.all_finite, average)
    finally:
        done.set()
        thread.join()
