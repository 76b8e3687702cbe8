"""Dual numbers: values are those of the plain call, slopes those of differences."""

from __future__ import annotations

import math
import math as m
from collections.abc import Callable
from functools import lru_cache
from math import inf, nan, sin
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy import special

from fastnn.activation_functions import ROWS
from fastnn.dual_numbers import Dual, differentiated

SCALE = 1.5
POINTS = (-2.3, -0.71, 0.37, 0.93, 1.9, 3.3)


def difference(function: Callable[[float], float], z: float, step: float = 1e-3) -> float:
    """The derivative, of the fourth order."""
    near = function(z + step) - function(z - step)
    far = function(z + 2 * step) - function(z - 2 * step)
    return (8 * near - far) / (12 * step)


def assert_differentiated(function: Callable[..., Any], points: tuple[float, ...] = POINTS) -> None:
    both = differentiated(function)
    for z in points:
        value, slope = both(z)
        assert value == float(function(z)), z
        assert slope == pytest.approx(difference(lambda t: float(function(t)), z), rel=1e-8, abs=1e-9), z


# --- single functions ---------------------------------------------------------------------------

INSIDE = (-0.9, -0.31, 0.17, 0.83)
POSITIVE = (0.3, 0.93, 1.9, 3.3)
PLACES = {
    **dict.fromkeys(("asin", "acos", "atanh", "arcsin", "arccos", "arctanh"), INSIDE),
    **dict.fromkeys(("log", "log2", "log10", "sqrt", "log1p"), POSITIVE),
    **dict.fromkeys(("acosh", "arccosh"), (1.3, 2.2, 5.0)),
}
BOTH_HAVE = "exp expm1 log log1p log2 log10 sqrt sin cos tan sinh cosh tanh".split()
OF_MATH = [*BOTH_HAVE, *"asin acos atan asinh acosh atanh erf erfc fabs degrees radians".split()]
OF_NUMPY = [*BOTH_HAVE, *"exp2 cbrt arcsin arccos arctan arcsinh arccosh arctanh abs absolute".split()]
OF_NUMPY += "square reciprocal negative deg2rad rad2deg".split()
NEWER = [(math, name) for name in ("exp2", "cbrt") if hasattr(math, name)]
FUNCTIONS = [*((math, name) for name in OF_MATH), *((np, name) for name in OF_NUMPY), *NEWER]


@pytest.mark.parametrize(("module", "name"), FUNCTIONS, ids=[f"{module.__name__}.{name}" for module, name in FUNCTIONS])
def test_functions_of_one_number(module: ModuleType, name: str) -> None:
    assert_differentiated(getattr(module, name), PLACES.get(name, POINTS))
    assert_differentiated(lambda z: 2 * getattr(module, name)(z), PLACES.get(name, POINTS))


@pytest.mark.parametrize("name", ["erf", "erfc", "ndtr", "expit", "log_expit", "expm1", "exp2", "log1p"])
def test_functions_of_scipy(name: str) -> None:
    assert_differentiated(getattr(special, name), PLACES.get(name, POINTS))
    assert differentiated(lambda z: special.expit(z))(800.0) == (1.0, 0.0)


TWO = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
    "%": lambda a, b: a % b,
    "pow": pow,
    "math.pow": math.pow,
    "atan2": math.atan2,
    "hypot": math.hypot,
    "copysign": math.copysign,
    "fmod": math.fmod,
    "max": max,
    "min": min,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "fmax": np.fmax,
    "fmin": np.fmin,
    "power": np.power,
    "logaddexp": np.logaddexp,
    "xlogy": special.xlogy,
    "xlog1py": special.xlog1py,
    "remainder": np.remainder,
    "math.remainder": math.remainder,
    "floor_divide": lambda a, b: a * np.floor_divide(a, b),
    "where": lambda a, b: np.where(a > b, a * b, a - b),
    "clip": lambda a, b: np.clip(a, -b, b),
    "np.add": lambda a, b: np.add(a, np.multiply(a, np.subtract(b, np.divide(a, b)))),
}


@pytest.mark.parametrize("name", TWO)
def test_functions_of_two_numbers(name: str) -> None:
    """By each of both, the other one a constant, and by both at once."""
    function = TWO[name]
    for a, b in ((0.7, 1.3), (2.6, 0.9), (1.9, 2.3)):
        for argument in (0, 1):
            value, slope = differentiated(function, argument)(a, b)
            assert value == float(function(a, b))
            by_one = (lambda t, b=b: float(function(t, b))) if argument == 0 else (lambda t, a=a: float(function(a, t)))
            wanted = difference(by_one, (a, b)[argument])
            assert slope == pytest.approx(wanted, rel=1e-7, abs=1e-9)
        assert_differentiated(lambda z: function(z, 0.5 + z * z), (0.71, 1.83))  # noqa: B023 - called here
        assert_differentiated(lambda z: function(1.7, z), (0.71, 1.83))  # noqa: B023


