"""One step of each optimizer, in place on flat vectors (p,), in their dtype."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from fastnn.kernels.contract import Array
from fastnn.kernels.jit.style import kernel

__all__ = ["adam_step", "sgd_step"]


@kernel
def _sgd(params: Any, d_params: Any, velocity: Any, rate: float, momentum: float) -> None:
    real = params.dtype.type
    rate, momentum = real(rate), real(momentum)
    for k in range(params.size):
        step = momentum * velocity[k] - rate * d_params[k]
        velocity[k] = step
        params[k] += step


@kernel
def _sgd_nesterov(params: Any, d_params: Any, velocity: Any, rate: float, momentum: float) -> None:
    real = params.dtype.type
    rate, momentum = real(rate), real(momentum)
    for k in range(params.size):
        downhill = rate * d_params[k]
        step = momentum * velocity[k] - downhill
        velocity[k] = step
        params[k] += momentum * step - downhill


@kernel
def _adam(
    params: Any,
    d_params: Any,
    m: Any,
    v: Any,
    rate: float,
    beta_1: float,
    rest_1: float,
    beta_2: float,
    rest_2: float,
    epsilon: float,
) -> None:
    # rest is 1 - beta: were it computed here, LLVM would turn beta * v + rest * g into
    # g + beta * (v - g), which cancels for small v.
    real = params.dtype.type
    rate, epsilon = real(rate), real(epsilon)
    beta_1, rest_1, beta_2, rest_2 = real(beta_1), real(rest_1), real(beta_2), real(rest_2)
    for k in range(params.size):
        g = d_params[k]
        first = beta_1 * m[k] + rest_1 * g
        second = beta_2 * v[k] + rest_2 * (g * g)
        m[k] = first
        v[k] = second
        params[k] -= rate * first / (np.sqrt(second) + epsilon)


def sgd_step(
    params: Array,
    d_params: Array,
    velocity: Array,
    learning_rate: float,
    momentum: float,
    nesterov: bool,
) -> None:
    """Gradient descent with momentum, as scikit-learn writes it."""
    step = _sgd_nesterov if nesterov else _sgd
    step(params, d_params, velocity, float(learning_rate), float(momentum))


def adam_step(
    params: Array,
    d_params: Array,
    m: Array,
    v: Array,
    step: int,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """Adam, the corrections of m and v folded into the rate; `step` counts from 1."""
    rate = learning_rate * sqrt(1 - beta_2**step) / (1 - beta_1**step)
    betas = (beta_1, 1 - beta_1, beta_2, 1 - beta_2)
    _adam(params, d_params, m, v, *map(float, (rate, *betas, epsilon)))
