"""Functions that users write, compiled by Numba to loops."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from numba import njit

from fastnn import loss_functions, losses
from fastnn.activations import ACTIVATIONS, Activation
from fastnn.kernels.jit import backend as jit
from fastnn.kernels.jit import loss as jit_loss
from fastnn.kernels.jit import style
from fastnn.kernels.jit.compiler import compile_activation, compile_scalar

SCALE = 1.5
ELEMENTWISE = [each for each in ACTIVATIONS.values() if not each.by_row]
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def _gate(z: float) -> float:
    return 1 / (1 + math.exp(-SCALE * z))


def swish(z: float) -> float:
    return z * _gate(z)


def swish_slope(z: float, a: float) -> float:
    gate = _gate(z)
    return gate + SCALE * z * gate * (1 - gate)


def halve(z: float, a: float) -> float:
    return 0.5


SWISH = Activation("swish", value=swish, slope=swish_slope)


def samples(dtype: type) -> np.ndarray:
    """z (5, 7), read-only, with kinks and numbers at which exp overflows."""
    z = np.random.default_rng(3).normal(scale=3, size=(5, 7)).astype(dtype)
    z[0] = [0, 1, -1, 3, -3, 30, -30]
    z.flags.writeable = False
    return z


def assert_close(got: np.ndarray, want: np.ndarray) -> None:
    """To a few roundings of got's dtype."""
    eps = np.finfo(got.dtype).eps
    np.testing.assert_allclose(got, want, rtol=8 * eps, atol=8 * np.finfo(np.float64).eps)


# --- scalars ------------------------------------------------------------------------------------


def test_scalar_equals_python():
    compiled = compile_scalar(swish)
    for z in (-4.0, -0.0, 0.25, 9.0):
        assert compiled(z) == pytest.approx(swish(z), rel=1e-15)


def test_scalar_is_compiled_once_for_each_function():
    def first(z: float) -> float:
        return z + 1

    def second(z: float) -> float:
        return z + 2

    assert compile_scalar(first) is compile_scalar(first)
    assert compile_scalar(first) is not compile_scalar(second)
    assert (compile_scalar(first)(1.0), compile_scalar(second)(1.0)) == (2.0, 3.0)


def test_closures_of_one_definition_are_different_functions():
    def power(exponent: float):
        return lambda z: z**exponent

    square, cube = power(2.0), power(3.0)
    assert compile_scalar(square)(3.0) == pytest.approx(9)
    assert compile_scalar(cube)(3.0) == pytest.approx(27)


def test_helpers_of_a_helper_and_of_a_closure_are_compiled():
    def outer(z: float) -> float:
        return swish(z) + inner(z)

    def inner(z: float) -> float:
        return _gate(z)

    assert compile_scalar(outer)(0.5) == pytest.approx(swish(0.5) + _gate(0.5))
    assert compile_scalar(_gate) is not _gate
    assert not hasattr(_gate, "py_func"), "the user's module must stay as it was"


def test_defaults_are_kept():
    compiled = compile_activation(lambda z, scale=0.25: z * scale, halve)
    a = np.array([4.0])
    compiled.value(a)
    assert a == 1


def test_builtin_and_compiled_functions_are_taken():
    assert compile_scalar(math.tanh)(0.5) == pytest.approx(math.tanh(0.5))
    already = njit(lambda z: z * 3)
    assert compile_scalar(already) is already


def test_nan_and_infinity_pass():
    compiled = compile_scalar(lambda z: z - z)
    assert math.isnan(compiled(math.inf))
    assert math.isnan(compile_scalar(lambda z: max(z, 0.0))(math.nan))
    assert compile_scalar(lambda z: 1 / z)(0.0) == math.inf
    assert compile_scalar(lambda z: math.exp(z))(1000.0) == math.inf


def test_sums_keep_their_order():
    assert compile_scalar(lambda z: (z + 1e20) - 1e20)(1.0) == 0


def recursive(z: float) -> float:
    return recursive(z - 1) if z > 0 else z


@pytest.mark.parametrize(
    "function",
    [
        lambda z: sorted([z], key=repr)[0],
        lambda z: z.no_such_attribute,
        lambda z: f"{z}",
        lambda z: None,
        lambda z: 1j * z,
        lambda z: (z, z),
        recursive,
        partial(math.pow, 2.0),
        7,
    ],
    ids=["objects", "attribute", "str", "none", "complex", "tuple", "recursion", "partial", "int"],
)
def test_what_cannot_be_compiled_is_refused(function):
    with pytest.raises(TypeError, match="wanted"):
        compile_scalar(function)


