"""What the vector functions for users' code are compared with, and how near they must be."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


class Case(NamedTuple):
    """A function of one number."""

    name: str
    ulps: float
    exact: Callable[[Array], Any]
    low: float = -np.inf  # where it is compared
    high: float = np.inf


def by_element(function: Callable[[float], float]) -> Callable[[Array], Any]:
    """Of math, which knows no longer numbers than float64."""
    return lambda x: np.array([function(float(number)) for number in x]).astype(x.dtype)


def _sigmoid(x: Array) -> Any:
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


CASES = [
    Case("exp", 1.1, np.exp),
    Case("exp2", 1.1, np.exp2),
    Case("expm1", 1.3, np.expm1),
    Case("log", 1.1, np.log),
    Case("log2", 1.2, np.log2),
    Case("log10", 1.2, np.log10),
    Case("log1p", 1.6, np.log1p),
    Case("sinh", 1.6, np.sinh),
    Case("cosh", 1.1, np.cosh),
    Case("tanh", 2.0, np.tanh),
    Case("sigmoid", 2.0, _sigmoid),
    Case("asinh", 2.0, np.arcsinh),
    Case("acosh", 2.7, np.arccosh),
    Case("atanh", 2.3, np.arctanh),
    Case("sin", 1.0, np.sin),
    Case("cos", 1.0, np.cos),
    Case("tan", 2.3, np.tan),
    Case("asin", 2.7, np.arcsin),
    Case("acos", 2.7, np.arccos),
    Case("atan", 2.0, np.arctan),
    Case("erf", 1.0, by_element(math.erf)),
    Case("erfc", 3.3, by_element(math.erfc)),
    Case("sqrt", 0.5, np.sqrt),
    Case("cbrt", 0.51, np.cbrt),
]
STEPS = ["fabs", "sign", "floor", "ceil", "trunc", "rint"]
OF_TWO = ["power", "atan2", "hypot", "maximum", "minimum", "fmax", "fmin", "copysign"]
NUMPY_NAMES = {f"a{name}": f"arc{name}" for name in ("cos", "cosh", "sin", "sinh", "tan", "tan2", "tanh")}
SPECIAL = [0.0, 1e-45, 1e-310, 1e-5, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 88.8, 104.5, 709.9, 745.2, 1e10, 1e38, 1e308, np.inf]


def in_numpy(name: str) -> Callable[..., Any]:
    """NumPy's function for one of ours."""
    function: Callable[..., Any] = getattr(np, NUMPY_NAMES.get(name, name))
    return function


def special_numbers(dtype: type[np.floating]) -> Array:
    """Zeros, subnormal numbers, thresholds, infinities and NaN, of both signs."""
    limits = np.finfo(dtype)
    edges = [limits.smallest_subnormal, limits.smallest_normal, limits.max, limits.eps]
    with np.errstate(over="ignore"):
        one_side = np.array([*SPECIAL, *edges], dtype)
    return np.concatenate([one_side, -one_side, np.array([np.nan], dtype)])


def sample(dtype: type[np.floating], count: int, seed: int = 0) -> Array:
    """Numbers of every exponent, many of moderate size, near one and near multiples of pi / 2."""
    rng = np.random.default_rng(seed)
    bits = np.uint32 if dtype is np.float32 else np.uint64
    every = rng.integers(0, np.iinfo(bits).max, count, dtype=bits).view(dtype)
    signs = rng.choice([-1.0, 1.0], count)
    moderate = signs * np.exp2(rng.uniform(-30, 12, count))
    near_one = signs * (1 + rng.standard_normal(count) * np.exp2(rng.uniform(-30, 0, count)))
    turns = rng.integers(-1000, 1000, count) * (np.pi / 2) * (1 + rng.integers(-4, 5, count) * np.finfo(dtype).eps)
    return np.concatenate([every, *(each.astype(dtype) for each in (moderate, near_one, turns))])


def ulps(found: Array, wanted: Array) -> Array:
    """Distance in units of the last place of what was found, or of the least number below the normal ones.

    `wanted` has more precision. Infinity where only one is NaN, or a zero has the wrong sign.
    """
    limits = np.finfo(found.dtype)
    with np.errstate(all="ignore"):
        rounded = wanted.astype(found.dtype)
        size = np.clip(np.abs(wanted), limits.smallest_normal, limits.max).astype(found.dtype)
        distance = np.abs(found.astype(wanted.dtype) - wanted) / np.spacing(size).astype(wanted.dtype)
    same = (found == rounded) | (np.isnan(found) & np.isnan(rounded))
    distance = np.where(np.isfinite(distance), distance, np.where(same, 0.0, np.inf))
    wrong_zero = (found == 0) & (wanted == 0) & (np.signbit(found) != np.signbit(wanted))
    return np.where(wrong_zero, np.inf, distance).astype(np.float64)


def assert_near(name: str, arguments: tuple[Array, ...], found: Array, wanted: Array, limit: float) -> None:
    """Or say where the largest error is."""
    distance = ulps(found, wanted)
    k = int(np.argmax(distance))
    at = ", ".join(repr(each[k]) for each in arguments)
    assert distance[k] <= limit, (
        f"{name}({at}) is {found[k]!r}, wanted {wanted[k]!r}: {distance[k]:.3g} ulp, at most {limit} are allowed"
    )
