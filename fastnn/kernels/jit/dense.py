"""z = x @ w + b, and its way back: the native kernels, with compiled activations, in one thread.

`dense_loops` has the same in pure Numba.
"""

from __future__ import annotations

from fastnn import _core
from fastnn.activations import Activation
from fastnn.kernels.contract import Array
from fastnn.kernels.jit.library import engine_activation

__all__ = ["dense_backward_input", "dense_backward_params", "dense_forward"]

_ONE_THREAD = 1


def dense_forward(x: Array, w: Array, b: Array | None, activation: Activation, out: Array) -> None:
    """out (n, o) = activation(x (n, i) @ w (i, o) + b (o,))."""
    _core.dense_forward(x, w, b, engine_activation(activation, out.itemsize), out, _ONE_THREAD)


def dense_backward_input(d_z: Array, w: Array, out: Array) -> None:
    """out (n, i) = d_z (n, o) @ w (i, o) transposed: the gradient of x."""
    _core.dense_backward_input(d_z, w, out, _ONE_THREAD)


def dense_backward_params(x: Array, d_z: Array, d_w: Array, d_b: Array) -> None:
    """d_w (i, o) and d_b (o,): sums over the rows of x (n, i) and d_z (n, o)."""
    _core.dense_backward_params(x, d_z, d_w, d_b, _ONE_THREAD)
