"""The layer kernels in Numba.

Importing this package imports Numba; a kernel compiles when it is first called.
"""

from fastnn.kernels.jit import optimizer
from fastnn.kernels.jit.activation import activation_backward, activation_forward
from fastnn.kernels.jit.clip import clip_by_norm, clip_by_value, ema_step
from fastnn.kernels.jit.dense import dense_backward_input, dense_backward_params, dense_forward
from fastnn.kernels.jit.dropout import dropout
from fastnn.kernels.jit.loss import link, loss_and_gradient
from fastnn.kernels.jit.optimizer import *  # noqa: F403 - one step of every optimizer

__all__ = [
    "activation_backward",
    "activation_forward",
    "clip_by_norm",
    "clip_by_value",
    "dense_backward_input",
    "dense_backward_params",
    "dense_forward",
    "dropout",
    "ema_step",
    "link",
    "loss_and_gradient",
]
__all__ += optimizer.__all__
