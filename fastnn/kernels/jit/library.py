"""The library's own functions of numbers, compiled on this machine as users' are, for the native engine to call.

A function has one definition, in `fastnn.activation_functions` or `fastnn.loss_functions`; LLVM makes of it a function
over arrays of the dtype, which is kept on disk. What works on whole rows (softmax, log_softmax, their losses) has no
such definition, and identity and relu cost the engine nothing, as it has the sums still in registers: these stay the
compiled module's.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from fastnn import _core
from fastnn.activations import ACTIVATIONS, Activation
from fastnn.kernels.users.compiled import REMEMBERED, compiled_activation, compiled_backward, compiled_loss
from fastnn.losses import Loss, element_of

__all__ = ["EnginePlan", "engine_activation", "engine_backward", "engine_loss"]

_OWN = -1  # the code of a function that the engine calls by its address
# Whose slope is derived: erfc and its derivative share an exponential, so that an epoch takes a fifth less time.
_DERIVED = ("gelu",)
_FUSED = tuple(ACTIVATIONS[name] for name in ("identity", "relu"))
_REALS: dict[int, Any] = {4: np.float32, 8: np.float64}  # by their bytes, which an array tells in no time

# By the bytes of a number and the identity of what was asked for, which is kept so that it stays its own: a hash is
# computed in Python and takes longer than a small kernel.
_Known = dict[int, dict[int, tuple[object, Any]]]
_activations: _Known = {itemsize: {} for itemsize in _REALS}
_backwards: _Known = {itemsize: {} for itemsize in _REALS}
_losses: _Known = {itemsize: {} for itemsize in _REALS}


class _Function(NamedTuple):
    """A function by its definition, with what a compiler asks an Activation or a Loss for."""

    name: str
    value: Any
    slope: Any
    link: str = "identity"
    code: int = _OWN


def engine_activation(activation: Activation, itemsize: int) -> Any:
    """What the native kernels are given in place of an activation, for numbers of so many bytes."""
    found = _activations[itemsize].get(id(activation))
    return _remember(_activations, activation, _compiled, itemsize) if found is None else found[1]


def engine_backward(activation: Activation, itemsize: int) -> Any:
    """What the kernel activation_backward is given in place of an activation, for numbers of so many bytes."""
    found = _backwards[itemsize].get(id(activation))
    return _remember(_backwards, activation, _compiled_backward, itemsize) if found is None else found[1]


def engine_loss(loss: Loss, itemsize: int) -> Any:
    """What the native kernels are given in place of a loss, for numbers of so many bytes."""
    found = _losses[itemsize].get(id(loss))
    return _remember(_losses, loss, _compiled_loss, itemsize) if found is None else found[1]


def _remember(known: _Known, thing: Any, compiled: Any, itemsize: int) -> Any:
    made = compiled(thing, _REALS[itemsize])
    if thing.code < 0:  # a user's own, of which `compiled` looks each time whether it reads something else
        return made
    if len(known[itemsize]) >= REMEMBERED:
        known[itemsize].clear()
    known[itemsize][id(thing)] = (thing, made)
    return made


def _compiled(activation: Activation, dtype: Any) -> Any:
    if activation.by_row or activation in _FUSED:
        return activation
    compiled = compiled_activation(_function(activation), dtype)
    return _core.NativeActivation(compiled.address, dtype, compiled)


def _compiled_backward(activation: Activation, dtype: Any) -> Any:
    if activation.by_row or activation in _FUSED:
        return activation
    compiled = compiled_activation(_function(activation), dtype)
    backward = compiled_backward(_function(activation), dtype)
    return _core.NativeActivation(compiled.address, dtype, (compiled, backward), backward.address)


def _function(activation: Activation) -> Any:
    slope = None if activation.code >= 0 and activation.name in _DERIVED else activation.slope
    return _Function(activation.name, activation.value, slope)


def _compiled_loss(loss: Loss, dtype: Any) -> Any:
    element, parameter = element_of(loss), loss.parameter
    if loss.code < 0 or element is None:
        return loss
    value, slope = (lambda z, y: element(z, y, parameter)[0]), (lambda z, y: element(z, y, parameter)[1])
    function: Any = _Function(loss.name, value, slope, loss.link)
    return compiled_loss(function, dtype)


class EnginePlan:
    """A plan as the native engine reads it, with compiled functions in place of the engine's own.

    Parameters
    ----------
    plan : PlanLike

    Attributes
    ----------
    native : NativePlan
    loss : Loss or NativeLoss
    """

    def __init__(self, plan: Any) -> None:
        self._plan, itemsize = plan, plan.dtype.itemsize
        functions = tuple(engine_activation(each, itemsize) for each in plan.activations)
        self.native = _core.NativePlan(plan.widths, functions, plan.bias, plan.dropout, plan.dtype)

    @property
    def loss(self) -> Any:
        """Compiled when a gradient first needs it."""
        return engine_loss(self._plan.loss, self._plan.dtype.itemsize)
