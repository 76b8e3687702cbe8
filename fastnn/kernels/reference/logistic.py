"""The passes of logistic regression over X (n, i), dense, CSR or CSC: sums over the rows, in float64.

z = x @ w + b has one output, a sigmoid, or as many as there are classes, a softmax. `params` is w
(i, o) and then b (o,), flat; where it is as long as w alone, there is no b.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.kernels.contract import Array
from fastnn.kernels.pieces import multiply
from fastnn.kernels.reference.activation import sigmoid, softmax

__all__ = ["logistic_gradient", "logistic_product", "weighted_gram"]

Doubles = NDArray[np.float64]
Labels = NDArray[np.int32]
Features = Any  # an ndarray (n, i), or a sparse matrix in CSR or CSC form


@np.errstate(all="ignore")
def logistic_gradient(
    x: Features,
    y: Labels,
    sample_weight: Array | None,
    params: Doubles,
    outputs: int,
    d_params: Doubles,
    state: Array | None,
    diagonal: Doubles | None,
    hessian: Doubles | None,
) -> float:
    """Weighted sum of the losses of all rows; its gradient by the parameters (p,) goes to d_params.

    y (n,) has the number of each row's class. Where they are asked for, state (n, o) gets what
    `logistic_product` needs (for a sigmoid weight p (1 - p), for a softmax p), diagonal (p,) and
    hessian (p, p) the second derivatives.
    """
    w, b = _unpack(params, x.shape[1], outputs)
    weight = _weight(sample_weight, len(y))
    z = _forward(x, w, b)
    losses, p, d_z = _binary(z, y) if outputs == 1 else _multinomial(z, y)
    d_params[...] = _backward(x, d_z * weight, b is not None)
    curvature = weight * p * (1 - p)
    if state is not None:
        state[...] = curvature if outputs == 1 else p
    if diagonal is not None:
        diagonal[...] = _backward(x, curvature, b is not None, square=True)
    if hessian is not None:
        _fill_hessian(x, p, weight, b is not None, hessian)
    return float((losses * weight[:, 0]).sum())


@np.errstate(all="ignore")
def logistic_product(x: Features, sample_weight: Array | None, state: Array, vector: Doubles, out: Doubles) -> None:
    """out (p,) = the Hessian where `state` (n, o) was computed, times vector (p,)."""
    outputs = state.shape[1]
    w, b = _unpack(vector, x.shape[1], outputs)
    p = state.astype(np.float64)
    z = _forward(x, w, b)
    if outputs == 1:
        d_z = p * z
    else:
        d_z = p * (z - (p * z).sum(axis=1, keepdims=True)) * _weight(sample_weight, len(p))
    out[...] = _backward(x, d_z, b is not None)


def weighted_gram(x: Features, weight: Array, out: Doubles) -> None:
    """out = x.T @ diag(weight) @ x, weight (n,); where out is one larger, x has a last column of ones."""
    with_ones = len(out) > x.shape[1]
    if not isinstance(x, np.ndarray):
        x = x.toarray()
    x = x.astype(np.float64)
    if with_ones:
        x = np.column_stack([x, np.ones(len(x))])
    out[...] = multiply((x * weight[:, None]).T, x)


# --- pieces -------------------------------------------------------------------------------------


def _unpack(params: Doubles, i: int, o: int) -> tuple[Doubles, Doubles | None]:
    w = params[: i * o].reshape(i, o)
    return w, params[i * o :] if len(params) > i * o else None


def _weight(sample_weight: Array | None, n: int) -> Doubles:
    return np.ones((n, 1)) if sample_weight is None else sample_weight.astype(np.float64)[:, None]


def _forward(x: Features, w: Doubles, b: Doubles | None) -> Doubles:
    z: Doubles = multiply(x.astype(np.float64), w)
    return z if b is None else z + b


def _backward(x: Features, d_z: Doubles, with_ones: bool, square: bool = False) -> Doubles:
    """x.T @ d_z, and the sums of d_z for b; flat."""
    x = x.astype(np.float64)
    if square:
        x = x * x if isinstance(x, np.ndarray) else x.power(2)
    d_w = multiply(x.T, d_z)
    return np.concatenate([d_w.ravel(), d_z.sum(axis=0)]) if with_ones else d_w.ravel()


def _binary(z: Doubles, y: Labels) -> tuple[Doubles, Doubles, Doubles]:
    """Losses (n,), probabilities and gradients by z (n, 1)."""
    away = np.where(y[:, None] == 1, -z, z)
    p = sigmoid(z)
    return (np.maximum(away, 0) + np.log1p(np.exp(-np.abs(z))))[:, 0], p, p - y[:, None]


def _multinomial(z: Doubles, y: Labels) -> tuple[Doubles, Doubles, Doubles]:
    """The same for a softmax, (n, o)."""
    rows = np.arange(len(y))
    below = z - z.max(axis=1, keepdims=True)
    losses = np.log(np.exp(below).sum(axis=1)) - below[rows, y]
    p = softmax(z)
    d_z = p.copy()
    d_z[rows, y] -= 1
    return losses, p, d_z


def _fill_hessian(x: Features, p: Doubles, weight: Doubles, with_ones: bool, hessian: Doubles) -> None:
    """A Gram matrix for every two outputs, weighted by the second derivative of the loss by both."""
    o = p.shape[1]
    m = x.shape[1] + with_ones
    blocks = hessian.reshape(m, o, m, o)
    block = np.empty((m, m))
    for k in range(o):
        for l in range(o):
            weighted_gram(x, weight[:, 0] * p[:, k] * ((k == l) - p[:, l]), block)
            blocks[:, k, :, l] = block
