"""The thread pool: the same bits for every team, safe under fork, several Python threads and Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
from patience import LONG, patient

import fastnn
from fastnn import kernels
from fastnn._threadpool import enable_threadpoolctl
from fastnn.kernels.select import kernels_for
from fastnn.layers import Dense
from fastnn.optimizers import SGD, Adam, OptimizerState
from fastnn.plan import Plan

core = kernels_for("native")
TEAMS = (1, 2, 3, 7)
N, I, O = 517, 133, 150  # large enough that every kernel below takes a team


def _data(dtype, *shapes):
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape).astype(dtype) for shape in shapes]


def _network(dtype, activation="tanh"):
    plan = Plan.from_layers([Dense(96, activation), Dense(64, activation), Dense(10)], I, "cross_entropy", dtype)
    params = plan.initial_params(np.random.RandomState(0))
    x, z = _data(dtype, (N, I), (N, 10))
    y = np.eye(10, dtype=dtype)[z.argmax(axis=1)]
    return plan, params, x, y


def _train(dtype, optimizer, batch_size, n_threads):
    plan, params, x, y = _network(dtype)
    state = OptimizerState.zeros(optimizer, params)
    order = np.random.default_rng(1).permutation(N).astype(np.int64)
    rates = np.full(-(-N // batch_size), 1e-2)
    losses = core.fit_epoch(
        plan,
        params,
        x,
        y,
        None,
        order,
        batch_size,
        optimizer,
        state,
        rates,
        1e-3,
        1e-3,
        7,
        n_threads=n_threads,
    )
    return [np.array(losses), params, *state.slots]


def _kernel_calls(dtype):
    x, w, b, d_z = _data(dtype, (N, I), (I, O), (O,), (N, O))
    plan, params, rows, y = _network(dtype)

    def backward_params(**team):
        return kernels.dense_backward_params(x, d_z, **team)

    return {
        "dense_forward": lambda **team: [kernels.dense_forward(x, w, b, "gelu", **team)],
        "few rows": lambda **team: [kernels.dense_forward(x[:5].repeat(8, 1), w.repeat(8, 0), b, "tanh", **team)],
        "dense_backward_input": lambda **team: [kernels.dense_backward_input(d_z, w, **team)],
        "dense_backward_params": backward_params,
        "activation_forward": lambda **team: [kernels.activation_forward(d_z, "softmax", **team)],
        "loss_and_gradient": lambda **team: kernels.loss_and_gradient(d_z, d_z[::-1].copy(), "huber", **team),
        "network_forward": lambda **team: [kernels.network_forward(plan, params, rows, **team)],
        "network_gradient": lambda **team: kernels.network_gradient(plan, params, rows, y, **team),
        "sgd": lambda n_threads: _train(dtype, SGD(), 200, n_threads),
        "adam": lambda n_threads: _train(dtype, Adam(), 37, n_threads),
    }


@pytest.mark.parametrize("name", list(_kernel_calls(np.float32)))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_bits_do_not_depend_on_threads(name, dtype):
    call = _kernel_calls(dtype)[name]
    expected = [np.asarray(part).tobytes() for part in call(n_threads=1)]
    for team in TEAMS[1:]:
        assert [np.asarray(part).tobytes() for part in call(n_threads=team)] == expected, team


@pytest.mark.parametrize("activation", ["relu", "tanh", "softmax"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_row_does_not_depend_on_its_batch(dtype, activation):
    x, w, b = _data(dtype, (N, I), (I, O), (O,))
    whole = kernels.dense_forward(x, w, b, activation)
    for rows in (slice(0, 1), slice(3, 10), slice(N - 9, N)):
        part = kernels.dense_forward(np.ascontiguousarray(x[rows]), w, b, activation)
        assert part.tobytes() == whole[rows].tobytes()


def test_eight_python_threads_agree_with_serial_runs():
    expected = _train(np.float32, Adam(), 64, 2)[1].tobytes()
    found: list[bytes] = []

    def work() -> None:
        for _ in range(5):
            found.append(_train(np.float32, Adam(), 64, 2)[1].tobytes())

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(LONG)
    assert found == [expected] * 40


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_forked_child_computes():
    expected = _train(np.float32, Adam(), 64, 2)[1].tobytes()
    child = os.fork()
    if child == 0:
        signal.alarm(int(LONG))  # a hang would end here, by a signal
        same = _train(np.float32, Adam(), 64, 2)[1].tobytes() == expected
        os._exit(0 if same else 1)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_idle_pool_uses_no_processor_time():
    _train(np.float32, Adam(), 64, 2)
    time.sleep(patient(0.05))
    before = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - before < 0.1


INTERRUPTED = """
import os, signal, threading, time
import numpy as np
from fastnn.kernels.select import kernels_for
from fastnn.layers import Dense
from fastnn.optimizers import Adam, OptimizerState
from fastnn.plan import Plan

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored below a background job
core = kernels_for("native")
plan = Plan.from_layers([Dense(512, "relu"), Dense(10)], 256, "squared_error", np.float32)
params = plan.initial_params(np.random.RandomState(0))
x, y = np.ones((BATCH * 40, 256), np.float32), np.ones((BATCH * 40, 10), np.float32)
state, before = OptimizerState.zeros(Adam(), params), params.copy()
begun, sent = threading.Event(), []

