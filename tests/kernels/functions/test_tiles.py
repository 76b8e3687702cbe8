"""Users' scalar functions as tile functions: values, slopes, and where they lie in memory."""

from __future__ import annotations

import itertools
import math
import operator
from enum import IntEnum
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.special
from compiled_tiles import Tile, differences, guarded, require_guards, run_activation

from fastnn.kernels.jit.functions.graph import Graph
from fastnn.kernels.jit.functions.recording import recorded
from fastnn.kernels.jit.functions.tiles import activation_tile_code

pytestmark = pytest.mark.jit

DTYPES = [np.float32, np.float64]
COEFFICIENTS = (0.25, -0.5, 1.0)
ALPHA = 0.3
ONE = np.float64(1.0)
ORDERS = [*itertools.permutations(("z < 1", "z <= 1", "z > 1", "z >= 1", "2 > z", "z >= -1"))][::7]


def _polynomial(z):
    total = 0.0
    for coefficient in COEFFICIENTS:
        total = total * z + coefficient
    return total


def _newton(z):
    x = z
    for _ in range(6):
        x = x - (x**3 + x - z) / (3 * x * x + 1)
    return x


def _newton_until(z):
    x = z
    for _ in range(12):
        step = (x**3 + x - z) / (3 * x * x + 1)
        x = x - step
        if abs(step) < 1e-9:
            break
    return x


def _closed_over(alpha):
    def inside(z):
        return helper(z) if z > 0 else alpha * math.expm1(z)

    def helper(z):
        return z + alpha * z * z

    return inside


def _matched(z):
    match z:
        case 0.0:
            return 1.0
        case _:
            return math.sin(z) / (1 + z * z)


def _again(z, times=2):
    return z if times == 0 else _again(math.sin(z) + 0.1 * z, times - 1)


def _spline(z):
    """Twenty ifs, one after another, of one number: 21 pieces, and not 2^20."""
    total = 0.1 * z
    for k in range(-10, 10):
        if z > 0.25 * k:
            total = total + (0.3 if k % 2 else -0.2) * (z - 0.25 * k)
    return total


def _pieces(z):
    """Each bound from both sides, with and without the bound itself."""
    total = z
    if z < -1:
        total = total + 1
    if -1 <= z:
        total = total * 2
    if not z <= 1:
        total = total - 3
    if z > 1 or z >= 2 or 0.5 > z:
        total = total + z * z
    return total


def _imports(z):
    import math as m

    return m.tanh(z)


