"""Wide layers and few rows: whichever way the product goes through w, it is the same product, bit for bit.

Few rows go through w row by row, more of them take copies of it, and how many that are depends on the width.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from broken import misaligned

from fastnn import _core
from fastnn.activations import get
from fastnn.layers import Dense
from fastnn.plan import Plan

# (i, o): rows of w of some cache lines, of a multiple of them and of pages, and beside these; large in all at last.
SHAPES = [(9, 65), (33, 200), (17, 512), (65, 520), (30, 1000), (130, 1024), (129, 1027), (1100, 2048)]
COUNTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 15, 31, 32, 33, 70, 95, 96, 97]


def _layer(shape: tuple[int, int], dtype: Any, n: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(0)
    i, o = shape
    return tuple(rng.normal(size=size).astype(dtype) for size in ((n, i), (i, o), o))


def _forward(x: Any, w: Any, b: Any, activation: str, n_threads: int) -> Any:
    out = np.full((len(x), w.shape[1]), np.nan, x.dtype)
    _core.dense_forward(x, w, b, get(activation), out, n_threads)
    return out


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("n_threads", [1, 2])
def test_a_row_of_a_layer_does_not_depend_on_its_batch(dtype: Any, shape: Any, n_threads: int) -> None:
    x, w, b = _layer(shape, dtype, 100)
    for activation, bias in (("identity", None), ("relu", b), ("tanh", b)):
        whole = _forward(x, w, bias, activation, 1)
        z = x.astype("f8") @ w.astype("f8") + (0 if bias is None else b.astype("f8"))
        wanted = {"identity": z, "relu": np.maximum(z, 0), "tanh": np.tanh(z)}[activation]
        scale = shape[0] * np.finfo(dtype).eps
        np.testing.assert_allclose(whole, wanted, rtol=10 * scale, atol=10 * scale)
        for n in COUNTS if shape[0] < 1000 else (1, 5, 9, 33, 97):
            found = _forward(x[-n:], w, bias, activation, n_threads)
            np.testing.assert_array_equal(found, whole[-n:], strict=True, err_msg=f"{activation}, {n} rows")


@pytest.mark.parametrize("hidden", [(520,), (1024, 512), (200, 1000)], ids=str)
def test_nor_does_that_of_a_network(dtype: Any, hidden: tuple[int, ...]) -> None:
    layers = [Dense(units, activation) for units, activation in zip(hidden, ("relu", "silu"), strict=False)]
    plan = Plan.from_layers([*layers, Dense(10)], 60, "cross_entropy", dtype)
    params = plan.initial_params(0)
    x = np.random.default_rng(0).normal(size=(200, 60)).astype(dtype)
    whole = _core.network_answer(plan, params, x, plan.loss, False, True, 2)
    for n in COUNTS:
        found = _core.network_answer(plan, params, x[-n:], plan.loss, False, True, 1)
        np.testing.assert_array_equal(found, whole[-n:], strict=True, err_msg=f"{n} rows")


@pytest.mark.parametrize("shape", [(130, 1024), (33, 200)], ids=str)
def test_what_is_not_finite_stays_in_its_row_and_its_column(dtype: Any, shape: Any) -> None:
    x, w, b = _layer(shape, dtype, 40)
    wanted = _forward(x, w, b, "identity", 1)
    x[3, -1], w[0, 7], b[9] = np.nan, np.inf, np.nan
    touched = np.zeros((len(x), shape[1]), bool)
    touched[3], touched[:, [7, 9]] = True, True
    for n in (4, 5, 9, 40):
        found = _forward(x[:n], w, b, "identity", 1)
        np.testing.assert_array_equal(found[~touched[:n]], wanted[:n][~touched[:n]])
        assert not np.isfinite(found[touched[:n]]).any()


def test_zeros_have_the_signs_that_one_chain_gives_them(dtype: Any) -> None:
    w, b = np.full((40, 600), -0.0, dtype), np.full(600, -0.0, dtype)
    for n in (1, 7, 20, 96):
        assert np.signbit(_forward(np.ones((n, 40), dtype), w, b, "identity", 1)).all()


def test_a_misaligned_w_is_refused(dtype: Any) -> None:
    x, w, b = _layer((17, 512), dtype, 2)
    with pytest.raises(ValueError, match="w has shape"):
        _forward(x, misaligned(w), b, "identity", 1)
