"""How many threads: who overrides whom."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

import fastnn
from fastnn import _cores


@pytest.fixture(autouse=True)
def _default_again():
    yield
    fastnn.set_num_threads(None)


def test_order_of_precedence():
    fastnn.set_num_threads(3)
    assert fastnn.get_num_threads() == 3
    with fastnn.threads(2):
        assert fastnn.get_num_threads() == 2
        with fastnn.threads(1):
            assert fastnn.get_num_threads() == 1
        assert fastnn.get_num_threads() == 2
    assert fastnn.get_num_threads() == 3


def test_the_context_belongs_to_its_thread():
    fastnn.set_num_threads(3)
    with fastnn.threads(1), ThreadPoolExecutor(1) as pool:
        assert pool.submit(fastnn.get_num_threads).result() == 3


def test_the_context_ends_on_an_exception():
    before = fastnn.get_num_threads()
    with pytest.raises(KeyError), fastnn.threads(before + 1):
        raise KeyError
    assert fastnn.get_num_threads() == before


@pytest.mark.parametrize("set_count", [fastnn.set_num_threads, lambda n: fastnn.threads(n).__enter__()])
def test_refused(set_count):
    for n in (0, -2):
        with pytest.raises(ValueError, match="wanted at least 1"):
            set_count(n)
    for n in (1.5, "2", True):
        with pytest.raises(TypeError, match="wanted an integer"):
            set_count(n)


def _count_with(**variables: str) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.endswith("NUM_THREADS")}
    code = "import fastnn; print(fastnn.get_num_threads())"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=clean | variables, capture_output=True, text=True)
    return done.stdout.strip() or done.stderr


def test_more_threads_than_kernels_can_be_told():
    fastnn.set_num_threads(10**30)
    assert fastnn.get_num_threads() == 2**31 - 1
    assert fastnn.kernels.dense_forward([[1.0]], [[2.0]], [3.0], n_threads=10**30).tolist() == [[5.0]]


def test_environment():
    assert _count_with(FASTNN_NUM_THREADS="5", OMP_NUM_THREADS="3") == "5"
    assert _count_with(OMP_NUM_THREADS="3,2") == "3"
    assert "FASTNN_NUM_THREADS='many', wanted" in _count_with(FASTNN_NUM_THREADS="many")


def test_granted_cores(monkeypatch):
    monkeypatch.setattr(_cores, "_affinity", lambda: {0, 1, 2, 3})
    monkeypatch.setattr(_cores, "_quota", lambda: float("inf"))
    monkeypatch.setattr(_cores, "_read", lambda path: "0,2" if path.parts[-3] in ("cpu0", "cpu2") else "")
    assert _cores.granted_cores() == 3  # 0 and 2 are one core
    monkeypatch.setattr(_cores, "_quota", lambda: 2.5)
    assert _cores.granted_cores() == 2
    monkeypatch.setattr(_cores, "_quota", lambda: 0.5)
    assert _cores.granted_cores() == 1


def test_quota_of_control_groups(monkeypatch):
    files = {
        "/proc/self/cgroup": "0::/pod/container",
        "/sys/fs/cgroup/pod/container/cpu.max": "max 100000",
        "/sys/fs/cgroup/pod/cpu.max": "150000 100000",
    }
    monkeypatch.setattr(_cores, "_read", lambda path: files.get(str(path), ""))
    assert _cores._quota() == 1.5  # the parent's limit holds for its children
    files = {
        "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1",
        "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
    }
    assert _cores._quota() == float("inf")
    files["/sys/fs/cgroup/cpu/cpu.cfs_quota_us"] = "200000"
    assert _cores._quota() == 2.0
