"""Functions of a user's own that several tests take, with names in a module, so that pickles and files find them."""

from __future__ import annotations

import math

from fastnn import Activation, Loss


def snake(z: float) -> float:
    return z + math.sin(z) ** 2


def snake_slope(z: float, a: float) -> float:
    return 1 + math.sin(2 * z)


def cauchy(z: float, y: float) -> float:
    return math.log1p((z - y) ** 2)


def cauchy_slope(z: float, y: float) -> float:
    return 2 * (z - y) / (1 + (z - y) ** 2)


def logistic(z: float, y: float) -> float:
    """Binary cross-entropy."""
    return max(z, 0.0) - z * y + math.log1p(math.exp(-abs(z)))


def gamma_deviance(z: float, y: float) -> float:
    """Of the mean exp(z)."""
    return z + y * math.exp(-z)


def squared_hinge(z: float, y: float) -> float:
    return max(1 - y * z, 0.0) ** 2


SNAKE = Activation("snake", snake)
SNAKE_GIVEN = Activation("snake given", snake, snake_slope)
CAUCHY = Loss("cauchy", cauchy)
CAUCHY_GIVEN = Loss("cauchy given", cauchy, cauchy_slope)
LOGISTIC = Loss("own logistic", logistic, link="sigmoid")
BRIER = Loss("brier", lambda z, y: (z - y) ** 2, link="softmax")
GAMMA = Loss("gamma", gamma_deviance, link="exp")
SQUARED_HINGE = Loss("squared hinge", squared_hinge)
