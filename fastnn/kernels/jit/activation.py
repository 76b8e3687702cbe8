"""Activations and their way back: which loop belongs to which activation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from fastnn import _core
from fastnn.activations import ACTIVATIONS, USER, Activation
from fastnn.errors import wrong_type
from fastnn.kernels.contract import Array
from fastnn.kernels.jit import piecewise_loops, smooth_loops
from fastnn.kernels.jit.compiler import ActivationLoops, compile_activation
from fastnn.kernels.pieces import pieces

__all__ = ["activate", "activation_backward", "activation_forward"]

_IDENTITY = ACTIVATIONS["identity"].code  # a copy, no loop
_ONE_THREAD = 1  # a user's own is a function of C, which the native kernels call for both backends
_WORK = 64  # multiply-adds in the time of an element
_NAMED = vars(piecewise_loops) | vars(smooth_loops)
_WRITTEN = {  # loops that Numba keeps on disk and whose exponentials it vectorises
    each.code: ActivationLoops(_NAMED[f"{each.name}_value"], _NAMED[f"{each.name}_backward"])
    for each in ACTIVATIONS.values()
    if f"{each.name}_value" in _NAMED
}


def _loops(activation: Activation) -> ActivationLoops:
    """The loops of one of the library's but identity; what has none of its own is compiled from its functions."""
    if activation.code in _WRITTEN:
        return _WRITTEN[activation.code]
    # They take the parameters as arguments, so that one compilation serves all of them.
    functions = ACTIVATIONS[activation.name]
    if functions.value is None or functions.slope is None:
        raise wrong_type("activation", activation, "one with value(z) and slope(z, a)")
    return compile_activation(functions.value, functions.slope, len(activation.parameters))


def _parts(z: Array) -> Iterator[slice]:
    return pieces(len(z), _WORK * (z.shape[1] if z.ndim == 2 else 1))


def activate(activation: Activation, a: Array) -> None:
    """Put activation(z) where a (n, o) holds z."""
    if activation.code == USER:
        _core.activation_forward(a.copy(), activation, a, _ONE_THREAD)
    elif activation.code != _IDENTITY:
        z, loops = a if activation.by_row else a.reshape(-1), _loops(activation)
        for part in _parts(z):
            loops.value(z[part], *activation.parameters)


def activation_forward(z: Array, activation: Activation, out: Array) -> None:
    """out (n, o) = activation(z (n, o))."""
    if activation.code == USER:
        _core.activation_forward(z, activation, out, _ONE_THREAD)
        return
    np.copyto(out, z)
    activate(activation, out)


def activation_backward(z: Array, a: Array, d_a: Array, activation: Activation, out: Array) -> None:
    """out (n, o) = d_a times the slope; for functions of a row, d_a times their Jacobian."""
    if activation.code == USER:
        _core.activation_backward(z, a, d_a, activation, out, _ONE_THREAD)
        return
    if activation.code == _IDENTITY:
        np.copyto(out, d_a)
        return
    arrays = (z, a, d_a, out)
    flat = arrays if activation.by_row else tuple(array.reshape(-1) for array in arrays)
    loops = _loops(activation)
    for part in _parts(z if activation.by_row else flat[0]):
        loops.backward(*(array[part] for array in flat), *activation.parameters)
