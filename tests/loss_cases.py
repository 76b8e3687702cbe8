"""What the tests need to know of every loss: a row each, of the registry's names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import exp, log, log1p
from typing import Any

import numpy as np

from fastnn import losses
from fastnn.losses import Loss

Array = np.ndarray
Exact = Callable[[Array, Array, Any], tuple[Array, Array]]
ONE_HOT = np.eye(3)[[0, 2, 1, 1]]


def _magnitude(z: Array, y: Array, parameter: float) -> Array:
    return np.abs(z) + np.abs(y)


@dataclass(frozen=True)
class Case:
    """One loss: random targets, an independent formula, and what must come out exactly.

    `exact(z, y, parameter)` gives losses and gradients (n, o) by formulas of the literature, for numbers of long
    double precision and a size at which nothing overflows; `terms` is the size of what a kernel adds up, of which its
    rounding is a share. `possible` and `impossible` are targets, `others` values of the parameter beside the default
    and `wrong` those that it cannot have. An extreme is z and y of one row, the loss, and d_z.
    """

    targets: Callable[[np.random.Generator, tuple[int, int]], Array]
    exact: Exact
    possible: tuple[Array, ...]
    impossible: tuple[Array, ...] = ()
    terms: Callable[[Array, Array, float], Array] = _magnitude
    extremes: tuple[tuple[list[float], list[float], float, list[float]], ...] = ()
    others: tuple[float, ...] = ()
    wrong: tuple[float, ...] = ()


# --- targets ------------------------------------------------------------------------------------


def _numbers(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    return rng.normal(size=shape)


def _probabilities(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    return np.where(rng.random(shape) < 0.3, rng.random(shape), rng.integers(0, 2, shape))


def _shares(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    y = rng.random(size=shape)
    y[::2] = 0
    y[::2, : min(shape[1], 1)] = 1
    return y / np.maximum(y.sum(axis=1, keepdims=True), 1e-300)


def _counts(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    return rng.poisson(2.0, shape).astype(np.float64)


def _signs(rng: np.random.Generator, shape: tuple[int, int]) -> Array:
    return rng.choice([-1.0, 1.0], shape)


NUMBERS = (ONE_HOT, -ONE_HOT, 1e300 * ONE_HOT)
SHARES = (ONE_HOT, np.full((2, 4), 0.25), np.full((3, 7), np.float32(1 / 7)), np.ones((2, 1)))
NO_SHARES = (5 * ONE_HOT, -ONE_HOT, np.ones((2, 2)), np.zeros((2, 2)), ONE_HOT * 0.99)
COUNTS = (ONE_HOT, 1e6 * ONE_HOT, np.full((2, 1), 0.5))
NO_COUNTS = (-ONE_HOT, ONE_HOT - 1e-3)


# --- formulas -----------------------------------------------------------------------------------


def _softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _binary_cross_entropy(z: Array, y: Array, _: Any) -> tuple[Array, Array]:
    return np.logaddexp(0, z) - y * z, 1 / (1 + np.exp(-z)) - y


def _cross_entropy(z: Array, y: Array, _: Any) -> tuple[Array, Array]:
    p = _softmax(z)
    return -y * np.log(p), p * y.sum(axis=1, keepdims=True) - y


def _focal(z: Array, y: Array, gamma: Any) -> tuple[Array, Array]:
    # The gradient by the chain rule: d loss / d p, times the Jacobian of the softmax.
    p = _softmax(z)
    by_p = y * (gamma * (1 - p) ** (gamma - 1) * np.log(p) - (1 - p) ** gamma / p)
    return -y * (1 - p) ** gamma * np.log(p), p * (by_p - (by_p * p).sum(axis=1, keepdims=True))


def _pinball(z: Array, y: Array, quantile: Any) -> tuple[Array, Array]:
    r = y - z
    return np.maximum(quantile * r, (quantile - 1) * r), np.where(r > 0, -quantile, 1 - quantile)


def _huber(z: Array, y: Array, delta: Any) -> tuple[Array, Array]:
    r = np.abs(z - y)
    return np.where(r <= delta, r * r / 2, delta * (r - delta / 2)), np.clip(z - y, -delta, delta)


def _tweedie(z: Array, y: Array, power: Any) -> tuple[Array, Array]:
    # scikit-learn's, whose constants differ: there exp(a z) / a and y exp(-b z) / b stand alone.
    a, b = 2 - power, power - 1
    rising = z if a == 0 else (np.exp(a * z) - 1) / a
    falling = -z if b == 0 else (np.exp(-b * z) - 1) / b
    return 1 + rising + y * falling, np.exp(a * z) - y * np.exp(-b * z)


def _terms_of_tweedie(z: Array, y: Array, power: float) -> Array:
    a, b = 2 - power, power - 1
    with np.errstate(over="ignore"):
        return (np.exp(a * z) + y * np.exp(-b * z)) * (1 + np.abs(z))


# --- the rows -----------------------------------------------------------------------------------

CASES: dict[str, Case] = {
    "squared_error": Case(
        _numbers,
        lambda z, y, _: ((z - y) ** 2 / 2, z - y),
        NUMBERS,
        extremes=(([1e10], [0.0], 5e19, [1e10]),),
    ),
    "binary_cross_entropy": Case(
        _probabilities,
        _binary_cross_entropy,
        (ONE_HOT, ONE_HOT * 0.3, np.ones((2, 2))),
        (5 * ONE_HOT, -ONE_HOT, 2 * ONE_HOT - 1),
        extremes=(
            ([1e20], [1.0], 0.0, [0.0]),
            ([1e20], [0.0], 1e20, [1.0]),
            ([-1e20], [0.0], 0.0, [0.0]),
            ([-1e20], [1.0], 1e20, [-1.0]),
            ([0.0], [0.5], log(2), [0.0]),
            ([-40.0], [0.0], exp(-40), [exp(-40)]),
            ([40.0], [1.0], log1p(exp(-40)), [-exp(-40)]),
        ),
    ),
    "cross_entropy": Case(
        _shares,
        _cross_entropy,
        SHARES,
        NO_SHARES,
        lambda z, y, _: np.abs(y) * (1 + np.abs(z) + np.abs(z).max(axis=1, keepdims=True, initial=0.0)),
        extremes=(
            ([1e20, 0.0], [1.0, 0.0], 0.0, [0.0, 0.0]),
            ([1e20, 0.0], [0.0, 1.0], 1e20, [1.0, -1.0]),
            ([1e20, -1e20, 0.0], [1.0, 0.0, 0.0], 0.0, [0.0, 0.0, 0.0]),
            ([-1e20, -1e20], [0.5, 0.5], log(2), [0.0, 0.0]),
        ),
    ),
    "absolute": Case(
        _numbers,
        lambda z, y, _: (np.abs(z - y), np.sign(z - y)),
        NUMBERS,
        extremes=(([1e20], [0.0], 1e20, [1.0]), ([2.0], [2.0], 0.0, [0.0])),
    ),
    "huber": Case(
        _numbers,
        _huber,
        NUMBERS,
        extremes=(([-1e20], [0.0], 1.35e20, [-1.35]),),
        others=(0.3,),
        wrong=(0, -1, np.inf, np.nan, 10**400),
    ),
    "log_cosh": Case(
        _numbers,
        lambda z, y, _: (np.log(np.cosh(z - y)), np.tanh(z - y)),
        NUMBERS,
        extremes=(([1e20], [0.0], 1e20, [1.0]), ([-1e-3], [0.0], 1e-6 / 2 - 1e-12 / 12, [-np.tanh(1e-3)])),
    ),
    "poisson": Case(
        _counts,
        lambda z, y, _: (np.exp(z) - y * z, np.exp(z) - y),
        COUNTS,
        NO_COUNTS,
        lambda z, y, _: np.exp(z) * (1 + np.abs(z)) + np.abs(y * z),
        extremes=(([-1e20], [0.0], 0.0, [0.0]), ([-1e20], [2.0], 2e20, [-2.0])),
    ),
    "pinball": Case(
        _numbers,
        _pinball,
        NUMBERS,
        extremes=(([1e20], [0.0], 0.5e20, [0.5]),),
        others=(0.9,),
        wrong=(0, 1, np.nan),
    ),
    "hinge": Case(
        _signs,
        lambda z, y, _: (np.maximum(1 - y * z, 0), np.where(y * z < 1, -y, 0)),
        (2 * ONE_HOT - 1, np.ones((2, 1)), -np.ones((2, 1))),
        (ONE_HOT, 3 * ONE_HOT, np.full((2, 1), 0.5), np.zeros((2, 1))),
        extremes=(([1e20], [1.0], 0.0, [0.0]), ([1e20], [-1.0], 1e20, [1.0])),
    ),
    "tweedie": Case(
        lambda rng, shape: 1e-3 + rng.gamma(1.0, 2.0, shape),
        _tweedie,
        COUNTS,
        NO_COUNTS,
        _terms_of_tweedie,
        extremes=(
            ([0.0], [1.0], 1.0, [0.0]),
            ([-1e20], [0.0], -1.0, [0.0]),
            ([-1e20], [2.0], np.inf, [-np.inf]),
            ([1e20], [2.0], np.inf, [np.inf]),
            ([1e20], [0.0], np.inf, [np.inf]),
        ),
        others=(1.0, 1.999, 2.0),
        wrong=(0.5, 2.5, -1, np.inf, np.nan),
    ),
    "focal": Case(
        _shares,
        _focal,
        SHARES,
        NO_SHARES,
        lambda z, y, gamma: (
            (1 + gamma) * np.abs(y) * (1 + np.abs(z) + np.abs(z).max(axis=1, keepdims=True, initial=0.0))
        ),
        extremes=(
            ([1e20, 0.0], [1.0, 0.0], 0.0, [0.0, 0.0]),
            ([1e20, 0.0], [0.0, 1.0], 1e20, [1.0, -1.0]),
            ([-1e20, 1e20, 0.0], [1.0, 0.0, 0.0], 2e20, [-1.0, 1.0, 0.0]),
            ([0.0, 0.0], [1.0, 0.0], log(2) / 4, [-(1 + 2 * log(2)) / 8, (1 + 2 * log(2)) / 8]),
            ([-1e20], [1.0], 0.0, [0.0]),
        ),
        others=(0.0, 0.5, 5.0),
        wrong=(-1, np.inf, np.nan, 2e6),
    ),
}

# Every loss with its default parameter, and with the others of its row.
WITH_OTHERS: tuple[Loss, ...] = tuple(
    losses.LOSSES[name].with_parameter(other) for name in CASES for other in CASES[name].others
)
ALL: tuple[Loss, ...] = (*losses.LOSSES.values(), *WITH_OTHERS)
IDS = (*losses.LOSSES, *(f"{loss.name} {loss.parameter}" for loss in WITH_OTHERS))


def targets(rng: np.random.Generator, loss: Loss, shape: tuple[int, ...]) -> Array:
    """Targets (n, o) that the loss is made for."""
    n, o = shape
    return CASES[loss.name].targets(rng, (n, o))


def terms(z: Array, y: Array, loss: Loss) -> Array:
    """The size of what the loss adds up, at each z (n, o)."""
    return CASES[loss.name].terms(z, y, loss.parameter)
