"""LLVM's instructions for nopython code: choices, one rounding, numbers after a pointer."""

from __future__ import annotations

import ctypes
import re

import numpy as np
import pytest
from numba import cfunc, njit, types
from numba.core.errors import TypingError

from fastnn.kernels.jit.functions import lanes

pytestmark = pytest.mark.jit

REALS = {np.float32: types.float32, np.float64: types.float64}


def test_fma_rounds_once(dtype):
    fused = njit(lambda a, b, c: lanes.fma(a, b, c))
    x = dtype(1) + np.finfo(dtype).eps
    low = fused(x, x, -(x * x))
    assert isinstance(low, float | np.floating)
    assert low == np.finfo(dtype).eps ** 2


def test_select_takes_no_branch(dtype):
    @njit
    def chosen(x, y):
        return lanes.select(x < y, x, y)

    assert chosen(dtype(1), dtype(2)) == 1
    assert chosen(dtype(3), dtype(2)) == 2
    assert chosen(dtype("nan"), dtype(2)) == 2
    (code, *_) = chosen.inspect_llvm().values()
    body = code.split("define ")[1].split("\n}")[0]
    assert re.search(r"select|fcmp", body)
    assert "phi" not in body
    assert "br i1" not in body


@pytest.mark.parametrize("arguments", [(True, 1.0, np.float32(1)), (1, 1.0, 1.0)])
def test_select_refuses_other_types(arguments):
    with pytest.raises(TypingError):
        njit(lambda c, a, b: lanes.select(c, a, b))(*arguments)


def test_load_and_store(dtype):
    pointer = types.CPointer(REALS[dtype])

    @cfunc(types.void(pointer, pointer, types.intp))
    def doubled(x, out, n):
        for k in range(-1, n):
            number = lanes.load(x, k)
            lanes.store(out, k, number + number)

    x, out = np.arange(6, dtype=dtype), np.full(6, -1, dtype)
    number = ctypes.c_float if dtype is np.float32 else ctypes.c_double
    doubled.ctypes(*(each[1:].ctypes.data_as(ctypes.POINTER(number)) for each in (x, out)), 4)
    np.testing.assert_array_equal(out, [0, 2, 4, 6, 8, -1])


def test_store_keeps_the_type():
    pointer = types.CPointer(types.float32)
    with pytest.raises(TypingError):

        @cfunc(types.void(pointer, types.float64))
        def wrong(out, number):
            lanes.store(out, 0, number)


@pytest.mark.parametrize(("name", "wanted"), [("rint", 2), ("floor", 2), ("ceil", 3), ("trunc", 2)])
def test_roundings(name, wanted, dtype):
    function = getattr(lanes, name)
    assert njit(lambda x: function(x))(dtype(2.5)) == wanted
