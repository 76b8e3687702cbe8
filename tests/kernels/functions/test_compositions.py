"""Functions of functions: the ways in which people write softplus, mish and log-sigmoid come to the same code."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

pytest.importorskip("llvmlite")
pytest.importorskip("scipy")
from compiled_tiles import run_activation, run_loss
from scipy.special import expit, log_expit

pytestmark = pytest.mark.jit
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def _in_two_ways(z: float) -> float:
    return z + math.log1p(math.exp(-z)) if z > 0.0 else math.log1p(math.exp(z))


SOFTPLUS = {
    "log1p": lambda z: math.log1p(math.exp(z)),
    "log": lambda z: math.log(1.0 + math.exp(z)),
    "max": lambda z: max(z, 0.0) + math.log1p(math.exp(-abs(z))),
    "max, reversed": lambda z: math.log1p(math.exp(-abs(z))) + max(0.0, z),
    "maximum": lambda z: np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))),
    "maximum, reversed": lambda z: np.maximum(0, z) + np.log1p(np.exp(-np.abs(z))),
    "where": lambda z: np.where(z < 0.0, 0.0, z) + np.log(1.0 + np.exp(-np.abs(z))),
    "logaddexp": lambda z: np.logaddexp(0.0, z),
    "logaddexp, reversed": lambda z: np.logaddexp(z, 0.0),
    "in two ways": _in_two_ways,
}
LOG_SIGMOID = {
    "softplus": lambda z: -math.log1p(math.exp(-z)),
    "quotient": lambda z: math.log(1.0 / (1.0 + math.exp(-z))),
    "other side": lambda z: math.log(1.0 - 1.0 / (1.0 + math.exp(z))),
    "expit": lambda z: np.log(expit(z)),
    "expit's other side": lambda z: np.log(1.0 - expit(-z)),
    "log_expit": lambda z: log_expit(z),
}


def _numbers(dtype: Any) -> Any:
    odd = [0.0, -0.0, np.nan, np.inf, -np.inf, 1e-30, -1e-30, 1e4, -1e4, 89.0, -89.0, 711.0, -711.0]
    return np.array([*odd, *np.linspace(-40, 40, 401)], dtype)


def _wanted_softplus(z: Any) -> Any:
    z = z.astype(np.longdouble)
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def _require_softplus(a: Any, slope: Any, z: Any) -> None:
    eps, tiny = float(np.finfo(z.dtype).eps), 2 * float(np.finfo(z.dtype).smallest_normal)
    np.testing.assert_allclose(a, _wanted_softplus(z), rtol=4 * eps, atol=tiny)
    rate = 1 / (1 + np.exp(-z.astype(np.longdouble)))
    np.testing.assert_allclose(slope, rate, rtol=6 * eps, atol=tiny)


@DTYPES
@pytest.mark.parametrize("form", SOFTPLUS)
def test_softplus_is_known_however_it_is_written(form, dtype):
    z = _numbers(dtype)
    a, slope = run_activation(SOFTPLUS[form], z)
    with np.errstate(all="ignore"):
        _require_softplus(a, slope, z)
    for got, wanted in zip((a, slope), run_activation(SOFTPLUS["log1p"], z), strict=True):
        np.testing.assert_array_equal(got, wanted)  # the same code: a form that is not known differs in some bits


NO_SOFTPLUS = {
    "or another condition": lambda z: np.where((z > 0.0) | (z < -5.0), z, 0.0),
    "or another's NaN": lambda z: np.where((z > 0.0) | np.isnan(1.0 / (z + 5.0) - 1.0 / (z + 5.0)), z, 0.0),
    "and another condition": lambda z: np.where((z > 0.0) & (z < 5.0), z, 0.0),
    "another bound": lambda z: np.maximum(z, 1.0),
    "the other part": lambda z: np.minimum(z, 0.0),
}


@DTYPES
@pytest.mark.parametrize("part", NO_SOFTPLUS)
def test_what_only_looks_like_softplus_stays_what_it_is(part, dtype):
    z, linear = np.array([-7.5, -5.0, -2.0, -0.5, 0.5, 3.0, 7.5], dtype), NO_SOFTPLUS[part]
    function = lambda z: linear(z) + np.log1p(np.exp(-np.abs(z)))  # noqa: E731
    a, _ = run_activation(function, z)
    with np.errstate(all="ignore"):
        wanted = [function(each) for each in z]
    np.testing.assert_allclose(a, wanted, rtol=8 * float(np.finfo(dtype).eps))


@DTYPES
def test_a_factor_of_one_hides_nothing(dtype):
    """As functions of fastnn.jit.math have it, which make numbers of integers so."""
    z = _numbers(dtype)
    a, slope = run_activation(lambda z: math.log1p(1.0 * math.exp(z * 1)), z)
    _require_softplus(a, slope, z)


@DTYPES
@pytest.mark.parametrize("form", SOFTPLUS)
def test_so_is_mish(form, dtype):
    softplus, z = SOFTPLUS[form], _numbers(dtype)
    a, slope = run_activation(lambda z: z * np.tanh(softplus(z)), z)
    first = run_activation(lambda z: z * math.tanh(math.log1p(math.exp(z))), z)
    for got, wanted in zip((a, slope), first, strict=True):
        np.testing.assert_array_equal(got, wanted)
    finite = np.isfinite(z)
    exact = z[finite].astype(np.longdouble) * np.tanh(_wanted_softplus(z[finite]))
    np.testing.assert_allclose(a[finite], exact, rtol=6 * float(np.finfo(dtype).eps), atol=1e-36)
    assert np.isfinite(slope[finite]).all()


@DTYPES
@pytest.mark.parametrize("form", LOG_SIGMOID)
def test_so_is_log_sigmoid(form, dtype):
    z = _numbers(dtype)
    a, slope = run_activation(LOG_SIGMOID[form], z)
    with np.errstate(all="ignore"):
        _require_softplus(-a, slope, -z)


@DTYPES
def test_cross_entropy_of_a_sigmoid_is_finite_where_the_sigmoid_is_one(dtype):
    def loss(z, y):
        p = 1.0 / (1.0 + math.exp(-z))
        return -(y * math.log(p) + (1.0 - y) * math.log(1.0 - p))

    z, y = np.array([1000, -1000, 1000, -1000, 50, 0], dtype), np.array([1, 0, 0, 1, 0, 1], dtype)
    losses, d_z = run_loss(loss, z, y)
    np.testing.assert_allclose(losses, [0, 0, 1000, 1000, 50, math.log(2)], rtol=1e-6)
    np.testing.assert_allclose(d_z, [0, 0, 1, -1, 1, -0.5], rtol=1e-6, atol=1e-12)


NOT_SOFTPLUS = [
    lambda z: max(z, 1.0) + math.log1p(math.exp(-abs(z))),
    lambda z: min(z, 0.0) + math.log1p(math.exp(-abs(z))),
    lambda z: max(z, 0.0) + math.log1p(math.exp(-abs(z + 1.0))),
    lambda z: max(-z, 0.0) + math.log1p(math.exp(-abs(z))),
    lambda z: max(z, 0.0) + math.log1p(math.exp(abs(z))),
    lambda z: z + math.log1p(math.exp(z)),
    lambda z: 2.0 * z + math.log1p(math.exp(-z)),
    lambda z: math.log(2.0 / (1.0 + math.exp(-z))),
    lambda z: math.log(2.0 - 1.0 / (1.0 + math.exp(-z))),
]


@DTYPES
@pytest.mark.parametrize("function", NOT_SOFTPLUS, ids=range(len(NOT_SOFTPLUS)))
def test_what_only_looks_like_it_is_left_alone(function, dtype):
    z = np.linspace(-20, 20, 201, dtype=dtype)
    a, _ = run_activation(function, z)
    eps = float(np.finfo(dtype).eps)
    np.testing.assert_allclose(a, [function(float(each)) for each in z], rtol=8 * eps, atol=60 * eps)
