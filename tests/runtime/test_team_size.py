"""How large teams are: not above the CPUs, one in a crowd, as asked for in tests; and workers that keep their place."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from patience import LONG, wait_until

from fastnn.kernels.select import kernels_for

core = kernels_for("native")
pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="masks of CPUs are Linux's")

PRELUDE = """
import os, sys, time
import numpy as np
from fastnn import _core
from fastnn.layers import Dense
from fastnn.optimizers import Adam, OptimizerState
from fastnn.plan import Plan

cpus = sorted(os.sched_getaffinity(0))
x, w, out = np.ones((1000, 500), np.float32), np.ones((500, 500), np.float32), np.empty((1000, 500), np.float32)
started = len(os.listdir("/proc/self/task"))

def compute(n_threads):
    _core.dense_forward(x, w, None, "relu", out, n_threads)

plan = Plan.from_layers([Dense(200, "tanh"), Dense(500)], 500, "squared_error", np.float32)
params = plan.initial_params(0)
state = OptimizerState.zeros(Adam(), params)

def learn(n_threads):
    _core.fit_epoch(plan, params, x, out, None, None, 100, Adam(), state, np.full(10, 1e-9), 0.0, 0.0, 0, n_threads)

def workers():
    return len(os.listdir("/proc/self/task")) - started
"""


def _command(code: str) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(PRELUDE) + textwrap.dedent(code)]


def _environment(keep: bool) -> dict[str, str]:
    return os.environ | {"FASTNN_KEEP_TEAMS": "1" if keep else ""}


def _run(code: str, keep: bool = False) -> str:
    done = subprocess.run(_command(code), env=_environment(keep), capture_output=True, text=True, timeout=LONG)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_no_more_members_than_cpus():
    """Not even if more are asked for; and the CPUs are counted again."""
    _run("""
        os.sched_setaffinity(0, cpus[:1])
        compute(8)
        assert workers() == 0
        os.sched_setaffinity(0, cpus)
        time.sleep(0.05)
        compute(8)
        assert workers() == min(8, len(cpus)) - 1
        learn(2**20)
        assert workers() <= min(64, len(cpus)) - 1
    """)


def test_tests_get_the_teams_that_they_ask_for():
    _run("compute(7); assert workers() == 6", keep=True)
    _run("_core.keep_teams(True); compute(7); assert workers() == 6")


def test_too_many_threads_cost_little():
    """A fit with eight on two CPUs took four to fifteen times as long as with one."""
    ratio = _run("""
        from fastnn import LogisticRegression
        rng = np.random.default_rng(0)
        x = rng.normal(size=(30_000, 50))
        y = x @ rng.normal(size=50) + rng.logistic(size=30_000) > 0

        def seconds(n_threads):
            start = time.perf_counter()
            LogisticRegression(n_threads=n_threads).fit(x, y)
            return time.perf_counter() - start

        few, many = np.median([[seconds(1), seconds(8)] for _ in range(15)], axis=0)
        print(many / few)
    """)
    assert float(ratio) < 2


@pytest.fixture
def crowd() -> Iterator[None]:
    """Programs that want every CPU, several times."""
    count = 3 * len(os.sched_getaffinity(0))
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    yield
    for other in others:
        other.kill()
        other.wait()


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize("call", ["compute", "learn"])
def test_a_crowd_is_seen_and_forgotten(call):
    """By a kernel as by an epoch. Where a process has one CPU, it has no team that could lose time."""
    _run(f"""
        seen, end = len(cpus) == 1, time.monotonic() + {LONG / 2}
        while not seen and time.monotonic() < end:
            {call}(2)
            seen = _core.crowded_seconds() > 0
        assert seen
        assert _core.crowded_seconds() <= 0.2
        time.sleep(0.25)
        assert _core.crowded_seconds() == 0
    """)


def test_no_share_is_left_out_and_none_is_done_for_another_job(rng):
    """Jobs of all team sizes in turn; workers are late for most of them, and the caller does their shares."""
    x, w = rng.normal(size=(200, 64)), rng.normal(size=(64, 64))
    wanted = np.empty((200, 64))
    core.dense_forward(x, w, None, "identity", wanted, 1)
    out = np.empty_like(wanted)
    for turn in range(3000):
        rows = 200 - turn % 50
        out.fill(np.nan)
        core.dense_forward(x[:rows], w, None, "identity", out[:rows], 2 + turn % 6)
        assert out[:rows].tobytes() == wanted[:rows].tobytes()
        assert np.isnan(out[rows:]).all()


def _set_all(process: int, mask: set[int]) -> list[int]:
    threads = sorted(int(path.name) for path in Path(f"/proc/{process}/task").iterdir())
    for thread in threads:
        os.sched_setaffinity(thread, mask)
    return threads


def _come_to(threads: list[int], mask: set[int]) -> bool:
    """Whether all threads have the mask, which a worker may not for the moment in which it moves."""
    return wait_until(lambda: all(os.sched_getaffinity(thread) == mask for thread in threads))


def test_masks_that_others_set_stay():
    """Workers that part from their caller's CPU did undo them, now and then."""
    code = """
        compute(2)
        print("ready", flush=True)
        while True:
            learn(2)
            compute(2)
    """
    everywhere = os.sched_getaffinity(0)
    first, last = {min(everywhere)}, {max(everywhere)}
    trained = subprocess.Popen(_command(code), env=_environment(True), stdout=subprocess.PIPE, text=True)
    try:
        assert trained.stdout.readline() == "ready\n"
        for mask in (first, everywhere, last, everywhere) * 60:
            threads = _set_all(trained.pid, mask)
            time.sleep(0.005)
            assert _come_to(threads, mask)
    finally:
        trained.kill()
        trained.communicate()
