"""One step of each optimizer, in place on flat vectors (p,)."""

from __future__ import annotations

from math import sqrt

import numpy as np

from fastnn.kernels.contract import Array

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


@np.errstate(all="ignore")
def sgd_step(
    params: Array,
    d_params: Array,
    velocity: Array,
    learning_rate: float,
    momentum: float,
    nesterov: bool,
) -> None:
    """Gradient descent with momentum (Sutskever et al. 2013, as scikit-learn writes it)."""
    velocity *= momentum
    velocity -= learning_rate * d_params
    params += momentum * velocity - learning_rate * d_params if nesterov else velocity


@np.errstate(all="ignore")
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
    """Kingma and Ba 2015, the corrections of m and v folded into the rate; `step` counts from 1."""
    _running_means(d_params, m, v, beta_1, beta_2)
    rate = learning_rate * sqrt(1 - beta_2**step) / (1 - beta_1**step)
    params -= rate * m / (np.sqrt(v) + epsilon)


@np.errstate(all="ignore")
def rmsprop_step(params: Array, d_params: Array, v: Array, learning_rate: float, rho: float, epsilon: float) -> None:
    """Tieleman and Hinton 2012."""
    v *= rho
    v += (1 - rho) * d_params * d_params
    params -= learning_rate * d_params / (np.sqrt(v) + epsilon)


@np.errstate(all="ignore")
def adagrad_step(params: Array, d_params: Array, v: Array, learning_rate: float, epsilon: float) -> None:
    """Duchi et al. 2011, the diagonal form."""
    v += d_params * d_params
    params -= learning_rate * d_params / (np.sqrt(v) + epsilon)


@np.errstate(all="ignore")
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
    """Loshchilov and Hutter 2019: the parameters shrink, then Adam moves them."""
    params *= 1 - learning_rate * weight_decay
    adam_step(params, d_params, m, v, step, learning_rate, beta_1, beta_2, epsilon)


@np.errstate(all="ignore")
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
    """Dozat 2016: m as the next step will correct it, and this step's gradient in its place."""
    _running_means(d_params, m, v, beta_1, beta_2)
    ahead = beta_1 * m / (1 - beta_1 ** (step + 1)) + (1 - beta_1) * d_params / (1 - beta_1**step)
    params -= learning_rate * ahead / (np.sqrt(v / (1 - beta_2**step)) + epsilon)


@np.errstate(all="ignore")
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
    """Kingma and Ba 2015, algorithm 2, with epsilon where PyTorch adds it."""
    m *= beta_1
    m += (1 - beta_1) * d_params
    np.maximum(beta_2 * u, np.abs(d_params) + epsilon, out=u)
    params -= learning_rate / (1 - beta_1**step) * m / u


@np.errstate(all="ignore")
def adadelta_step(
    params: Array, d_params: Array, v: Array, u: Array, learning_rate: float, rho: float, epsilon: float
) -> None:
    """Zeiler 2012: v of the gradient's square, u of the step's."""
    v *= rho
    v += (1 - rho) * d_params * d_params
    change = np.sqrt(u + epsilon) / np.sqrt(v + epsilon) * d_params
    u *= rho
    u += (1 - rho) * change * change
    params -= learning_rate * change


@np.errstate(all="ignore")
def lion_step(
    params: Array,
    d_params: Array,
    m: Array,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    weight_decay: float,
) -> None:
    """Chen et al. 2023, algorithm 2."""
    params *= 1 - learning_rate * weight_decay
    params -= learning_rate * np.sign(beta_1 * m + (1 - beta_1) * d_params)
    m *= beta_2
    m += (1 - beta_2) * d_params


def _running_means(d_params: Array, m: Array, v: Array, beta_1: float, beta_2: float) -> None:
    """m of the gradient, v of its square."""
    m *= beta_1
    m += (1 - beta_1) * d_params
    v *= beta_2
    v += (1 - beta_2) * d_params * d_params
