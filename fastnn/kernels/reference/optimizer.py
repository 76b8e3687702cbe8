"""One step of each optimizer, in place on flat vectors (p,)."""

from __future__ import annotations

from math import sqrt

import numpy as np

from fastnn.kernels.contract import Array

__all__ = ["adam_step", "sgd_step"]


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
    m *= beta_1
    m += (1 - beta_1) * d_params
    v *= beta_2
    v += (1 - beta_2) * d_params * d_params
    rate = learning_rate * sqrt(1 - beta_2**step) / (1 - beta_1**step)
    params -= rate * m / (np.sqrt(v) + epsilon)
