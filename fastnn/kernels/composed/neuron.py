"""One neuron's epoch made from layer kernels: this file defines how a neuron learns.

`sign` learns by the perceptron rule (Rosenblatt 1958), `sigmoid` by cross-entropy, any other
activation by squared error. The compiled module does it in one call and must agree.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn import losses
from fastnn.activations import ACTIVATIONS, Activation
from fastnn.kernels.contract import Array

__all__ = ["neuron_epoch"]

_IDENTITY, _SIGN, _SIGMOID = (ACTIVATIONS[name] for name in ("identity", "sign", "sigmoid"))
_SQUARED_ERROR = losses.get("squared_error")
_CROSS_ENTROPY = losses.get("binary_cross_entropy")


@np.errstate(all="ignore")
def neuron_epoch(
    kernels: Any,
    activation: Activation,
    params: Array,
    x: Array,
    y: Array,
    sample_weight: Array | None,
    order: NDArray[np.int64] | None,
    batch_size: int,
    learning_rates: NDArray[np.float64],
    total: NDArray[np.float64] | None,
) -> float:
    """One pass over the rows in `order`, a step for each batch; the weighted mean loss on the way.

    Updates params (i + 1,), w and then b, and adds the params after every step to `total`
    (i + 1,). A batch of several rows steps by its weighted mean gradient; a row alone by its
    gradient times its weight. Where the loss or a parameter is not finite at the end, or on an
    exception, params and total are left as they were.
    """
    n = len(x) if order is None else len(order)
    new_params = params.copy()
    new_total = np.zeros(len(params)) if total is None else total.copy()
    loss_sum = weight_sum = 0.0
    for k, first in enumerate(range(0, n, batch_size)):
        last = min(first + batch_size, n)
        rows = slice(first, last) if order is None else order[first:last]
        weight = np.ones(last - first, x.dtype) if sample_weight is None else sample_weight[rows]
        batch_weight = float(weight.sum(dtype=np.float64))
        loss, d_params = _gradient(kernels, activation, new_params, x[rows], y[rows], weight)
        new_params -= (learning_rates[k] * (batch_weight if batch_size == 1 else 1.0)) * d_params
        new_total += new_params
        loss_sum += batch_weight * loss
        weight_sum += batch_weight
    if not (np.isfinite(loss_sum) and np.isfinite(new_params).all()):
        return float("nan")
    params[...] = new_params
    if total is not None:
        total[...] = new_total
    return loss_sum / weight_sum if weight_sum > 0 else 0.0


def _gradient(
    kernels: Any, activation: Activation, params: Array, x: Array, y: Array, weight: Array
) -> tuple[float, Array]:
    """The weighted mean loss of some rows and its gradient (i + 1,)."""
    z, a, d_a, d_z = (np.empty((len(x), 1), x.dtype) for _ in range(4))
    target = y[:, np.newaxis]
    kernels.dense_forward(x, params[:-1, np.newaxis], params[-1:], _IDENTITY, z)
    if activation == _SIGN:
        loss = _perceptron_rule(z, target, weight, d_z)
    elif activation == _SIGMOID:
        loss = kernels.loss_and_gradient(z, target, weight, _CROSS_ENTROPY, d_z)
    else:
        kernels.activation_forward(z, activation, a)
        loss = kernels.loss_and_gradient(a, target, weight, _SQUARED_ERROR, d_a)
        kernels.activation_backward(z, a, d_a, activation, d_z)
    d_params = np.empty_like(params)
    kernels.dense_backward_params(x, d_z, d_params[:-1, np.newaxis], d_params[-1:])
    return loss, d_params


def _perceptron_rule(z: Array, y: Array, weight: Array, d_z: Array) -> float:
    """The weighted share of mistakes; y (n, 1) is -1 or 1, and a row on the line is a mistake."""
    margin = y * z
    mistake = np.where(margin > 0, 0, np.where(margin <= 0, 1, margin))  # NaN stays
    total = weight.sum(dtype=np.float64)
    share = (weight / (total if total > 0 else 1.0))[:, np.newaxis]
    d_z[...] = -share * y * mistake
    return float((share * mistake).sum(dtype=np.float64))