@pytest.mark.parametrize("row", [row for row in ROWS if row.value and row.has_slope], ids=lambda row: row.name)
def test_the_librarys_activations(row: Any) -> None:
    both = differentiated(row.value)
    for z in (-20.3, -2.3, -0.71, 0.37, 0.93, 1.9, 2.7, 8.1, 30.7):
        value, slope = both(z)
        assert value == row.value(z)
        assert slope == pytest.approx(row.slope(z, value), rel=1e-12, abs=1e-15)


# --- what a function may be ---------------------------------------------------------------------


def helper(z: float) -> float:
    return m.exp(-SCALE * z * z)


def mutual(z: float) -> float:
    return 1.0 if z < 1 else z * other(z - 1)


def other(z: float) -> float:
    return mutual(z) + 1


def imports_inside(z: float) -> float:
    import math as own
    from math import cos

    return cos(z) + own.exp(z)


def loops(z: float) -> float:
    total = 0.0
    for k in range(1, 5):
        total += sum([z**k / k for _ in range(2)])
    while total > 100:
        total /= 2
    return total


@lru_cache
def remembered(z: float) -> float:
    return z * z


def encloses(z: float) -> float:
    def inner(t: float) -> float:
        return t * t if t < 1 else inner(t / 2) + scale

    scale = z
    return inner(z)


def keyword(z: float, *, power: int = 3) -> float:
    return z**power


def power_of(exponent: float) -> Callable[[float], float]:
    return lambda z: helper(z) + abs(z) ** exponent


SCALAR_PYTHON = [
    lambda z: divmod(z, 0.75)[0] * 10 + divmod(z, 0.75)[1] + divmod(2.0, z)[1],
    lambda z: np.clip(z, a_min=-1, a_max=1) + np.clip(z, -2, None) * np.clip(z, None, 0.9),
    lambda z: z + sin(z) ** 2,
    lambda z: helper(z) + np.float64(2.0) * z - np.float32(0.5),
    mutual,
    imports_inside,
    loops,
    encloses,
    lambda z: remembered(z) + remembered(2 * z),
    keyword,
    power_of(2.5),
    lambda z: float(z) * int(z * 9.1) + round(z * 0.9, 1) * z + math.floor(z) + m.trunc(z),
    lambda z: (z > 0) * z + (not z) + True,
    lambda z, scale=0.25: scale * z * z,
    lambda z: -z if z < 0.5 else +(z**-2),
    lambda z: 2**z + z // 0.7 + 3 // z,
    lambda z: z if np.logical_and(z > 0, np.less(z, 1)) or np.logical_not(np.logical_xor(z, 0)) else z * z,
    lambda z: np.float64(z) * np.int64(z) + np.round(z) + np.around(z * 1.1, 1) + int(np.equal(z, 1)),
    lambda z: float(np.sign(z)) * z + np.floor(z) * z + math.isnan(z),
]


@pytest.mark.parametrize("function", SCALAR_PYTHON, ids=map(str, range(len(SCALAR_PYTHON))))
def test_scalar_python(function: Callable[[float], float]) -> None:
    assert_differentiated(function)


def test_functions_stay_as_they_are() -> None:
    before = dict(helper.__globals__)
    differentiated(helper)(1.0)
    assert helper.__globals__ == before
    assert type(helper(1.0)) is float
    assert differentiated(helper) is differentiated(helper)


def test_objects_are_called_as_they_are() -> None:
    """Whatever they are equal to, and whatever they have inside."""

    class Scaled:
        py_func = staticmethod(math.sin)
        __hash__ = None  # type: ignore[assignment]

        def __init__(self, scale: float) -> None:
            self.scale = scale

        def __eq__(self, other: object) -> bool:
            return True

        def __call__(self, z: float) -> float:
            return self.scale * z

    class Hashed(Scaled):
        def __hash__(self) -> int:  # type: ignore[override]
            return 1

    for kind in (Scaled, Hashed):
        assert [differentiated(kind(scale))(2.0) for scale in (1.0, 3.0)] == [(2.0, 1.0), (6.0, 3.0)]


@pytest.mark.jit
def test_functions_that_numba_has_compiled() -> None:
    from numba import njit, vectorize

    compiled = njit(lambda z: z * math.exp(z))
    by_element = vectorize(lambda z: z * z)
    assert differentiated(by_element)(3.0) == differentiated(lambda z: by_element(z))(3.0) == (9.0, 6.0)
    assert differentiated(compiled)(0.5) == differentiated(compiled.py_func)(0.5)
    assert differentiated(lambda z: compiled(z) + 1)(0.5)[1] == pytest.approx(1.5 * math.exp(0.5))


