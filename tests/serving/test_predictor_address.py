"""Predictors without Python around them: a function and a handle for ctypes and Numba."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
import pytest
from oracle import assert_guards, guarded
from same_bits import assert_same_bits

from fastnn import Dense, LogisticRegression, Network, compile_predict

FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_ssize_t)
rng = np.random.default_rng(0)
X = rng.normal(size=(203, 12))


@pytest.fixture
def net(dtype: Any) -> Network:
    return Network([Dense(33, "tanh"), Dense(5)], n_inputs=12, loss="cross_entropy", dtype=dtype, random_state=0)


@pytest.mark.parametrize("n", [0, 1, 2, 9, 203])
def test_ctypes(n: int, net: Network, dtype: Any) -> None:
    p = compile_predict(net, "predict")
    function, handle = p.address
    x = guarded(X[:n], dtype, False)
    out = guarded(np.full((n, p.n_outputs), np.nan), dtype, True)
    assert FUNCTION(function)(handle, x.ctypes.data, out.ctypes.data, n) == 0
    assert_same_bits(out, net.predict(x))
    assert_guards("out", out)


def test_classes_are_numbers(dtype: Any) -> None:
    y = np.array(["no", "maybe", "yes"])[np.arange(203) % 3]
    for labels in (y, y == "no"):
        model = LogisticRegression().fit(X.astype(dtype), labels)
        p = compile_predict(model, "predict")
        function, handle = p.address
        x, out = X.astype(dtype), np.empty(203, dtype)
        assert FUNCTION(function)(handle, x.ctypes.data, out.ctypes.data, 203) == 0
        np.testing.assert_array_equal(p.classes[out.astype(int)], model.predict(x))


@pytest.mark.jit
def test_numba(net: Network, dtype: Any) -> None:
    from numba import njit

    p = compile_predict(net, "predict")
    address, handle = p.address
    function = FUNCTION(address)

    @njit
    def each_row(handle, x, out):  # type: ignore[no-untyped-def]
        status = 0
        for r in range(len(x)):
            status |= function(handle, x[r].ctypes.data, out[r].ctypes.data, 1)
        return status

    x, out = X.astype(dtype), np.empty((203, 5), dtype)
    assert each_row(handle, x, out) == 0
    assert_same_bits(out, net.predict(x))
