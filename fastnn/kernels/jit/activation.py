"""Activations and their way back: which loop belongs to which activation."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.activations import ACTIVATIONS, Activation
from fastnn.kernels.contract import Array
from fastnn.kernels.jit import piecewise_loops, smooth_loops
from fastnn.kernels.jit.compiler import compile_activation

__all__ = ["activate", "activation_backward", "activation_forward"]

_IDENTITY = ACTIVATIONS["identity"].code  # a copy, no loop
_LOOPS = vars(piecewise_loops) | vars(smooth_loops)
_OTHERS = [each for each in ACTIVATIONS.values() if each.code != _IDENTITY]
_VALUE = {each.code: _LOOPS[f"{each.name}_value"] for each in _OTHERS}
_BACKWARD = {each.code: _LOOPS[f"{each.name}_backward"] for each in _OTHERS}


def activate(activation: Activation, a: Array) -> None:
    """Put activation(z) where a (n, o) holds z; a user's activation has a code below 0."""
    if activation.code == _IDENTITY:
        return
    value = _VALUE[activation.code] if activation.code >= 0 else _compiled_value(activation)
    value(a if activation.by_row else a.reshape(-1))


def activation_forward(z: Array, activation: Activation, out: Array) -> None:
    """out (n, o) = activation(z (n, o))."""
    np.copyto(out, z)
    activate(activation, out)


def activation_backward(z: Array, a: Array, d_a: Array, activation: Activation, out: Array) -> None:
    """out (n, o) = d_a times the slope; for functions of a row, d_a times their Jacobian."""
    if activation.code == _IDENTITY:
        np.copyto(out, d_a)
        return
    backward = _BACKWARD[activation.code] if activation.code >= 0 else _compiled_slope(activation)
    arrays = (z, a, d_a, out)
    backward(*(arrays if activation.by_row else (array.reshape(-1) for array in arrays)))


def _compiled_value(activation: Activation) -> Any:
    if activation.value is None:
        raise TypeError(f"Activation {activation.name!r} has no value(z).")
    return compile_activation(activation.value, activation.slope).value


def _compiled_slope(activation: Activation) -> Any:
    if activation.value is None or activation.slope is None:
        raise TypeError(f"Activation {activation.name!r} has no slope(z, a).")
    return compile_activation(activation.value, activation.slope).backward
