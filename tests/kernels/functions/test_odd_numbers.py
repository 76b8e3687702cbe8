"""Infinite slopes, long quotients and NaN: compiled functions give what Python does, or no number."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("llvmlite")
from compiled_tiles import run_activation, run_loss

from fastnn.dual_numbers import differentiated
from fastnn.kernels.jit.functions import object_code, tiles

pytestmark = pytest.mark.jit
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])

ENDING = {
    "sqrt": (lambda z: math.sqrt(max(z, 0.0)), [-2, -1e-3, 0.25, 4]),
    "power": (lambda z: max(z, 0.0) ** 0.5, [-2, -1e-3, 0.25, 4]),
    "other power": (lambda z: max(z, 0.0) ** 0.3, [-2, -1e-3, 0.25, 4]),
    "power that is not known": (lambda z: max(z, 0.0) ** abs(z - 2), [-2, -1e-3, 0.25, 4]),
    "power of zero": (lambda z: abs(z) ** (z + 1), [0]),
    "square": (lambda z: math.sqrt(z * z), [-2, 0, 2]),
    "cube root": (lambda z: np.cbrt(max(z, 0.0)), [-2, 0.25, 8]),
    "asin": (lambda z: math.asin(min(max(z, -1.0), 1.0)), [-3, -0.5, 0.5, 3]),
    "acos": (lambda z: math.acos(np.clip(z, -1, 1)), [-3, -0.5, 0.5, 3]),
    "acosh": (lambda z: math.acosh(max(z, 1.0)), [-3, 0.5, 3]),
}


@DTYPES
@pytest.mark.parametrize("name", ENDING)
def test_what_does_not_change_inside_has_no_slope(name, dtype):
    function, places = ENDING[name]
    z = np.array(places, dtype)
    expected = np.array([differentiated(function)(float(each)) for each in z])
    assert np.isfinite(expected).all()
    a, slope = run_activation(function, z)
    np.testing.assert_allclose(a, expected[:, 0], rtol=16 * np.finfo(dtype).eps)
    np.testing.assert_allclose(slope, expected[:, 1], rtol=16 * np.finfo(dtype).eps)


@DTYPES
def test_a_power_of_zero_with_an_exponent_that_is_not_known(dtype):
    z, y = np.zeros(3, dtype), np.array([0.5, 1, 3], dtype)
    losses, d_z = run_loss(lambda z, y: abs(z) ** y, z, y)
    np.testing.assert_array_equal(losses, 0)
    np.testing.assert_array_equal(d_z, [np.inf, 1, 0])


@DTYPES
def test_exponents_without_end(dtype):
    z = np.array([0.5, 1, 2], dtype)
    np.testing.assert_array_equal(run_activation(lambda z: z**math.inf, z)[0], [0, 1, np.inf])
    np.testing.assert_array_equal(run_activation(lambda z: z**math.nan, z)[0], [np.nan, 1, np.nan])


RESTS = {
    "%": lambda z, y: z % y,
    "fmod": lambda z, y: math.fmod(z, y),
    "remainder": lambda z, y: math.remainder(z, y),
}


@pytest.mark.parametrize("name", RESTS)
@pytest.mark.parametrize("has_fma", [True, False])
def test_rests_are_those_of_python(name, has_fma, monkeypatch):
    """Also where the quotient is rounded to the next whole number, as 1 / 0.1 is, and by infinity."""
    monkeypatch.setattr(tiles, "has_fma", lambda: has_fma and object_code.has_fma())
    divide = RESTS[name]
    dividends = [0.0, 0.3, 0.5, 1.0, 2.0, 3.7, 30.0, 88.5, 709.5, 1e9, 7 * 0.1, 1e-300]
    divisors = [0.1, 0.7, 1.0, 3.0, 1e-3, math.inf]
    pairs = [(s * z, t * y) for z in dividends for y in divisors for s in (1, -1) for t in (1, -1)]
    z, y = map(np.array, zip(*pairs, strict=True))
    expected = [divide(*pair) for pair in pairs]
    rests = run_loss(divide, z, y)[0]
    np.testing.assert_array_equal(rests, expected)
    np.testing.assert_array_equal(np.signbit(rests), np.signbit(expected))


@DTYPES
@pytest.mark.parametrize("name", RESTS)
def test_a_quotient_of_too_many_digits_leaves_no_number_instead_of_a_wrong_one(name, dtype):
    divide = RESTS[name]
    z = np.array([-1e30, -1e18, 1e18, 1e30, 2.0**60], dtype)
    assert np.isnan(run_activation(lambda z: divide(z, 0.7), z)[0]).all()
    np.testing.assert_array_equal(run_activation(lambda z: divide(z, 0.25), z)[0], 0)


def test_whole_quotients_are_those_of_python():
    z = np.array([math.inf, -math.inf, -5.0, 5.0, math.nan])
    np.testing.assert_array_equal(run_activation(lambda z: z // 0.5, z)[0], [math.nan, math.nan, -10, 10, math.nan])
    np.testing.assert_array_equal(run_activation(lambda z: 2 * z // math.inf, z)[0][2:], [-1, 0, math.nan])


@DTYPES
def test_what_levels_off_has_no_slope_there(dtype):
    z = np.array([0.0, 0.5], dtype)
    a, slope = run_activation(lambda z: (1 / z) ** -2, z)
    np.testing.assert_array_equal(a, z * z)
    np.testing.assert_array_equal(slope, 2 * z)
    zero = 0.0
    a, slope = run_activation(lambda z: math.tanh(z / zero), z[1:])
    np.testing.assert_array_equal([a, slope], [[1], [0]])


@DTYPES
@np.errstate(invalid="ignore")
def test_logaddexp(dtype):
    z = np.array([1, np.nan, np.inf, -np.inf], dtype)
    for function in (lambda z: np.logaddexp(1.0, z), lambda z: np.logaddexp(z, 1.0)):
        a, slope = run_activation(function, z)
        np.testing.assert_allclose(a, np.logaddexp(z, dtype(1)), rtol=1e-6)
        np.testing.assert_array_equal(slope[[0, 3]], [0.5, 0])
    a, _ = run_activation(lambda z: np.logaddexp(z, z), z)
    np.testing.assert_allclose(a, np.logaddexp(z, z), rtol=1e-6)


def test_without_an_operation_of_a_product_and_a_sum_nothing_calls_one(monkeypatch):
    """For each number that would be a call of the C library's."""
    monkeypatch.setattr(tiles, "has_fma", lambda: False)
    texts = [
        tiles._activation_text(math.tanh, None, np.float32),
        tiles._backward_text(math.tanh, None, np.float32),
        tiles._loss_text(lambda z, y: math.exp(z) - y * z, None, np.float32),
    ]
    assert ["@llvm.fma." in each for each in texts] == [False] * 3


def test_the_best_of_what_comes_one_by_one():
    function = lambda z: z * max(k for k in (1, 3, 2)) + min(map(abs, (-2, 5)), default=0) + max((), default=4)  # noqa: E731
    a, slope = run_activation(function, np.ones(1))
    assert (a, slope) == (9, 3)
