"""Pure Numba's matrix products: the same contract, and the compiled module's bits going forward."""

from __future__ import annotations

import numpy as np
import pytest
from oracle import check_function

from fastnn import _core as core
from fastnn.activations import ACTIVATIONS

pytest.importorskip("numba")
from fastnn.kernels.jit import dense_loops

pytestmark = pytest.mark.jit
# Around the tiles' sizes, and a depth of more than one block.
SHAPES = [(1, 1, 1), (3, 5, 7), (8, 4, 32), (9, 33, 31), (17, 300, 65), (4, 2, 1), (1, 40, 33), (33, 1, 64)]
SHAPE = pytest.mark.parametrize("n, i, o", SHAPES)


@SHAPE
@pytest.mark.parametrize("activation", ["identity", "relu", "tanh", "softmax"])
@pytest.mark.parametrize("has_bias", [True, False])
def test_dense_forward(n, i, o, activation, has_bias, dtype, rng):
    x, w, b = rng.normal(size=(n, i)), rng.normal(size=(i, o)), rng.normal(size=o) if has_bias else None
    check_function(dense_loops.dense_forward, "dense_forward", dtype, x=x, w=w, b=b, activation=activation)


@SHAPE
def test_dense_backward_input(n, i, o, dtype, rng):
    given = {"d_z": rng.normal(size=(n, o)), "w": rng.normal(size=(i, o))}
    check_function(dense_loops.dense_backward_input, "dense_backward_input", dtype, **given)


@SHAPE
def test_dense_backward_params(n, i, o, dtype, rng):
    given = {"x": rng.normal(size=(n, i)), "d_z": rng.normal(size=(n, o))}
    check_function(dense_loops.dense_backward_params, "dense_backward_params", dtype, **given)


@SHAPE
def test_forward_has_the_bits_of_the_compiled_module(n, i, o, dtype, rng):
    """One chain of fused multiply-adds, the bias first; where the module has them."""
    x, w, b = (rng.normal(size=shape).astype(dtype) for shape in ((n, i), (i, o), o))
    got, wanted = np.full((n, o), np.nan, dtype), np.full((n, o), np.nan, dtype)
    dense_loops.dense_forward(x, w, b, ACTIVATIONS["identity"], got)
    core.dense_forward(x, w, b, ACTIVATIONS["identity"], wanted, 1)
    if core.simd_level() == "base":  # which rounds each product by itself
        np.testing.assert_allclose(got, wanted, atol=8 * i * float(np.finfo(dtype).eps))
    else:
        np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("n, i, o", [(0, 3, 4), (3, 0, 4), (3, 4, 0), (0, 0, 0)])
def test_of_nothing(n, i, o, dtype):
    x, w, b, d_z = np.ones((n, i), dtype), np.ones((i, o), dtype), np.ones(o, dtype), np.ones((n, o), dtype)
    out, d_x = np.full((n, o), np.nan, dtype), np.full((n, i), np.nan, dtype)
    d_w, d_b = np.full((i, o), np.nan, dtype), np.full(o, np.nan, dtype)
    dense_loops.dense_forward(x, w, b, ACTIVATIONS["identity"], out)
    dense_loops.dense_backward_input(d_z, w, d_x)
    dense_loops.dense_backward_params(x, d_z, d_w, d_b)
    np.testing.assert_array_equal(out, np.ones((n, o)))
    np.testing.assert_array_equal(d_x, np.full((n, i), o))
    np.testing.assert_array_equal(d_w, np.full((i, o), n))
    np.testing.assert_array_equal(d_b, np.full(o, n))