FUNCTIONS = {
    "exp": math.exp,
    "exp2": np.exp2,
    "expm1": math.expm1,
    "log": lambda z: math.log(z * z + 2.0),
    "log of a base": lambda z: math.log(z * z + 2.0, 3.0),
    "log2": lambda z: np.log2(z * z + 2.0),
    "log10": lambda z: math.log10(z * z + 2.0),
    "log1p": lambda z: math.log1p((z - 1) ** 2),
    "sqrt": lambda z: math.sqrt(z * z + 1),
    "sin": np.sin,
    "cos": math.cos,
    "tan": lambda z: math.tan(0.4 * z),
    "sinh": math.sinh,
    "cosh": np.cosh,
    "tanh": math.tanh,
    "asin": lambda z: math.asin(0.3 * z),
    "acos": lambda z: np.arccos(0.3 * z),
    "atan": math.atan,
    "atan2": lambda z: math.atan2(z, 2 + z) + np.arctan2(1.5, z * z),
    "cbrt": lambda z: np.cbrt(z * z + 1),
    "asinh": math.asinh,
    "acosh": lambda z: math.acosh(1.5 + z * z),
    "atanh": lambda z: np.arctanh(0.25 * z),
    "erf": math.erf,
    "erfc": math.erfc,
    "expit": scipy.special.expit,
    "log_expit": lambda z: scipy.special.log_expit(z),
    "ndtr": lambda z: scipy.special.ndtr(z),
    "power": lambda z: z**3 + z**5 * 0.1 + (1 + z * z) ** -2,
    "large power": lambda z: (1 + 0.1 * z) ** 11,
    "root": lambda z: (abs(z) + 0.1) ** 1.5 + (z * z + 1) ** 0.5 - (z * z + 1) ** 2.5 * 0.01,
    "real power": lambda z: (1 + z * z) ** 1.3,
    "exponential": lambda z: 2.0**z + 0.5**z,
    "power of two": lambda z: (1 + z * z) ** (0.5 * z),
    "hypot": lambda z: math.hypot(z, 2.0),
    "logaddexp": lambda z: np.logaddexp(z, 0.5 * z),
    "xlogy": lambda z: scipy.special.xlogy(z * z, 1 + z * z),
    "remainder": lambda z: z % 0.7 + z // 0.7 * z,
    "other remainders": lambda z: math.fmod(z, 0.7) + math.remainder(z, 0.7),
    "steps": lambda z: math.floor(z) * z + math.ceil(z) - round(z) * int(z),
    "absolute": lambda z: abs(z) * math.fabs(z - 0.3),
    "sign": lambda z: np.sign(z) * z * z + math.copysign(z * z, z),
    "max": lambda z: max(z, 0.1 * z, -1.0) + min([z, 0.0]),
    "maximum": lambda z: np.maximum(z, 0) - np.minimum(0.1 * z, z) + np.fmax(z, 0.2),
    "clip": lambda z: np.clip(z, -1, 1) * z + np.clip(z, None, 0.5),
    "where": lambda z: np.where(z > 0.2, z, z * z),
    "heaviside": lambda z: np.heaviside(z - 0.2, 0.5) * z,
    "truths": lambda z: (z > 0.3) * z + ((z > 0) & (z < 1)) - (z < -1),
    "ternary": lambda z: z if z > 0 else ALPHA * math.expm1(z),
    "chained": lambda z: z * z if -1 < z < 1 and z != 0.5 or z > 2 else 2 * abs(z) - 1,
    "an integer on one way": lambda z: math.tanh(z) if z > -2 else -1,
    "sum": lambda z: sum(math.sin(k * z) for k in range(1, 4)) + [z * y for y in COEFFICIENTS][1],
    "loop": _polynomial,
    "newton": _newton,
    "newton until it is near": _newton_until,
    "spline": _spline,
    "pieces": _pieces,
    "closure": _closed_over(0.7),
    "match": _matched,
    "recursion": _again,
    "imports": _imports,
    "walrus": lambda z: (y := z * z) + y,
    "NumPy's scalars": lambda z: np.float64(0.5) * z + np.float64(z) * 0.25 - float(z) / np.int64(3),
    "constants": lambda z: z * math.pi + np.e + math.exp(1.0) * np.sqrt(2.0),
    "constant": lambda z: 1.5,
    "gelu": lambda z: 0.5 * z * (1 + math.erf(z / math.sqrt(2))),
    "gelu_tanh": lambda z: 0.5 * z * (1 + math.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))),
    "mish": lambda z: z * math.tanh(math.log1p(math.exp(z))),
    "mish with log": lambda z: z * np.tanh(np.log(1 + np.exp(z))),
    "softplus": lambda z: math.log(math.exp(z) + 1.0),
    "silu": lambda z: z / (1 + math.exp(-z)),
    "angles": lambda z: math.sin(z) + math.tan(math.cos(z)),
    "snake": lambda z: z + math.sin(z) ** 2,
    "gompertz": lambda z: math.exp(-math.exp(-z)),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_value_and_slope(name, dtype):
    """Both to some ulp of the largest term, which is some times the value and 1; kinks lie between the points."""
    function = FUNCTIONS[name]
    z = (np.linspace(-3, 3, 201) + 0.00137).astype(dtype)
    a, slope = run_activation(function, z)
    expected, derivative = np.array([float(function(each)) for each in z.astype(np.float64)]), differences(function, z)
    unit = np.finfo(dtype).eps
    size = 1 + np.abs(expected)
    assert (np.abs(a - expected) <= 10 * unit * size).all()
    is_smooth = np.abs(derivative - differences(function, z, 5e-4)) < 1e-5 * (1 + np.abs(derivative))
    assert is_smooth.mean() > 0.9
    wrong = np.abs(slope - derivative) > (40 * unit + 1e-8) * (size + np.abs(z * derivative) + np.abs(derivative))
    assert not (wrong & is_smooth).any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_float32_network_computes_in_float32(dtype):
    """1 + z loses all of a small z: literals, globals, closures and defaults take the dtype of what they meet."""
    alpha = 1.0

    def function(z, beta=ONE):
        return ((1.0 + z) - alpha) + (beta + z - ALPHA / 0.3) + (math.exp(0.0) + z - 1)

    z = np.full(3, 1e-9, dtype)
    a, _ = run_activation(function, z)
    expected = np.zeros(3) if dtype is np.float32 else 3e-9
    np.testing.assert_allclose(a, expected, rtol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", [0, 1, 3, 7, 8, 9, 31, 32, 33, 64, 65, 257])
def test_no_result_depends_on_its_place(count, dtype):
    tile = Tile(activation_tile_code(FUNCTIONS["mish"], None, dtype), 3)
    z = np.random.default_rng(0).normal(size=257).astype(dtype) * 3
    whole, slopes = guarded(z), guarded(z)
    tile(z.size, z, whole, slopes)
    for start in (0, 5):
        part = z[start : start + count].copy()
        n = part.size
        a, slope, alone = guarded(part), guarded(part), guarded(part)
        tile(n, part, a, slope)
        tile(n, part, alone, None)  # no slope is wanted
        np.testing.assert_array_equal(a, whole[start : start + n])
        np.testing.assert_array_equal(slope, slopes[start : start + n])
        np.testing.assert_array_equal(alone, a)
        tile(n, part, part, slope)  # in place
        np.testing.assert_array_equal(part, a)
        require_guards(a, slope, alone)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_value_has_the_same_bits_with_a_slope_and_without(name, dtype):
    tile = Tile(activation_tile_code(FUNCTIONS[name], None, dtype), 3)
    z = np.linspace(-3, 3, 97).astype(dtype)
    a, alone, slope = guarded(z), guarded(z), guarded(z)
    tile(z.size, z, a, slope)
    tile(z.size, z, alone, None)
    np.testing.assert_array_equal(a, alone)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_given_slope_is_used(dtype):
    z = np.linspace(-3, 3, 50).astype(dtype)
    a, slope = run_activation(math.tanh, z, lambda z, a: 3 * (1 - a * a) + 0 * z)
    np.testing.assert_allclose(a, np.tanh(z), rtol=1e-6)
    np.testing.assert_allclose(slope, 3 * (1 - a * a), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_far_out(dtype):
    """Where an exponential is infinite, what levels off still has its slope."""
    far = dtype(1e4)
    z = np.array([-np.inf, -far, far, np.inf, np.nan], dtype)
    limits = {
        "silu": ([-0.0, far], [0, 1]),
        "mish": ([-0.0, far], [0, 1]),
        "softplus": ([0, far], [0, 1]),
        "gelu": ([-0.0, far], [0, 1]),
        "gompertz": ([0, 1], [0, 0]),
    }
    for name, (values, slopes) in limits.items():
        a, slope = run_activation(FUNCTIONS[name], z)
        np.testing.assert_array_equal(a[1:3], values, name)
        np.testing.assert_array_equal(slope[1:3], slopes, name)
        assert np.isnan(a[4]), name
    a, slope = run_activation(lambda z: 1 / (1 + math.exp(-z)), z)
    np.testing.assert_array_equal(a[:4], [0, 0, 1, 1])
    np.testing.assert_array_equal(slope[:4], [0, 0, 0, 0])


@pytest.mark.parametrize("dtype", DTYPES)
def test_large_angles(dtype):
    """Some among others: their vectors are computed in another way, with the same bits for the others."""
    z = np.linspace(-3, 3, 70).astype(dtype)
    small, slopes = run_activation(FUNCTIONS["angles"], z)
    at = np.array([3, 35, 69])
    z[at] = [1e8, -3e20, 1e30]
    a, slope = run_activation(FUNCTIONS["angles"], z)
    far = z[at].astype(np.float64)
    tolerance = 4 * np.finfo(dtype).eps
    np.testing.assert_allclose(a[at], np.sin(far) + np.tan(np.cos(far)), rtol=tolerance, atol=tolerance)
    derivative = np.cos(far) - np.sin(far) * (1 + np.tan(np.cos(far)) ** 2)
    np.testing.assert_allclose(slope[at], derivative, rtol=5 * tolerance, atol=5 * tolerance)
    others = np.delete(np.arange(70), at)
    np.testing.assert_array_equal(a[others], small[others])
    np.testing.assert_array_equal(slope[others], slopes[others])
    a, slope = run_activation(math.sin, np.array([np.inf, np.nan, -0.0], dtype))
    np.testing.assert_array_equal(a, [np.nan, np.nan, -0.0])


def test_division_by_zero_and_logarithms_are_infinite_or_nan():
    z = np.array([0.0, -1.0, 1.0])
    np.testing.assert_array_equal(run_activation(lambda z: 1 / z, z)[0], [np.inf, -1, 1])
    np.testing.assert_array_equal(run_activation(lambda z: math.log(z), z)[0], [-np.inf, np.nan, 0])
    np.testing.assert_array_equal(run_activation(lambda z: z**0.5, z)[0], [0, np.nan, 1])


@pytest.mark.parametrize("order", ORDERS)
def test_answers_that_follow_from_others(order):
    """At the bounds, beside them, and for NaN, in whatever order the questions come."""
    lines = [f"    if {condition}:\n        total += {10.0**k}\n" for k, condition in enumerate(order)]
    space: dict = {}
    exec(f"def function(z):\n    total = 0.0\n{''.join(lines)}    return total", space)
    z = np.array([-1.5, -1.0, 0.0, 1.0, 1.5, 2.0, 3.0, np.nan])
    graph = Graph(np.float64)
    value, _ = recorded(graph, space["function"], {"z": (graph.argument("z"), None)})
    np.testing.assert_array_equal([_chosen(value, each) for each in z], [space["function"](each) for each in z])


def _chosen(node, z):
    """What selections between constants come to."""
    if node.constant is not None:
        return node.constant
    condition, chosen, other = node.operands
    left, right = (z if each.constant is None else each.constant for each in condition.operands)
    return _chosen(chosen if getattr(operator, condition.operation)(left, right) else other, z)


def test_kinks_have_the_slope_of_the_way_that_python_takes():
    z = np.zeros(1)
    for function, expected in [
        (lambda z: max(z, 0.0), 1),
        (lambda z: max(0.0, z), 0),
        (lambda z: z if z > 0 else 0.0, 0),
        (lambda z: abs(z), 1),
        (lambda z: np.where(z < 0, 2 * z, 3 * z), 3),
    ]:
        assert run_activation(function, z)[1] == expected


def test_functions_that_numba_has_compiled_are_compiled_anew():
    numba = pytest.importorskip("numba")
    square = numba.njit(fastmath=True)(lambda z: z * z)
    of_arrays = numba.vectorize(lambda z: square(z) + z)
    z = np.linspace(-2, 2, 9)
    a, slope = run_activation(of_arrays, z)
    np.testing.assert_allclose(a, z * z + z)
    np.testing.assert_allclose(slope, 2 * z + 1)


def test_one_code_serves_as_often_as_it_is_made():
    one, other = (activation_tile_code(FUNCTIONS["mish"], None, np.float32) for _ in range(2))
    assert one == other


def test_what_is_read_is_frozen():
    around = SimpleNamespace(scale=2.0)
    scale = around.scale

    def function(z):
        return scale * z

    tile = Tile(activation_tile_code(function, None, np.float64), 3)
    scale = 5.0
    z = np.ones(1)
    a = guarded(z)
    tile(1, z, a, None)
    assert a == 2
    assert function(1.0) == 5


class _Level(IntEnum):
    HIGH = 3


class _Length(float):
    unit = 2.0


def test_a_number_of_a_users_class_is_read_as_the_number_alone():
    """Its attributes may change, and what compiled code is kept under does not tell them."""
    high, length = _Level.HIGH, _Length(1.5)
    assert run_activation(lambda z: z * high * length, np.ones(1))[0] == 4.5
    for function in (lambda z: z * length.unit, lambda z: z * high.value):
        with pytest.raises(TypeError, match="has no attribute"):
            activation_tile_code(function, None, np.float64)
