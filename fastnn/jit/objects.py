"""Activations and losses as arguments and constants of nopython code: their types hold all that there is to know."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core.imputils import lower_constant
from numba.extending import NativeValue, models, register_model, typeof_impl, unbox

from fastnn.activations import Activation
from fastnn.losses import Loss

__all__ = ["ActivationType", "LossType"]


class ActivationType(types.Dummy):  # type: ignore[misc]
    """One of the library's activations, with its parameters."""

    what = "activation"

    def __init__(self, value: Activation) -> None:
        self.value = value
        super().__init__(f"fastnn.Activation({value.name!r}, {value.code}, {value.parameters})")


class LossType(types.Dummy):  # type: ignore[misc]
    """One of the library's losses, with its parameter."""

    what = "loss"

    def __init__(self, value: Loss) -> None:
        self.value = value
        super().__init__(f"fastnn.Loss({value.name!r}, {value.code}, {value.link!r}, {value.parameter})")


def _require_listed(what: str, value: Activation | Loss) -> None:
    if value.code < 0:
        raise TypeError(
            f"{value.name!r} is {what} of your own, and fastnn.jit takes those of the library: call its function "
            "itself, which Numba compiles with yours."
        )


@typeof_impl.register(Activation)
def _type_of_activation(value: Activation, context: Any) -> ActivationType:
    _require_listed("an activation", value)
    return ActivationType(value)


@typeof_impl.register(Loss)
def _type_of_loss(value: Loss, context: Any) -> LossType:
    _require_listed("a loss", value)
    return LossType(value)


register_model(ActivationType)(models.OpaqueModel)
register_model(LossType)(models.OpaqueModel)


@lower_constant(ActivationType)
@lower_constant(LossType)
def _constant(context: Any, builder: Any, kind: Any, value: Any) -> Any:
    return context.get_dummy_value()


@unbox(ActivationType)
@unbox(LossType)
def _unboxed(kind: Any, value: Any, c: Any) -> NativeValue:
    return NativeValue(c.context.get_dummy_value())
