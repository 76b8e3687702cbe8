"""Activations and their way back: the native kernels over compiled functions, in one thread."""

from __future__ import annotations

from fastnn import _core
from fastnn.activations import Activation
from fastnn.kernels.contract import Array
from fastnn.kernels.jit.library import engine_activation, engine_backward

__all__ = ["activation_backward", "activation_forward"]

_ONE_THREAD = 1


def activation_forward(z: Array, activation: Activation, out: Array) -> None:
    """out (n, o) = activation(z (n, o))."""
    _core.activation_forward(z, engine_activation(activation, z.itemsize), out, _ONE_THREAD)


def activation_backward(z: Array, a: Array, d_a: Array, activation: Activation, out: Array) -> None:
    """out (n, o) = d_a times the slope; for functions of a row, d_a times their Jacobian."""
    _core.activation_backward(z, a, d_a, engine_backward(activation, z.itemsize), out, _ONE_THREAD)
