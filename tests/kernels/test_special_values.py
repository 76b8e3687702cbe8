"""What every activation and its slope are at infinities, NaN, signed zeros, subnormal and huge numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.special
from activation_cases import ALL, OF_NUMBERS, WITH_PARAMETERS

from fastnn import activations
from fastnn.kernels.select import kernels_for

INF = np.inf
by_name = pytest.mark.parametrize("name", OF_NUMBERS)


def value_and_slope(backend: str, name: str, z: Any, dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    """a and da/dz at numbers z, which begin a row of two vectors and more."""
    row = np.zeros((1, 35), dtype)
    row[0, : len(z)] = z
    a, slope = np.full_like(row, np.nan), np.full_like(row, np.nan)
    kernels, activation = kernels_for(backend), ALL[name]
    kernels.activation_forward(row, activation, a)
    kernels.activation_backward(row, a, np.ones_like(row), activation, slope)
    return a[0, : len(z)], slope[0, : len(z)]


def test_every_activation_of_numbers_is_here() -> None:
    of_numbers = {each.name for each in activations.ACTIVATIONS.values() if not each.by_row}
    assert set(OF_NUMBERS) == of_numbers | set(WITH_PARAMETERS)


@by_name
def test_infinities_give_the_limits(backend: str, dtype: Any, name: str) -> None:
    a, slope = value_and_slope(backend, name, [-INF, INF], dtype)
    np.testing.assert_allclose(a, OF_NUMBERS[name].limits[:2], rtol=2 * np.finfo(dtype).eps)
    np.testing.assert_allclose(slope, OF_NUMBERS[name].limits[2:], rtol=2 * np.finfo(dtype).eps)


@by_name
@pytest.mark.parametrize("size", [1e20, "largest"])
def test_huge_numbers_are_exact(backend: str, dtype: Any, name: str, size: Any) -> None:
    """Where the limit is infinite, the value is z times the slope there."""
    largest = dtype(0.9) * np.finfo(dtype).max  # selu is a little steeper than 1
    z = np.array([-1, 1], dtype) * (largest if size == "largest" else dtype(size))
    a, slope = value_and_slope(backend, name, z, dtype)
    limits, steepness = np.array(OF_NUMBERS[name].limits[:2]), np.array(OF_NUMBERS[name].limits[2:])
    with np.errstate(invalid="ignore"):
        wanted = np.where(np.isinf(limits), z.astype(np.float64) * steepness, limits)
    np.testing.assert_allclose(a, wanted, rtol=2 * np.finfo(dtype).eps)
    np.testing.assert_allclose(slope, steepness, rtol=2 * np.finfo(dtype).eps, atol=1e-39)


@by_name
def test_nan_stays(backend: str, dtype: Any, name: str) -> None:
    """Slopes of pieces that comparisons choose may be numbers, but the same in every backend."""
    a, slope = value_and_slope(backend, name, [np.nan], dtype)
    assert np.isnan(a).all()
    np.testing.assert_array_equal(slope, value_and_slope("reference", name, [np.nan], dtype)[1])


@by_name
def test_zeros_keep_their_sign(backend: str, dtype: Any, name: str) -> None:
    zeros = np.array([-0.0, 0.0], dtype)
    a, slope = value_and_slope(backend, name, zeros, dtype)
    np.testing.assert_allclose(a, 2 * [(OF_NUMBERS[name].at_zero or 0)], rtol=2 * np.finfo(dtype).eps)
    np.testing.assert_allclose(slope, value_and_slope("reference", name, zeros, dtype)[1], rtol=4 * np.finfo(dtype).eps)
    if OF_NUMBERS[name].at_zero is None:
        np.testing.assert_array_equal(np.signbit(a), np.signbit(zeros))


@by_name
def test_subnormal_numbers(backend: str, dtype: Any, name: str) -> None:
    """So near to zero a function is its tangent, to one unit of the subnormal numbers."""
    info = np.finfo(dtype)
    size = np.array([1, 2, 3, 1000], dtype) * info.smallest_subnormal
    z = np.concatenate([size, [info.smallest_normal / 2], -size])
    a, slope = value_and_slope(backend, name, z, dtype)
    steepness = value_and_slope("reference", name, z, dtype)[1]
    np.testing.assert_allclose(slope, steepness, rtol=4 * info.eps)
    wanted = np.sign(z) if name == "sign" else (OF_NUMBERS[name].at_zero or 0) + steepness.astype(np.float64) * z
    np.testing.assert_allclose(a.astype(np.float64), wanted, rtol=2 * info.eps, atol=float(info.smallest_subnormal))


@by_name
def test_scalar_form(name: str) -> None:
    """The registry's functions of one float have the same limits."""
    activation = ALL[name]
    assert activation.value is not None and activation.slope is not None
    for z, limit, slope in zip((-INF, INF), OF_NUMBERS[name].limits[:2], OF_NUMBERS[name].limits[2:], strict=True):
        a = activation.value(z)
        np.testing.assert_allclose([a, activation.slope(z, a)], [limit, slope], rtol=1e-15)
    assert np.isnan(activation.value(np.nan))
    if OF_NUMBERS[name].at_zero is None:
        assert np.signbit(activation.value(-0.0)) and not np.signbit(activation.value(0.0))


ROWS = [
    [-INF, 0, 1],
    [INF, 0, 1],
    [INF, INF, 0],
    [INF, -INF, 0],
    [-INF, -INF, -INF],
    [np.nan, 0, 1],
    [1e20, -1e20, 0],
    [-1e20, -1e20, -1e20],
    [1e-45, -1e-45, -0.0],
]


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_rows(backend: str, dtype: Any, name: str, row: list[float]) -> None:
    """As SciPy's: an infinity that a row's largest number is makes NaN; else, and for 1e20, they are exact."""
    z, activation = np.array([row], dtype), activations.get(name)
    a, d_z = np.full_like(z, np.nan), np.full_like(z, np.nan)
    kernels_for(backend).activation_forward(z, activation, a)
    with np.errstate(all="ignore"):
        wanted = getattr(scipy.special, name)(z.astype(np.float64), axis=1)
    np.testing.assert_allclose(a, wanted, rtol=4 * np.finfo(dtype).eps)
    kernels_for(backend).activation_backward(z, a, np.ones_like(z), activation, d_z)
    np.testing.assert_array_equal(np.isnan(d_z), np.isnan(_reference_backward(a, activation)))


def _reference_backward(a: np.ndarray, activation: activations.Activation) -> np.ndarray:
    d_z = np.empty_like(a)
    kernels_for("reference").activation_backward(a, a, np.ones_like(a), activation, d_z)
    return d_z
