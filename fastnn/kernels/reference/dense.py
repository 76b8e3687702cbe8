"""z = x @ w + b, and its way back."""

from __future__ import annotations

import numpy as np

from fastnn.activations import Activation
from fastnn.kernels.contract import Array
from fastnn.kernels.pieces import multiply
from fastnn.kernels.reference.activation import activate

__all__ = ["dense_backward_input", "dense_backward_params", "dense_forward"]


@np.errstate(all="ignore")
def dense_forward(x: Array, w: Array, b: Array | None, activation: Activation, out: Array) -> None:
    """out (n, o) = activation(x (n, i) @ w (i, o) + b (o,))."""
    z = multiply(x, w)
    if b is not None:
        z += b
    out[...] = activate(z, activation)


@np.errstate(all="ignore")
def dense_backward_input(d_z: Array, w: Array, out: Array) -> None:
    """out (n, i) = d_z (n, o) @ w (i, o) transposed: the gradient of x."""
    out[...] = multiply(d_z, w.T)


@np.errstate(all="ignore")
def dense_backward_params(x: Array, d_z: Array, d_w: Array, d_b: Array) -> None:
    """d_w (i, o) and d_b (o,): sums over the rows of x (n, i) and d_z (n, o)."""
    d_w[...] = multiply(x.T, d_z)
    d_b[...] = d_z.sum(axis=0)
