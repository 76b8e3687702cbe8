"""Activations and their way back: which loop belongs to which activation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fastnn.activations import ACTIVATIONS, Activation
from fastnn.errors import wrong_type
from fastnn.kernels.contract import Array
from fastnn.kernels.jit import piecewise_loops, smooth_loops
from fastnn.kernels.jit.compiler import ActivationLoops, compile_activation
from fastnn.kernels.pieces import pieces

__all__ = ["activate", "activation_backward", "activation_forward"]

_IDENTITY = ACTIVATIONS["identity"].code  # a copy, no loop
_WORK = 64  # multiply-adds in the time of an element
_NAMED = vars(piecewise_loops) | vars(smooth_loops)
_REGISTERED = {
    each.code: ActivationLoops(_NAMED[f"{each.name}_value"], _NAMED[f"{each.name}_backward"])
    for each in ACTIVATIONS.values()
    if each.code != _IDENTITY
}


def _loops(activation: Activation) -> ActivationLoops:
    """The loops of any activation but identity; a user's (code below 0) are compiled."""
    if activation.code >= 0:
        return _REGISTERED[activation.code]
    if activation.value is None or activation.slope is None:
        raise wrong_type("activation", activation, "one with value(z) and slope(z, a)")
    return compile_activation(activation.value, activation.slope)


def _parts(z: Array) -> Iterator[slice]:
    return pieces(len(z), _WORK * (z.shape[1] if z.ndim == 2 else 1))


def activate(activation: Activation, a: Array) -> None:
    """Put activation(z) where a (n, o) holds z."""
    if activation.code != _IDENTITY:
        z = a if activation.by_row else a.reshape(-1)
        for part in _parts(z):
            _loops(activation).value(z[part])


def activation_forward(z: Array, activation: Activation, out: Array) -> None:
    """out (n, o) = activation(z (n, o))."""
    np.copyto(out, z)
    activate(activation, out)


def activation_backward(z: Array, a: Array, d_a: Array, activation: Activation, out: Array) -> None:
    """out (n, o) = d_a times the slope; for functions of a row, d_a times their Jacobian."""
    if activation.code == _IDENTITY:
        np.copyto(out, d_a)
        return
    arrays = (z, a, d_a, out)
    flat = arrays if activation.by_row else tuple(array.reshape(-1) for array in arrays)
    for part in _parts(z if activation.by_row else flat[0]):
        _loops(activation).backward(*(array[part] for array in flat))
