"""Networks in all that Numba compiles, and without its compiler."""

from __future__ import annotations

import ctypes
import gc
import os
from threading import Thread

import numpy as np
import pytest
from apart import run_apart
from jit_loops import parallel_rows, rows
from numba import carray, cfunc, float32, guvectorize, njit, set_num_threads, types, vectorize

from fastnn import Dense, Network

pytestmark = pytest.mark.jit

X = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)


def network(seed=0, o=1):
    return Network([Dense(9, "tanh"), Dense(5, "relu"), Dense(o)], 2, random_state=seed)


def test_vectorize():
    model = network()
    net = model.jit()

    @vectorize([float32(float32, float32)])
    def both(a, b):
        row = np.array([a, b])
        return net(row)

    del net
    gc.collect()
    np.testing.assert_array_equal(both(X[:, 0], X[:, 1]), model.predict(X)[:, 0])


@pytest.mark.parametrize("target", ["cpu", "parallel"])
def test_guvectorize(target):
    model = network(o=3)
    net = model.jit()

    @guvectorize([(float32[::1], float32[::1], float32[::1])], "(i),(o)->(o)", target=target)
    def predict(x, like, out):
        net.row(x, out)

    np.testing.assert_array_equal(predict(X, np.empty(3, np.float32)), model.predict(X))


def test_cfunc():
    model = network()
    net = model.jit()

    @cfunc(types.float32(types.CPointer(types.float32)))
    def value(x):
        return net(carray(x, 2))

    call = ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_void_p)(value.address)
    got = [call(row.ctypes.data) for row in X]
    np.testing.assert_array_equal(np.float32(got), model.predict(X)[:, 0])


def test_a_global_keeps_its_weights():
    net = network(0).jit()

    @njit
    def value(x):
        return net(x)

    want = network(0).predict(X[:1])[0, 0]
    assert value(X[0]) == want
    net = network(1).jit()
    gc.collect()
    assert value(X[0]) == want != network(1).predict(X[:1])[0, 0]


@pytest.mark.parametrize("n_threads", [1, 2])
def test_threads_of_numba(n_threads):
    model = network(o=3)
    x = np.tile(X, (100, 1))
    set_num_threads(min(n_threads, os.cpu_count() or 1))
    try:
        out = np.empty((len(x), 3), np.float32)
        parallel_rows(model.jit(), x, out)
    finally:
        set_num_threads(os.cpu_count() or 1)
    np.testing.assert_array_equal(out, model.predict(x))


def test_threads_of_python():
    """Each with a network of its own, of one architecture."""
    nogil = njit(nogil=True)(rows.py_func)
    models = [network(seed, 3) for seed in range(4)]
    outs = [np.empty((len(X), 3), np.float32) for _ in models]

    def work(model, out):
        for _ in range(50):
            nogil(model.jit(), X, out)

    threads = [Thread(target=work, args=each) for each in zip(models, outs, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for model, out in zip(models, outs, strict=True):
        np.testing.assert_array_equal(out, model.predict(X))


def test_in_a_tuple_and_in_another_function():
    models = [network(seed) for seed in (0, 1)]

    @njit
    def one(net, x):
        return net(x)

    @njit
    def of_two(nets, x):
        return one(nets[0], x) - one(nets[1], x)

    want = models[0].predict(X[:1]) - models[1].predict(X[:1])
    assert of_two(tuple(model.jit() for model in models), X[0]) == want[0, 0]


def test_without_the_compiler(monkeypatch):
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    run_apart(
        """
        import numpy as np
        from jit_loops import batch, call, gradient, rows
        from fastnn import Dense, Network

        model = Network([Dense(9, "tanh"), Dense(3)], 2, "cross_entropy", random_state=0)
        net, x = model.jit(), np.ones((4, 2), np.float32)
        for run in (rows, batch):
            out = np.full((4, 3), np.nan, np.float32)
            run(net, x, out)
            assert np.array_equal(out, model.predict(x))
        assert np.array_equal(call(net, x[0]), model.predict(x)[0])
        d_x = np.empty((3, 2), np.float32)
        gradient(net, x[0], d_x)
        assert np.array_equal(d_x, model.input_gradient(x[:1], link=True)[0])
        """
    )


def test_numba_is_imported_when_it_is_needed():
    run_apart(
        """
        import sys
        from fastnn import Dense, LogisticRegression, MLPClassifier, Network
        model = Network([Dense(1)], 2)
        assert "numba" not in sys.modules
        model.jit()
        assert "numba" in sys.modules
        """
    )


def test_nothing_is_allocated():
    """No call into Numba's runtime, nor one that could want memory, is in a loop over rows."""
    loop = njit(rows.py_func)
    model = network()
    x, out = X, np.empty((len(X), 1), np.float32)
    loop(model.jit(), x, out)
    [code] = loop.inspect_asm().values()
    assert "NRT_Allocate" not in code
    assert "malloc" not in code