def test_error_names_the_function():
    def broken(z: float) -> str:
        return "a" + z

    with pytest.raises(TypeError, match="broken cannot be compiled for floats"):
        compile_scalar(broken)


# --- activations --------------------------------------------------------------------------------


@DTYPES
@pytest.mark.parametrize("activation", ELEMENTWISE, ids=lambda each: each.name)
def test_definitions_compile_to_what_the_kernels_compute(activation, dtype):
    loops = compile_activation(activation.value, activation.slope)
    z = samples(dtype)
    compiled, d_compiled = z.reshape(-1).copy(), np.full(z.size, np.nan, dtype)
    loops.value(compiled)
    a, d_z = np.full_like(z, np.nan), np.full_like(z, np.nan)
    jit.activation_forward(z, activation, a)
    assert_close(compiled, a.reshape(-1))

    d_a = np.random.default_rng(4).normal(size=z.shape).astype(dtype)
    jit.activation_backward(z, a, d_a, activation, d_z)
    loops.backward(z.reshape(-1), a.reshape(-1), d_a.reshape(-1), d_compiled)
    rounding = 4 * float(np.finfo(dtype).eps)  # selu's slope is a difference, which the kernel takes in a's dtype
    np.testing.assert_allclose(d_compiled, d_z.reshape(-1), rtol=1e-6, atol=rounding)


def test_activation_is_compiled_once():
    assert compile_activation(swish, swish_slope) is compile_activation(swish, swish_slope)
    assert compile_activation(swish, halve) is not compile_activation(swish, swish_slope)


def test_value_and_slope_take_one_and_two_numbers():
    with pytest.raises(TypeError, match=r"swish_slope takes 2 arguments, wanted 1 \(z\)"):
        compile_activation(swish_slope, swish_slope)
    with pytest.raises(TypeError, match=r"swish takes 1 argument, wanted 2 \(z, a\)"):
        compile_activation(swish, swish)


@DTYPES
def test_users_activation_in_the_layer_kernels(dtype):
    z = samples(dtype)
    want = np.array([[swish(float(each)) for each in row] for row in z])
    a, d_z = np.full_like(z, np.nan), np.full_like(z, np.nan)
    jit.activation_forward(z, SWISH, a)
    assert_close(a, want)

    d_a = np.full_like(z, 2)
    jit.activation_backward(z, a, d_a, SWISH, d_z)
    slopes = [[swish_slope(float(each), math.nan) for each in row] for row in z]
    np.testing.assert_allclose(d_z, 2 * np.array(slopes), rtol=64 * np.finfo(dtype).eps, atol=1e-14)  # it cancels

    eye, out = np.eye(7, dtype=dtype), np.full_like(z, np.nan)
    jit.dense_forward(z, eye, None, SWISH, out)
    assert_close(out, want)


@pytest.mark.parametrize("shape", [(0, 3), (3, 0)])
def test_users_activation_of_nothing(shape):
    z = np.empty(shape)
    jit.activation_forward(z, SWISH, np.empty(shape))
    jit.activation_backward(z, z, z, SWISH, np.empty(shape))


def test_a_users_row_function_is_refused():
    z = np.ones((1, 1))
    with pytest.raises(TypeError, match="'of_rows'.* wanted one with value"):
        jit.activation_forward(z, Activation("of_rows", by_row=True), z.copy())


# --- the house style ----------------------------------------------------------------------------


def test_without_a_cache_directory_a_kernel_is_compiled_in_memory():
    scope: dict[str, object] = {}
    exec("def double(z): return 2 * z", scope)  # has no file, so Numba finds no place for a cache
    with pytest.raises(RuntimeError, match="cache"):
        njit(cache=True)(scope["double"])
    assert style.kernel(scope["double"])(4.0) == 8


def test_a_kernel_around_a_loss_is_cached_with_the_file_of_the_loss():
    """Numba looks at no other file to see whether what it has on disk is old."""
    elements = [element for loss in losses.LOSSES.values() if (element := losses.element_of(loss))]
    assert len(elements) > 5
    codes = [jit_loss._kernel_around(element).py_func.__code__ for element in elements]
    assert {code.co_filename for code in codes} == {loss_functions.__file__}
    assert len({(code.co_name, code.co_firstlineno) for code in codes}) == len(elements)
