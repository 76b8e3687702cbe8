"""The library's own functions of numbers, compiled on this machine as users' are, for the native engine to call.

A function has one definition, in `fastnn.activation_functions` or `fastnn.loss_functions`; LLVM makes of it a function
over arrays of the dtype, which is kept on disk. What works on whole rows (softmax, log_softmax, their losses) has no
such definition, and identity and relu cost the engine nothing, as it has the sums still in registers: these stay the
compiled module's.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

from fastnn import _core
from fastnn.activations import ACTIVATIONS, Activation
from fastnn.kernels.users.compiled import REMEMBERED, compiled_loss
from fastnn.losses import Loss, element_of

__all__ = ["EnginePlan", "engine_activation", "engine_loss"]

_OWN = -1  # the code of a function that the engine calls by its address
_FUSED = tuple(ACTIVATIONS[name] for name in ("identity", "relu"))


class _Function(NamedTuple):
    """A function by its definition, with what kernels ask an Activation or a Loss for."""

    name: str
    value: Any
    slope: Any
    link: str = "identity"
    code: int = _OWN


@lru_cache(REMEMBERED)
def engine_activation(activation: Activation) -> Any:
    """What the native kernels are given in place of an activation."""
    if activation.code < 0 or activation.by_row or activation in _FUSED:
        return activation
    return _Function(activation.name, activation.value, activation.slope)


@lru_cache(REMEMBERED)
def engine_loss(loss: Loss, dtype: Any) -> Any:
    """What the native kernels are given in place of a loss, for arrays of this dtype."""
    element, parameter = element_of(loss), loss.parameter
    if loss.code < 0 or element is None:
        return loss
    value, slope = (lambda z, y: element(z, y, parameter)[0]), (lambda z, y: element(z, y, parameter)[1])
    return compiled_loss(_Function(loss.name, value, slope, loss.link), dtype)


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
        functions = tuple(map(engine_activation, plan.activations))
        self.native = _core.NativePlan(plan.widths, functions, plan.bias, plan.dropout, plan.dtype)
        self._plan = plan

    @property
    def loss(self) -> Any:
        """Compiled when a gradient first needs it."""
        return engine_loss(self._plan.loss, self._plan.dtype.type)
