"""The layer kernels in NumPy, written to be read: the oracle of every test.

A kernel here computes in the dtype of its arrays; tests call it in float64 to judge the others.
"""

from fastnn.kernels.reference import optimizer
from fastnn.kernels.reference.activation import activation_backward, activation_forward
from fastnn.kernels.reference.clip import clip_by_norm, clip_by_value, ema_step
from fastnn.kernels.reference.coordinate_descent import (
    column_descent,
    column_sums,
    quadratic_descent,
    take_columns,
)
from fastnn.kernels.reference.dense import (
    dense_backward_input,
    dense_backward_params,
    dense_forward,
)
from fastnn.kernels.reference.dropout import dropout
from fastnn.kernels.reference.limited_memory import dot, memory_backward, memory_forward
from fastnn.kernels.reference.logistic import logistic_gradient, logistic_product, weighted_gram
from fastnn.kernels.reference.loss import link, loss_and_gradient
from fastnn.kernels.reference.optimizer import *  # noqa: F403 - one step of every optimizer
from fastnn.kernels.reference.saga import saga_epoch, saga_table

__all__ = [
    "activation_backward",
    "activation_forward",
    "clip_by_norm",
    "clip_by_value",
    "column_descent",
    "column_sums",
    "dense_backward_input",
    "dense_backward_params",
    "dense_forward",
    "dot",
    "dropout",
    "ema_step",
    "link",
    "logistic_gradient",
    "logistic_product",
    "loss_and_gradient",
    "memory_backward",
    "memory_forward",
    "quadratic_descent",
    "saga_epoch",
    "saga_table",
    "take_columns",
    "weighted_gram",
]
__all__ += optimizer.__all__