def interrupt():
    begun.wait()
    time.sleep(0.3)
    sent.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=interrupt).start()
try:
    while True:
        begun.set()
        core.fit_epoch(plan, params, x, y, None, None, BATCH * 40 if FULL else BATCH, Adam(), state,
                       np.full(1 if FULL else 40, 1e-9), 0.0, 0.0, 0)
        before = params.copy()
except KeyboardInterrupt:
    assert time.perf_counter() - sent[0] < LIMIT
    assert params.tobytes() == before.tobytes()
    print("interrupted")
"""


@pytest.mark.parametrize("full", [True, False], ids=["one full batch", "mini-batches"])
def test_ctrl_c_ends_an_epoch_and_leaves_the_parameters(full):
    code = textwrap.dedent(INTERRUPTED).replace("BATCH", "5000").replace("FULL", str(full))
    code = code.replace("LIMIT", str(patient(0.5)))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=LONG)
    assert done.stdout.strip() == "interrupted", done.stderr


def test_threadpoolctl_sees_and_limits_the_pool():
    threadpoolctl = pytest.importorskip("threadpoolctl")
    enable_threadpoolctl()
    [info] = [info for info in threadpoolctl.threadpool_info() if info["user_api"] == "fastnn"]
    assert info["num_threads"] == fastnn.get_num_threads()
    assert info["version"] == fastnn.__version__
    try:
        with threadpoolctl.threadpool_limits(1, user_api="fastnn"):
            assert fastnn.get_num_threads() == 1
        assert fastnn.get_num_threads() == info["num_threads"]
    finally:
        fastnn.set_num_threads(None)


FLOATING_ENVIRONMENT = """
import sys
import numpy as np
tiny = np.array([sys.float_info.min / 2])
from fastnn import MLPClassifier
x, y = np.random.default_rng(0).normal(size=(400, 30)), np.arange(400) % 3
before = np.geterr()
MLPClassifier((64, 64), max_iter=3, tol=1, n_threads=2).fit(x, y).predict(x)
assert tiny[0] * 1.0 != 0 and (tiny * 1.0)[0] != 0, "subnormal numbers are flushed"
assert np.geterr() == before
print("untouched")
"""


def test_floating_point_environment_is_untouched():
    code = FLOATING_ENVIRONMENT
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=LONG)
    assert done.stdout.strip() == "untouched", done.stderr


def test_set_num_threads_and_context():
    before = fastnn.get_num_threads()
    try:
        fastnn.set_num_threads(3)
        assert fastnn.get_num_threads() == 3
        with fastnn.threads(1):
            assert fastnn.get_num_threads() == 1
        assert fastnn.get_num_threads() == 3
    finally:
        fastnn.set_num_threads(None)
    assert fastnn.get_num_threads() == before


@pytest.mark.parametrize(("value", "error"), [(0, ValueError), (-2, ValueError), (1.5, TypeError)])
def test_impossible_thread_counts(value, error):
    with pytest.raises(error, match=str(value)):
        fastnn.set_num_threads(value)


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="threads are counted as Linux shows them")
def test_small_calls_that_follow_each_other_get_a_team():
    """Not worth waking a worker each, but the first of them can see to it that the others find one awake."""
    code = """
        import os, sys, time
        import numpy as np
        from fastnn import _core, kernels
        x, w = np.ones((512, 32), np.float32), np.ones((32, 32), np.float32)
        out = np.empty((512, 32), np.float32)
        count = lambda: len(os.listdir("/proc/self/task"))
        before = count()
        _core.dense_forward(x, w, None, "relu", out, 2)
        time.sleep(0.05)
        _core.dense_forward(x, w, None, "relu", out, 2)
        assert count() == before, "calls with a pause between them are no series"
        quick, end = False, time.monotonic() + SECONDS
        while not quick and time.monotonic() < end:
            start = time.perf_counter()
            for _ in range(100):
                _core.dense_forward(x, w, None, "relu", out, 2)
            # Calls that begin half a millisecond apart are a series; an emulated processor needs longer for one.
            quick = time.perf_counter() - start < 100 * 2e-4
        assert count() == before + 1 or (count() == before and not quick), (before, count())
        assert (out == 32).all()
    """
    code = textwrap.dedent(code).replace("SECONDS", str(patient(5)))
    subprocess.run([sys.executable, "-c", code], check=True, timeout=LONG)
