"""How many threads: who overrides whom."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.base import clone

import fastnn
import fastnn.kernels


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


@pytest.mark.parametrize("huge", [2**31, 2**63, 10**30])
def test_a_count_above_all_machines_is_taken_as_the_most(huge):
    fastnn.set_num_threads(huge)
    assert fastnn.get_num_threads() == 4096
    fastnn.set_num_threads(None)
    with fastnn.threads(huge):
        assert fastnn.get_num_threads() == 4096


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer", "ignore::FutureWarning")
@pytest.mark.parametrize("huge", [2**31, 2**63, 10**30])
def test_everything_takes_such_a_count(huge):
    x, y = np.arange(30.0).reshape(10, 3), np.arange(10) % 2
    for model in (
        fastnn.MLPClassifier((3,), max_iter=2, random_state=0),
        fastnn.LogisticRegression(),
        fastnn.LogisticRegressionCV(cv=2),
        fastnn.Neuron(random_state=0),
    ):
        one, many = (clone(model).set_params(n_threads=n).fit(x, y).predict(x) for n in (1, huge))
        np.testing.assert_array_equal(one, many)
    for kernel in (
        lambda n: fastnn.kernels.dense_forward(x, x.T.copy(), None, n_threads=n),
        lambda n: fastnn.kernels.clip_by_norm(x.ravel().copy(), limit=1.0, n_threads=n),
    ):
        np.testing.assert_array_equal(kernel(1), kernel(huge))


def test_the_compiled_module_takes_it_too():
    x, outs = np.ones((300, 300)), np.empty((2, 300, 300))
    for out, n_threads in zip(outs, (1, 2**31), strict=True):
        fastnn.kernels.kernels_for("native").dense_forward(x, x, None, "relu", out, n_threads)
    np.testing.assert_array_equal(*outs)


def _count_with(**variables: str) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.endswith("NUM_THREADS")}
    code = "import fastnn; print(fastnn.get_num_threads())"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=clean | variables, capture_output=True, text=True)
    return done.stdout.strip() or done.stderr


def test_environment():
    assert _count_with(FASTNN_NUM_THREADS="5", OMP_NUM_THREADS="3") == "5"
    assert _count_with(OMP_NUM_THREADS="3,2") == "3"
    assert "FASTNN_NUM_THREADS='many', wanted" in _count_with(FASTNN_NUM_THREADS="many")
    assert "FASTNN_NUM_THREADS='0', wanted" in _count_with(FASTNN_NUM_THREADS="0")
    for huge in ("4294967296", "9" * 5000):
        assert _count_with(FASTNN_NUM_THREADS=huge) == _count_with(OMP_NUM_THREADS=huge) == "4096"
    assert _count_with(OMP_NUM_THREADS="0002") == "2"
