"""The layer kernels in NumPy, written to be read: the oracle of every test.

A kernel here computes in the dtype of its arrays; tests call it in float64 to judge the others.
"""

from fastnn.kernels.reference.activation import activation_backward, activation_forward
from fastnn.kernels.reference.dense import (
    dense_backward_input,
    dense_backward_params,
    dense_forward,
)
from fastnn.kernels.reference.loss import link, loss_and_gradient
from fastnn.kernels.reference.optimizer import (
    adagrad_step,
    adam_step,
    adamw_step,
    nadam_step,
    rmsprop_step,
    sgd_step,
)

__all__ = [
    "activation_backward",
    "activation_forward",
    "adagrad_step",
    "adam_step",
    "adamw_step",
    "dense_backward_input",
    "dense_backward_params",
    "dense_forward",
    "link",
    "loss_and_gradient",
    "nadam_step",
    "rmsprop_step",
    "sgd_step",
]
