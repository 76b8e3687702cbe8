"""The losses as scalar functions, with what is known of each: its link, its parameter and its targets, each once."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LINKS",
    "NUMBERS",
    "ROWS",
    "TOLERANCE",
    "Domain",
    "Element",
    "Parameter",
    "Row",
    "Targets",
    "log_cosh_of",
    "unbounded_exp",
    "unbounded_expm1",
]

Targets = NDArray[np.floating[Any]]

# --- losses of elements -------------------------------------------------------------------------
# element(z, y, parameter) is a loss and its derivative by z. Numba compiles these, and the reference calls them where
# it has no form over arrays: plain Python over numbers, `math` and each other. A residual that is NaN fails every
# comparison, so the last branch is the one that hands it on.

Element = Callable[[float, float, float], tuple[float, float]]


def _squared_error(z: float, y: float, _: float) -> tuple[float, float]:
    r = z - y
    return 0.5 * r * r, r


def _binary_cross_entropy(z: float, y: float, _: float) -> tuple[float, float]:
    # -y log p - (1 - y) log(1 - p) with p = sigmoid(z); nothing cancels with z on the side of y.
    e = math.exp(-abs(z))
    small = e / (1.0 + e)
    if z > 0.0:
        return z * (1.0 - y) + math.log1p(e), (1.0 - y) - small
    return math.log1p(e) - z * y, small - y


def _absolute(z: float, y: float, _: float) -> tuple[float, float]:
    r = z - y
    return abs(r), 1.0 if r > 0.0 else (-1.0 if r < 0.0 else r)


def _huber(z: float, y: float, delta: float) -> tuple[float, float]:
    r = z - y
    if abs(r) > delta:
        return delta * (abs(r) - 0.5 * delta), delta if r > 0.0 else -delta
    return 0.5 * r * r, r


# The power series of log(cosh(r)) in r**2, the highest power first.
_LOG_COSH_SERIES = (
    -443861162 / 37123138552500,
    6404582 / 195384939750,
    -929569 / 10216206000,
    21844 / 85135050,
    -1382 / 1871100,
    62 / 28350,
    -17 / 2520,
    1 / 45,
    -1 / 12,
    1 / 2,
)


def log_cosh_of(r: float) -> float:
    """log(cosh(r)): near zero |r| and log 2 cancel; the other form does not overflow."""
    if abs(r) < 0.25:
        total = 0.0
        for coefficient in _LOG_COSH_SERIES:
            total = total * (r * r) + coefficient
        return r * r * total
    return abs(r) + (math.log1p(math.exp(-2.0 * abs(r))) - math.log(2.0))


def _log_cosh(z: float, y: float, _: float) -> tuple[float, float]:
    r = z - y
    return log_cosh_of(r), math.tanh(r)


_EXP_END = math.log(sys.float_info.max)


def unbounded_exp(u: float) -> float:
    """exp(u), infinite where Python's raises an error."""
    return math.inf if u > _EXP_END else math.exp(u)


def unbounded_expm1(u: float) -> float:
    """exp(u) - 1, infinite where Python's raises an error."""
    return math.inf if u > _EXP_END else math.expm1(u)


def _poisson(z: float, y: float, _: float) -> tuple[float, float]:
    mean = unbounded_exp(z)
    return mean if y == 0.0 else mean - y * z, mean - y


def _pinball(z: float, y: float, quantile: float) -> tuple[float, float]:
    r = y - z
    if r > 0.0:
        return quantile * r, -quantile
    return (quantile - 1.0) * r, 1.0 - quantile if r < 0.0 else r


def _hinge(z: float, y: float, _: float) -> tuple[float, float]:
    margin = 1.0 - y * z
    if margin <= 0.0:
        return 0.0, 0.0
    return margin, -y if margin > 0.0 else margin


def _tweedie(z: float, y: float, power: float) -> tuple[float, float]:
    # Half the deviance from the mean exp(z), but for what y alone decides. The quotients go to z and -z where a or b
    # goes to 0: at power 1 it is Poisson's loss, at power 2 the gamma distribution's.
    a, b = 2.0 - power, power - 1.0
    rising, rise = (unbounded_expm1(a * z) / a, unbounded_exp(a * z)) if a > 0.0 else (z, 1.0)
    if y == 0.0:
        return 1.0 + rising, rise
    falling, fall = (unbounded_expm1(-b * z) / b, unbounded_exp(-b * z)) if b > 0.0 else (-z, 1.0)
    return 1.0 + rising + y * falling, rise - y * fall


