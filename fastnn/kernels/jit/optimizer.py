"""One step of each optimizer, in place on flat vectors (p,), in their dtype."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from fastnn.kernels.contract import Array
from fastnn.kernels.jit.style import kernel

__all__ = [
    "adadelta_step",
    "adagrad_step",
    "adam_step",
    "adamax_step",
    "adamw_step",
    "lion_step",
    "nadam_step",
    "rmsprop_step",
    "sgd_step",
]


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
    keep: float,
) -> None:
    # rest is 1 - beta: were it computed here, LLVM would turn beta * v + rest * g into
    # g + beta * (v - g), which cancels for small v. keep is what weight decay leaves, 1 without.
    real = params.dtype.type
    rate, epsilon, keep = real(rate), real(epsilon), real(keep)
    beta_1, rest_1, beta_2, rest_2 = real(beta_1), real(rest_1), real(beta_2), real(rest_2)
    for k in range(params.size):
        g = d_params[k]
        first = beta_1 * m[k] + rest_1 * g
        second = beta_2 * v[k] + (rest_2 * g) * g
        m[k] = first
        v[k] = second
        params[k] = keep * params[k] - rate * first / (np.sqrt(second) + epsilon)


@kernel
def _nadam(
    params: Any,
    d_params: Any,
    m: Any,
    v: Any,
    rate_m: float,
    rate_g: float,
    correction: float,
    beta_1: float,
    rest_1: float,
    beta_2: float,
    rest_2: float,
    epsilon: float,
) -> None:
    real = params.dtype.type
    rate_m, rate_g, correction, epsilon = real(rate_m), real(rate_g), real(correction), real(epsilon)
    beta_1, rest_1, beta_2, rest_2 = real(beta_1), real(rest_1), real(beta_2), real(rest_2)
    for k in range(params.size):
        g = d_params[k]
        first = beta_1 * m[k] + rest_1 * g
        second = beta_2 * v[k] + (rest_2 * g) * g
        m[k] = first
        v[k] = second
        ahead = rate_m * first + rate_g * g
        params[k] -= ahead / (np.sqrt(correction * second) + epsilon)


@kernel
def _scaled_by_squares(
    params: Any, d_params: Any, v: Any, rate: float, keep: float, add: float, epsilon: float
) -> None:
    real = params.dtype.type
    rate, keep, add, epsilon = real(rate), real(keep), real(add), real(epsilon)
    for k in range(params.size):
        g = d_params[k]
        squares = keep * v[k] + (add * g) * g
        v[k] = squares
        params[k] -= rate * g / (np.sqrt(squares) + epsilon)


@kernel
def _adamax(
    params: Any,
    d_params: Any,
    m: Any,
    u: Any,
    rate: float,
    beta_1: float,
    rest_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    real = params.dtype.type
    rate, beta_2, epsilon = real(rate), real(beta_2), real(epsilon)
    beta_1, rest_1 = real(beta_1), real(rest_1)
    for k in range(params.size):
        g = d_params[k]
        first = beta_1 * m[k] + rest_1 * g
        size, before = abs(g) + epsilon, beta_2 * u[k]
        largest = size if size > before else before
        if g != g:  # no comparison is true of a NaN
            largest = g
        m[k] = first
        u[k] = largest
        params[k] -= rate * first / largest


@kernel
def _adadelta(params: Any, d_params: Any, v: Any, u: Any, rate: float, rho: float, rest: float, epsilon: float) -> None:
    real = params.dtype.type
    rate, rho, rest, epsilon = real(rate), real(rho), real(rest), real(epsilon)
    for k in range(params.size):
        g = d_params[k]
        squares = rho * v[k] + (rest * g) * g
        step = np.sqrt(u[k] + epsilon) / np.sqrt(squares + epsilon) * g
        if squares == np.inf:  # an estimate of 1 / sqrt(squares), which LLVM may take, would be NaN
            step = g / squares
        v[k] = squares
        u[k] = rho * u[k] + (rest * step) * step
        params[k] -= rate * step


@kernel
def _lion(
    params: Any,
    d_params: Any,
    m: Any,
    rate: float,
    beta_1: float,
    rest_1: float,
    beta_2: float,
    rest_2: float,
    keep: float,
) -> None:
    real = params.dtype.type
    rate, keep = real(rate), real(keep)
    beta_1, rest_1, beta_2, rest_2 = real(beta_1), real(rest_1), real(beta_2), real(rest_2)
    for k in range(params.size):
        g = d_params[k]
        mean = beta_1 * m[k] + rest_1 * g
        m[k] = beta_2 * m[k] + rest_2 * g
        change = mean  # which is 0 or NaN, if it is neither of these
        if mean > 0:
            change = rate
        elif mean < 0:
            change = -rate
        params[k] = keep * params[k] - change


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
    adamw_step(params, d_params, m, v, step, learning_rate, beta_1, beta_2, epsilon, 0.0)


def rmsprop_step(params: Array, d_params: Array, v: Array, learning_rate: float, rho: float, epsilon: float) -> None:
    """The gradient over the root of a running mean of its square."""
    _scaled_by_squares(params, d_params, v, *map(float, (learning_rate, rho, 1 - rho, epsilon)))


def adagrad_step(params: Array, d_params: Array, v: Array, learning_rate: float, epsilon: float) -> None:
    """The gradient over the root of the sum of its squares."""
    _scaled_by_squares(params, d_params, v, float(learning_rate), 1.0, 1.0, float(epsilon))


def adamw_step(
    params: Array,
    d_params: Array,
    m: Array,
    v: Array,
    step: int,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    weight_decay: float,
) -> None:
    """Adam after a shrinking of the parameters; `step` counts from 1."""
    rate = learning_rate * sqrt(1 - beta_2**step) / (1 - beta_1**step)
    betas = (beta_1, 1 - beta_1, beta_2, 1 - beta_2)
    keep = 1 - learning_rate * weight_decay
    _adam(params, d_params, m, v, *map(float, (rate, *betas, epsilon, keep)))


def nadam_step(
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
    """Adam with Nesterov's look-ahead; `step` counts from 1."""
    rate_m = learning_rate * beta_1 / (1 - beta_1 ** (step + 1))
    rate_g = learning_rate * (1 - beta_1) / (1 - beta_1**step)
    rates = (rate_m, rate_g, 1 / (1 - beta_2**step))
    betas = (beta_1, 1 - beta_1, beta_2, 1 - beta_2)
    _nadam(params, d_params, m, v, *map(float, (*rates, *betas, epsilon)))


def adamax_step(
    params: Array,
    d_params: Array,
    m: Array,
    u: Array,
    step: int,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> None:
    """Adam by the largest gradient so far; `step` counts from 1."""
    rate = learning_rate / (1 - beta_1**step)
    _adamax(params, d_params, m, u, *map(float, (rate, beta_1, 1 - beta_1, beta_2, epsilon)))


def adadelta_step(
    params: Array, d_params: Array, v: Array, u: Array, learning_rate: float, rho: float, epsilon: float
) -> None:
    """Steps in units of the steps before."""
    _adadelta(params, d_params, v, u, *map(float, (learning_rate, rho, 1 - rho, epsilon)))


def lion_step(
    params: Array,
    d_params: Array,
    m: Array,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    weight_decay: float,
) -> None:
    """The sign of a mean of momentum and gradient."""
    keep = 1 - learning_rate * weight_decay
    _lion(params, d_params, m, *map(float, (learning_rate, beta_1, 1 - beta_1, beta_2, 1 - beta_2, keep)))
