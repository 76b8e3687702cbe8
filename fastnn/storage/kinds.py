"""The objects of this package that files can hold: by name where a registry has them, else by their fields."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from types import ModuleType
from typing import Any

import numpy as np

from fastnn import activations, layers, losses, optimizers, schedules
from fastnn.activations import Activation
from fastnn.losses import Loss
from fastnn.storage.codec import Kind, record

__all__ = ["KINDS", "records_of"]


def records_of(module: ModuleType) -> dict[str, Kind]:
    """The kinds of all dataclasses that a module defines, by its name and theirs."""
    area = module.__name__.rpartition(".")[2]
    classes = [each for each in vars(module).values() if isinstance(each, type) and is_dataclass(each)]
    return {f"{area}.{cls.__name__}": record(cls) for cls in classes if cls.__module__ == module.__name__}


# --- by name ------------------------------------------------------------------------------------


def _take_activation(activation: Activation) -> dict[str, Any]:
    if activations.ACTIVATIONS.get(activation.name) != activation:
        raise _own("activation", activation.name)
    return {"name": activation.name}


def _make_activation(name: str) -> Activation:
    return activations.get(name)


def _take_loss(loss: Loss) -> dict[str, Any]:
    """The name, and what makes the loss another one than that of its name, such as a quantile."""
    known = losses.LOSSES.get(loss.name)
    if known is None or known.code != loss.code:
        raise _own("loss", loss.name)
    names = [field.name for field in fields(Loss)]
    return {"name": loss.name} | {
        name: getattr(loss, name) for name in names if getattr(loss, name) != getattr(known, name)
    }


def _make_loss(name: str, **changes: Any) -> Loss:
    return replace(losses.get(name), **changes)


def _own(what: str, name: str) -> ValueError:
    return ValueError(
        f"The {what} {name!r} is a user's own: a file holds no code. Use one of fastnn's, or pickle the model, "
        "which keeps a reference to your functions."
    )


# --- NumPy's ------------------------------------------------------------------------------------


def _take_random_state(state: np.random.RandomState) -> dict[str, Any]:
    parts: dict[str, Any] = state.get_state(legacy=False)
    if parts["bit_generator"] != "MT19937":
        raise TypeError(
            f"A RandomState of {parts['bit_generator']} cannot be saved: use one of MT19937, or an integer."
        )
    return {"state": parts}


def _make_random_state(state: Any) -> np.random.RandomState:
    made = np.random.RandomState(0)
    made.set_state(state)
    return made


KINDS: dict[str, Kind] = {
    "activation": Kind(Activation, _take_activation, _make_activation),
    "loss": Kind(Loss, _take_loss, _make_loss),
    "random_state": Kind(np.random.RandomState, _take_random_state, _make_random_state),
    "dtype.float32": Kind(type(np.dtype(np.float32)), lambda dtype: {}, lambda: np.dtype(np.float32)),
    "dtype.float64": Kind(type(np.dtype(np.float64)), lambda dtype: {}, lambda: np.dtype(np.float64)),
    **records_of(layers),
    **records_of(optimizers),
    **records_of(schedules),
}
