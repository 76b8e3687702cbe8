"""activation_forward and activation_backward of every backend."""

from __future__ import annotations

import math

import numpy as np
import pytest
from activation_cases import ALL, OF_NUMBERS
from gradcheck import assert_gradient
from oracle import check
from shapes import pairs

from fastnn import activations
from fastnn import kernels as public
from fastnn.kernels.select import kernels_for
from fastnn.layers import Dense
from fastnn.plan import Plan

# Slopes jump at some of these z; on them, a backend must take the side that the reference takes.
KINKS = np.array([[-3.0, -1.0, 0.0, 1.0, 3.0, -0.0, -0.5, 0.5, 6.0]])
FAR = np.array([[-1e20, -700.0, -90.0, -40.0, 40.0, 90.0, 700.0, 1e20]])


def _backward(backend, dtype, z, d_a, activation):
    a = np.empty_like(z)
    kernels_for("reference").activation_forward(z, ALL[activation], a)
    check(backend, "activation_backward", dtype, z=z, a=a, d_a=d_a, activation=ALL[activation])


@pytest.mark.parametrize("activation", ALL)
def test_at_all_sizes(backend, dtype, activation, rng):
    for shape in pairs(dtype):
        z, d_a = 3 * rng.normal(size=shape), rng.normal(size=shape)
        z = z.astype(dtype).astype(np.float64)
        check(backend, "activation_forward", dtype, z=z, activation=ALL[activation])
        _backward(backend, dtype, z, d_a, activation)


@pytest.mark.parametrize("activation", ALL)
def test_over_a_range(backend, dtype, activation, rng):
    z = np.linspace(-30, 30, 4001).reshape(1, -1) if activation in OF_NUMBERS else np.zeros((1, 3))
    z = z.astype(dtype).astype(np.float64)
    check(backend, "activation_forward", dtype, z=z, activation=ALL[activation])
    _backward(backend, dtype, z, np.ones_like(z), activation)


@pytest.mark.parametrize("activation", ALL)
def test_at_kinks(backend, dtype, activation):
    check(backend, "activation_forward", dtype, z=KINKS, activation=ALL[activation])
    _backward(backend, dtype, KINKS, np.ones_like(KINKS), activation)


@pytest.mark.parametrize("activation", ALL)
def test_far_out(backend, dtype, activation):
    check(backend, "activation_forward", dtype, z=FAR, activation=ALL[activation])
    _backward(backend, dtype, FAR, np.ones_like(FAR), activation)


@pytest.mark.parametrize("activation", ALL)
def test_nan_flows(backend, dtype, activation, rng):
    z = rng.normal(size=(5, 37))
    z[2, 1] = z[4, 36] = np.nan
    check(backend, "activation_forward", dtype, z=z, activation=ALL[activation])
    d_a = rng.normal(size=z.shape)
    d_a[1, 30] = np.nan
    _backward(backend, dtype, np.where(np.isnan(z), 1.0, z), d_a, activation)


@pytest.mark.parametrize("activation", [name for name in ALL if name != "sign"])
def test_gradient(backend, activation, rng):
    """d_z is the gradient of sum(d_a * a), away from kinks."""
    kernels, found = kernels_for(backend), ALL[activation]
    kinks = (0.0, *OF_NUMBERS[activation].kinks) if activation in OF_NUMBERS else ()
    z, d_a = rng.normal(size=(4, 5)), rng.normal(size=(4, 5))
    z[0, :2] = 2.5, 7.0
    for kink in kinks:
        z += 0.01 * (np.abs(z - kink) < 0.01) * np.where(z < kink, -1, 1)

    def value(at):
        a = np.empty_like(at)
        kernels.activation_forward(at, found, a)
        return float((d_a * a).sum())

    a, d_z = np.empty_like(z), np.empty_like(z)
    kernels.activation_forward(z, found, a)
    kernels.activation_backward(z, a, d_a, found, d_z)
    assert_gradient(d_z, value, z, activation)


def _cube(z: float) -> float:
    return z * z * z


def _cube_slope(z: float, a: float) -> float:
    return 3.0 * z * z


def test_a_users_activation(users_backend, dtype, rng):
    cube = activations.Activation("cube", value=_cube, slope=_cube_slope)
    for o in (1, 19, 300):
        z, d_a = rng.normal(size=(5, o)), rng.normal(size=(5, o))
        z = z.astype(dtype).astype(np.float64)
        check(users_backend, "activation_forward", dtype, z=z, activation=cube)
        check(users_backend, "activation_backward", dtype, z=z, a=z**3, d_a=d_a, activation=cube)


def test_a_dense_layer_with_a_users_activation(users_backend, dtype, rng):
    cube = activations.Activation("cube", value=_cube, slope=_cube_slope)
    x, w = rng.random((70, 9)).astype(dtype), rng.random((9, 21)).astype(dtype)
    out = public.dense_forward(x, w, None, cube, backend=users_backend)
    np.testing.assert_allclose(out, (x @ w) ** 3, rtol=100 * np.finfo(dtype).eps)


def test_a_users_activation_that_cannot_be_compiled(users_backend):
    """An error that says so wherever it has to be compiled."""
    odd = activations.Activation("odd", value=lambda z: eval("z"), slope=lambda z, a: 1.0)
    z = np.ones((2, 2))
    if users_backend == "reference":
        np.testing.assert_array_equal(public.activation_forward(z, odd, backend=users_backend), z)
        return
    with pytest.raises(TypeError, match="cannot be compiled"):
        public.activation_forward(z, odd, backend=users_backend)
    plan = Plan.from_layers([Dense(2, odd)], 2, "huber", np.float64)
    with pytest.raises(TypeError, match="cannot be compiled"):
        public.network_forward(plan, np.ones(6), z, backend=users_backend)


def test_a_users_activation_without_a_slope(users_backend, dtype, rng):
    """Derived; or none, for predictions alone, which the reference takes from any function."""
    derived, z = activations.Activation("cube", _cube), rng.normal(size=(5, 19)).astype(dtype)
    d_a = rng.normal(size=z.shape).astype(dtype)
    check(users_backend, "activation_forward", dtype, z=z, activation=derived)
    check(users_backend, "activation_backward", dtype, z=z, a=z**3, d_a=d_a, activation=derived)
    found = public.activation_backward(z, z**3, d_a, derived, backend=users_backend)
    given = activations.Activation("cube", _cube, _cube_slope)
    wanted = public.activation_backward(z, z**3, d_a, given, backend="reference")
    np.testing.assert_allclose(found, wanted, rtol=8 * float(np.finfo(dtype).eps))
    none = activations.Activation("gamma", math.gamma, has_slope=False)
    a = public.activation_forward(1 + z * z, none, backend="reference")
    np.testing.assert_allclose(a, [[math.gamma(1 + each * each) for each in row] for row in z], rtol=1e-6)


def test_a_users_own_may_have_any_name(users_backend):
    """Also that of a function of rows."""
    half = activations.Activation("softmax", value=lambda z: 0.5 * z, slope=lambda z, a: 0.5)
    z = np.array([[1.0, -2.0]])
    found = public.activation_backward(z, 0.5 * z, z, half, backend=users_backend)
    np.testing.assert_array_equal(found, 0.5 * z)
