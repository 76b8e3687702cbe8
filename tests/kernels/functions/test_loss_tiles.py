"""Users' losses as tile functions: losses, and their derivatives by the raw output."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from compiled_tiles import differences, run_loss, run_loss_sum

from fastnn.kernels.jit.functions import tiles

pytestmark = pytest.mark.jit

DTYPES = [np.float32, np.float64]


def _huber(z, y):
    r = z - y
    return 0.5 * r * r if abs(r) <= 1.35 else 1.35 * (abs(r) - 0.675)


LOSSES = {
    "squared": lambda z, y: 0.5 * (z - y) ** 2,
    "huber": _huber,
    "log_cosh": lambda z, y: abs(z - y) + math.log1p(math.exp(-2 * abs(z - y))) - math.log(2),
    "poisson": lambda z, y: math.exp(z) - y * z,
    "cauchy": lambda z, y: math.log1p((z - y) ** 2),
    "cross-entropy": lambda z, y: max(z, 0.0) - z * y + math.log1p(math.exp(-abs(z))),
    "weighted by the target": lambda z, y: (1 + y * y) * (z - y) ** 2 if y > 0 else abs(z),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", LOSSES)
def test_losses(name, dtype):
    function, rng = LOSSES[name], np.random.default_rng(1)
    z, y = rng.normal(size=(2, 333)).astype(dtype)
    losses, d_z = run_loss(function, z, y)
    pairs = list(zip(z.astype(np.float64), y.astype(np.float64), strict=True))
    unit = np.finfo(dtype).eps
    expected = np.array([function(*each) for each in pairs])
    np.testing.assert_allclose(losses, expected, rtol=10 * unit, atol=10 * unit)
    steps = 1e-3, 5e-4
    fine, coarse = ([differences(lambda x, y=y: function(x, y), np.array([x]), h)[0] for x, y in pairs] for h in steps)
    is_smooth = np.isclose(fine, coarse, 1e-5, 1e-5)
    assert is_smooth.mean() > 0.95
    tolerance = 1e-7 + 40 * unit
    np.testing.assert_allclose(d_z[is_smooth], np.array(fine)[is_smooth], rtol=tolerance, atol=tolerance)


def test_a_given_slope_of_a_loss_is_used():
    z, y = np.linspace(-2, 2, 9), np.ones(9)
    _, d_z = run_loss(LOSSES["squared"], z, y, lambda z, y: 5 * (z - y))
    np.testing.assert_allclose(d_z, 5 * (z - y))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ["huber", "poisson"])
@pytest.mark.parametrize("count", [0, 1, 7, 31, 32, 33, 255, 256, 257, 288, 1000])
def test_a_sum_of_losses(name, dtype, count):
    """Of as many as there are: those that fill up a vector are not zero, and those behind it are NaN."""
    z, y = np.full((2, count + 64), np.nan, dtype)
    z[:count], y[:count] = np.random.default_rng(count).normal(size=(2, count))
    scale = float(dtype(0.3))
    losses, slopes = run_loss(LOSSES[name], z[:count], y[:count])
    found, d_z = run_loss_sum(LOSSES[name], z[:count], y[:count], scale)
    assert found == pytest.approx(losses.sum(dtype=np.float64), rel=20 * float(np.finfo(dtype).eps))
    np.testing.assert_array_equal(d_z, slopes * dtype(scale))


def test_what_fills_up_a_vector_is_no_loss():
    z = np.array([1.0, 2.0, 4.0])
    assert run_loss_sum(lambda z, y: 1 / z + math.exp(y), z, np.zeros(3), 1.0)[0] == 4.75
    assert run_loss_sum(lambda z, y: 1 / z + math.exp(y), z[:0], z[:0], 1.0)[0] == 0


def test_a_long_sum_of_float32_keeps_its_digits():
    z = np.full(1 << 22, 0.1, np.float32)
    found, _ = run_loss_sum(lambda z, y: z, z, z, 1.0)
    assert found == pytest.approx(z.size * float(z[0]), rel=1e-6)  # which sums in float32 alone would not be


def _body_of_both(value, dtype=np.float32):
    text = tiles._loss_text(value, None, dtype)
    return text[text.index("@both") : text.index("@sums")]


def test_slopes_of_squares_and_sizes_have_no_factors_left():
    """0.5 (z - y)^2 has the slope z - y, which is there already, however it is written."""
    for square in (
        lambda z, y: 0.5 * (z - y) ** 2,
        lambda z, y: 0.5 * (z - y) * (z - y),
        lambda z, y: 0.5 * abs(z - y) * abs(z - y),
        lambda z, y: (z - y) * (z - y) / 2.0,
    ):
        assert _body_of_both(square).count("fmul") + _body_of_both(square).count("fmuladd") <= 2
        z, y = np.array([[3.0, -2.0, 0.0, 1e200], [1.0, 1.0, 0.0, -1e200]])
        losses, d_z = run_loss(square, z, y)
        np.testing.assert_array_equal(d_z, z - y)
        np.testing.assert_array_equal(losses, [2.0, 4.5, 0.0, np.inf])


def test_slopes_with_factors():
    z, y = np.array([[3.0, -2.0, 0.5, -0.25], [1.0, 2.0, 3.0, 4.0]])
    for value, slope in (
        (lambda z, y: 3 * abs(z) * 2, lambda z, y: 6 * np.sign(z)),
        (lambda z, y: 4 * abs(z) * z, lambda z, y: 8 * abs(z)),
        (lambda z, y: abs(z) * abs(y), lambda z, y: np.sign(z) * y),
        (lambda z, y: 1e200 * (z * 1e-200) * (y + 1e-9 * z), lambda z, y: y + 2e-9 * z),
        (lambda z, y: abs(z - y) * abs(z), lambda z, y: np.sign(z - y) * abs(z) + abs(z - y) * np.sign(z)),
        (lambda z, y: max(z, y) * abs(z) * 0.5, None),
    ):
        _, d_z = run_loss(value, z, y)
        wanted = [differences(partial(value, y=each), at)[0] for at, each in zip(z[:, None], y, strict=True)]
        np.testing.assert_allclose(d_z, wanted, rtol=1e-9)
        if slope is not None:
            np.testing.assert_allclose(d_z, slope(z, y), rtol=1e-14)


@pytest.mark.parametrize("dtype", DTYPES)
def test_powers_of_two_by_one_operation_or_several_give_the_same_bits(dtype, monkeypatch):
    """On a machine without AVX-512 both are the same code."""
    z = np.concatenate([np.linspace(-800, 800, 4001), [np.nan, np.inf, -np.inf, -0.0]]).astype(dtype)
    for value in (lambda z, y: math.exp(z), lambda z, y: math.exp(-abs(z)), lambda z, y: y * 2**z):
        found = run_loss(value, z, np.ones_like(z))
        with monkeypatch.context() as patch:
            patch.setattr(tiles, "has_scale", lambda: False)
            assert "scalef" not in tiles._loss_text(value, None, dtype)
            np.testing.assert_array_equal(run_loss(value, z, np.ones_like(z)), found)


@pytest.mark.parametrize("dtype", DTYPES)
def test_log_cosh_as_one_writes_it(dtype):
    """cosh overflows from 89 on in float32, its logarithm does not; near zero no digits are lost."""
    r = np.array([0.0, 1e-4, 0.01, 0.124, 0.126, 0.5, 0.9, 3.0, 40.0, 1e4, 1e30], dtype)
    r = np.concatenate([r, -r, np.linspace(-1, 1, 501, dtype=dtype)])
    losses, d_z = run_loss(lambda z, y: math.log(math.cosh(z - y)), r, np.zeros_like(r))
    unit, size = float(np.finfo(dtype).eps), np.abs(r.astype(np.longdouble))
    exact = size + np.log1p(np.exp(-2 * size)) - np.log(np.longdouble(2))
    small = size < 0.02
    exact[small] = (size**2 / 2 - size**4 / 12 + size**6 / 45 - size**8 * 17 / 2520)[small]
    np.testing.assert_allclose(losses, exact.astype(np.float64), rtol=32 * unit)
    np.testing.assert_allclose(d_z, np.tanh(r.astype(np.float64)), rtol=4 * unit)
    losses, d_z = run_loss(lambda z, y: math.log(np.cosh(2 * z)), np.array([np.nan, np.inf, -np.inf]), np.zeros(3))
    np.testing.assert_array_equal(losses, [np.nan, np.inf, np.inf])
    np.testing.assert_array_equal(d_z, [np.nan, 2, -2])