# --- ends and kinks -----------------------------------------------------------------------------


ENDS = [
    (lambda z: 1 / z, 0.0, inf, -inf),
    (lambda z: -1 / z, -0.0, inf, inf),
    (lambda z: z / 0, 0.0, nan, inf),
    (math.exp, 1000.0, inf, inf),
    (math.expm1, 1000.0, inf, inf),
    (lambda z: math.exp(-z), 1000.0, 0.0, 0.0),
    (math.log, 0.0, -inf, inf),
    (math.log, -1.0, nan, -1.0),
    (math.sqrt, 0.0, 0.0, inf),
    (math.sqrt, -1.0, nan, nan),
    (lambda z: z**0.5, 0.0, 0.0, inf),
    (lambda z: z**0.5, -1.0, nan, nan),
    (lambda z: z**2, 1e200, inf, 2e200),
    (lambda z: z**-1, 0.0, inf, -inf),
    (lambda z: z**0, 0.0, 1.0, 0.0),
    (lambda z: 1 / (1 + math.exp(-z)), -1000.0, 0.0, 0.0),
    (lambda z: z / (1 + math.exp(-z)), -1000.0, -0.0, 0.0),
    (lambda z: z * math.tanh(math.log1p(math.exp(z))), 1000.0, 1000.0, 1.0),
    (lambda z: math.exp(-math.exp(-z)), -1000.0, 0.0, 0.0),
    (lambda z: math.erf(math.exp(z)), 1000.0, 1.0, 0.0),
    (lambda z: math.atan(math.exp(z)), 1000.0, math.pi / 2, 0.0),
    (math.sin, inf, nan, nan),
    (lambda z: special.xlogy(0.0, z), 0.0, 0.0, 0.0),
    (lambda z: np.float32(z) / 1, 0.1, float(np.float32(0.1)), 1.0),
    (math.cosh, 1000.0, inf, inf),
    (math.floor, inf, inf, 0.0),
    (lambda z: 7, 0.3, 7.0, 0.0),
    (lambda z: z > 0, 0.3, 1.0, 0.0),
    (lambda z: 0.0 * z, inf, nan, 0.0),
    (abs, 0.0, 0.0, 1.0),
    (lambda z: max(z, 0.0), 0.0, 0.0, 1.0),
    (lambda z: max(0.0, z), 0.0, 0.0, 0.0),
    (lambda z: min(z, 0.0), 0.0, 0.0, 1.0),
    (lambda z: np.maximum(z, 0.0), 0.0, 0.0, 1.0),
    (lambda z: np.maximum(z, 0.0), nan, nan, 1.0),
    (lambda z: np.clip(z, -1, 1), 1.0, 1.0, 1.0),
    (lambda z: np.where(z > 0, math.log(z), z), -2.0, -2.0, 1.0),
]


@pytest.mark.parametrize(("function", "z", "value", "slope"), ENDS, ids=map(str, range(len(ENDS))))
def test_infinities_and_kinks(function: Callable[[float], float], z: float, value: float, slope: float) -> None:
    found = differentiated(function)(z)
    np.testing.assert_array_equal(found, (value, slope))


# --- what is refused ----------------------------------------------------------------------------


NO_DERIVATIVE = [
    (math.gamma, "the derivative of gamma is not known"),
    (lambda z: np.frexp(z)[0], "the derivative of frexp is not known"),
    (lambda z: complex(z), "whose derivative is not known"),
    (lambda z: None, "returns None of type NoneType, wanted a float"),
    (lambda z: (z, z), "returns .* of type tuple, wanted a float"),
    (lambda z: str(z), "of type str, wanted a float"),
    (lambda z: z + "a", "unsupported operand"),
    (lambda z: np.maximum(z, "a"), "'a' of type str where a number is wanted"),
]


@pytest.mark.parametrize(("function", "message"), NO_DERIVATIVE, ids=map(str, range(len(NO_DERIVATIVE))))
def test_what_has_no_derivative(function: Callable[[float], float], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        differentiated(function)(0.5)


def test_functions_without_a_dual_number_are_called_as_they_are() -> None:
    assert differentiated(lambda z: z * math.gamma(5.0))(2.0) == (48.0, 24.0)


def test_errors_of_users_pass() -> None:
    def raises(z: float) -> float:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        differentiated(raises)(1.0)


def test_a_dual_number_says_what_it_is() -> None:
    assert repr(Dual(1.5, 2.0)) == "Dual(1.5, 2.0)"
    assert Dual(1.0, 3.0) == 1.0
    assert Dual(1.0) != "a"