# --- targets that a loss can have ---------------------------------------------------------------

TOLERANCE = 1e-3  # shares in float32 that were rounded on the way


@dataclass(frozen=True)
class Domain:
    """The targets that a loss is defined for."""

    wanted: str  # which they are, in words
    least: float = -math.inf
    largest: float = math.inf
    must_be_one: Callable[[Targets], Targets] | None = None  # of targets (n, o), in each row


NUMBERS = Domain("finite numbers")
_PROBABILITIES = Domain("probabilities in [0, 1], such as 0 and 1 of two classes", 0, 1)
_SHARES = Domain(
    "probabilities in [0, 1], a column for each class, with rows that sum to 1",
    0,
    1,
    lambda y: np.einsum("ij->i", y),  # of 8,192 rows of 10 in 86 us, y.sum(axis=1) takes 446
)
_COUNTS = Domain("finite numbers of at least 0, such as counts", 0)
_POSITIVE = Domain("finite numbers above 0", math.nextafter(0.0, 1.0))
_SIGNS = Domain("-1 and 1, such as 2 * y - 1 makes of 0 and 1", -1, 1, np.abs)


# --- the list -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Parameter:
    """The number that a loss takes."""

    name: str
    default: float
    allows: Callable[[float], bool]
    wanted: str  # what it allows, in words


@dataclass(frozen=True)
class Row:
    """What is known of a loss: all but its name, its code and a parameter's value."""

    link: str
    element: Element | None  # None for a loss of whole rows, which kernels have in forms of their own
    parameter: Parameter = Parameter("parameter", 0.0, lambda parameter: parameter == 0, "0: this loss has none")
    targets: Callable[[float], Domain] = lambda parameter: NUMBERS
    # (y, parameter) -> the loss of each target where its prediction is right; None: zero
    saturated: Callable[[Targets, float], Targets] | None = None


def _times_log(y: Targets) -> Targets:
    """y log y, and its limit 0 where y is 0."""
    product: Targets = np.where(y > 0, y * np.log(np.where(y > 0, y, 1)), 0)
    return product


def _saturated_tweedie(y: Targets, power: float) -> Targets:
    # The loss at z = log y in the form of _tweedie, because a difference of powers cancels where the power is near 1 or
    # 2. At y = 0 z is -infinity, and only 1 - 1 / a is left.
    a, b = 2 - power, power - 1
    z = np.log(np.where(y > 0, y, 1), dtype=np.float64)
    rising = np.expm1(a * z) / a if a > 0 else z
    falling = np.expm1(-b * z) / b if b > 0 else -z
    return np.where(y > 0, 1 + rising + y * falling, 1 - 1 / a if a > 0 else np.nan).astype(y.dtype)


LINKS = ("identity", "sigmoid", "softmax", "exp")  # what makes a prediction of the raw output

# A loss's position is its code, as in src_ext/contract/losses.hpp: a new one goes to the end.
ROWS: dict[str, Row] = {
    "squared_error": Row("identity", _squared_error),
    "binary_cross_entropy": Row("sigmoid", _binary_cross_entropy, targets=lambda _: _PROBABILITIES),
    "cross_entropy": Row("softmax", None, targets=lambda _: _SHARES),
    "absolute": Row("identity", _absolute),
    "huber": Row(
        "identity",
        _huber,
        Parameter("delta", 1.35, lambda delta: 0 < delta < math.inf, "a finite number above 0"),
    ),
    "log_cosh": Row("identity", _log_cosh),
    "poisson": Row("exp", _poisson, targets=lambda _: _COUNTS, saturated=lambda y, _: y - _times_log(y)),
    "pinball": Row(
        "identity",
        _pinball,
        Parameter("quantile", 0.5, lambda quantile: 0 < quantile < 1, "a number between 0 and 1"),
    ),
    "hinge": Row("identity", _hinge, targets=lambda _: _SIGNS),
    "tweedie": Row(
        "exp",
        _tweedie,
        Parameter("power", 1.5, lambda power: 1 <= power <= 2, "a number from 1 to 2"),
        targets=lambda power: _COUNTS if power < 2 else _POSITIVE,
        saturated=_saturated_tweedie,
    ),
    "focal": Row(
        "softmax",
        None,
        # Far from float32's end, beyond which gamma times the logarithm of 1 would be no number.
        Parameter("gamma", 2.0, lambda gamma: 0 <= gamma <= 1e6, "a number from 0 to 1e+06"),
        targets=lambda _: _SHARES,
    ),
}
