"""Pure Numba's matrix products: the same contract, and the compiled module's bits going forward."""

from __future__ import annotations

import numpy as np
import pytest
from apart import run_apart
from oracle import check_function

from fastnn import _core as core
from fastnn.activations import ACTIVATIONS
from fastnn.kernels import pieces

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


def test_relu_of_odd_numbers_has_the_bits_of_the_compiled_module(dtype):
    """NaN, infinities and a negative zero, in rows and columns of whole tiles and beside them."""
    x = np.resize(np.array([1, -1, -0.0, 0, np.inf, -np.inf, np.nan], dtype), (11, 1))
    w, b = np.resize(np.array([1, -0.0, -1, np.inf, 2], dtype), (1, 37)), np.full(37, -0.0, dtype)
    got, wanted = np.full((11, 37), 99, dtype), np.full((11, 37), 99, dtype)
    dense_loops.dense_forward(x, w, b, ACTIVATIONS["relu"], got)
    core.dense_forward(x, w, b, ACTIVATIONS["relu"], wanted, 1)
    np.testing.assert_array_equal(got, wanted)
    np.testing.assert_array_equal(np.signbit(got[wanted == 0]), np.signbit(wanted[wanted == 0]))


def test_a_row_does_not_depend_on_its_batch(dtype, rng):
    d_z, w = rng.normal(size=(19, 40)).astype(dtype), rng.normal(size=(33, 40)).astype(dtype)
    whole = np.full((19, 33), np.nan, dtype)
    dense_loops.dense_backward_input(d_z, w, whole)
    for n in (1, 9):
        for first in range(19 - n + 1):
            part = np.full((n, 33), np.nan, dtype)
            dense_loops.dense_backward_input(d_z[first : first + n], w, part)
            assert part.tobytes() == whole[first : first + n].tobytes()


def test_pieces_are_all_rows(monkeypatch, dtype, rng):
    """Of 16 rows each, where a call of all would be too long for Ctrl-C."""
    n, i, o = 53, 20, 17
    x, w, b, d_z = (rng.normal(size=shape).astype(dtype) for shape in ((n, i), (i, o), o, (n, o)))

    def products():
        out, d_x, d_w, d_b = (np.full(shape, np.nan, dtype) for shape in ((n, o), (n, i), (i, o), o))
        dense_loops.dense_forward(x, w, b, ACTIVATIONS["relu"], out)
        dense_loops.dense_backward_input(d_z, w, d_x)
        dense_loops.dense_backward_params(x, d_z, d_w, d_b)
        return out, d_x, d_w, d_b

    wanted = products()
    monkeypatch.setattr(pieces, "_WORK", 1)
    assert pieces.pieces(n, i * o) == [slice(0, 16), slice(16, 32), slice(32, 48), slice(48, 53)]
    for got, each in zip(products(), wanted, strict=True):
        np.testing.assert_array_equal(got, each)


def test_without_the_compiler(monkeypatch):
    """NUMBA_DISABLE_JIT=1: the tiles' bodies in Python."""
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    run_apart(
        """
        import numpy as np
        from fastnn.activations import ACTIVATIONS
        from fastnn.kernels.jit import dense_loops

        rng = np.random.default_rng(0)
        for n, i, o in (0, 3, 2), (1, 1, 1), (9, 33, 31), (17, 300, 65):
            x, w, d_z = (rng.normal(size=shape) for shape in ((n, i), (i, o), (n, o)))
            b = rng.normal(size=o)
            out, d_x, d_w, d_b = (np.full(shape, np.nan) for shape in ((n, o), (n, i), (i, o), o))
            for name in ("identity", "relu"):
                dense_loops.dense_forward(x, w, b, ACTIVATIONS[name], out)
                np.testing.assert_allclose(out, np.maximum(x @ w + b, 0 if name == "relu" else -np.inf), atol=1e-12)
            dense_loops.dense_backward_input(d_z, w, d_x)
            np.testing.assert_allclose(d_x, d_z @ w.T, atol=1e-12)
            dense_loops.dense_backward_params(x, d_z, d_w, d_b)
            np.testing.assert_allclose(d_w, x.T @ d_z, atol=1e-12)
            np.testing.assert_allclose(d_b, d_z.sum(axis=0), atol=1e-12)
        """
    )


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
