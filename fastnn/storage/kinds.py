"""The objects of this package that files can hold: by name where a registry has them, else by their fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import is_dataclass
from functools import partial
from types import MappingProxyType, ModuleType
from typing import Any

import numpy as np

from fastnn import activations, layers, losses, optimizers, schedules
from fastnn.activations import Activation
from fastnn.losses import Loss
from fastnn.storage.functions import NOTHING_TRUSTED, Functions, take_functions
from fastnn.storage.records import Kind, is_number, record

__all__ = ["KINDS", "records_of", "trusting"]


def records_of(module: ModuleType, area: str, words: Mapping[str, str] = MappingProxyType({})) -> dict[str, Kind]:
    """The kinds of all dataclasses that a module or package defines, by an area and their names; but of no mere bases.

    Files hold the area and the name, so these are words of the format and stay, whatever the module is called. A class
    that has another name than when files began to hold it is among the `words`, by its name.
    """
    classes = {each for each in vars(module).values() if isinstance(each, type) and is_dataclass(each)}
    own = [cls for cls in classes if f"{cls.__module__}.".startswith(f"{module.__name__}.")]
    own = [cls for cls in own if not classes & set(cls.__subclasses__())]
    names = {cls: words.get(cls.__name__, cls.__name__) for cls in own}
    return {f"{area}.{names[cls]}": record(cls) for cls in sorted(own, key=names.__getitem__)}


# --- by name ------------------------------------------------------------------------------------


def _take_activation(activation: Activation) -> dict[str, Any]:
    """The name, and the parameters where they are not those of the name, such as a slope; of a user's own functions."""
    if activation.code == activations.USER:
        functions = take_functions(f"activation {activation.name!r}", value=activation.value, slope=activation.slope)
        return {"name": activation.name, **functions} | ({} if activation.has_slope else {"has_slope": False})
    known = activations.ACTIVATIONS[activation.name]
    return {"name": activation.name} | ({} if activation == known else {"parameters": list(activation.parameters)})


def _make_activation(
    functions: Functions,
    name: str,
    parameters: list[float] | None = None,
    value: str | None = None,
    slope: str | None = None,
    has_slope: bool = True,
) -> Activation:
    if value is not None:
        found = (functions.find(each) if each is not None else None for each in (value, slope))
        return Activation(name, *found, has_slope=has_slope)
    if parameters is None:
        return activations.get(name)
    if name not in activations.ACTIVATIONS or not parameters:
        raise ValueError(f"the activation {name!r} cannot have the parameters {parameters!r}")
    return Activation(name, parameters=tuple(parameters))


def _take_loss(loss: Loss) -> dict[str, Any]:
    """The name, and the parameter where it is not that of the name, such as a quantile; of a user's own functions."""
    if loss.code == losses.USER:
        functions = take_functions(f"loss {loss.name!r}", value=loss.value, slope=loss.slope)
        return {"name": loss.name, "link": loss.link, **functions}
    known = losses.get(loss.name)
    return {"name": loss.name} | ({} if loss == known else {"parameter": loss.parameter})


def _make_loss(
    functions: Functions,
    name: str,
    parameter: float | None = None,
    link: str = "identity",
    value: str | None = None,
    slope: str | None = None,
) -> Loss:
    if value is not None:
        found = (functions.find(each) if each is not None else None for each in (value, slope))
        return Loss(name, *found, link=link)
    if parameter is None:
        return losses.get(name)
    if not is_number(parameter):
        raise ValueError(f"the loss {name!r} cannot have the parameter {parameter!r}")
    return losses.get(name).with_parameter(parameter)


def trusting(functions: Functions) -> dict[str, Kind]:
    """The kinds that have users' functions, which are looked for among these."""
    return {
        "activation": Kind(Activation, _take_activation, partial(_make_activation, functions)),
        "loss": Kind(Loss, _take_loss, partial(_make_loss, functions)),
    }


# --- NumPy's ------------------------------------------------------------------------------------


_N_KEY = 624


def _take_random_state(state: np.random.RandomState) -> dict[str, Any]:
    parts: dict[str, Any] = state.get_state(legacy=False)
    if parts["bit_generator"] != "MT19937":
        raise TypeError(
            f"A RandomState of {parts['bit_generator']} cannot be saved: use one of MT19937, or an integer."
        )
    return {"state": parts}


def _make_random_state(state: Any) -> np.random.RandomState:
    """The state, whose numbers NumPy would use as they are: from a place outside of the key it reads any memory."""
    if state.keys() != {"bit_generator", "state", "has_gauss", "gauss"} or state["state"].keys() != {"key", "pos"}:
        raise ValueError("a RandomState has other parts")
    key, pos = state["state"]["key"], state["state"]["pos"]
    if not isinstance(key, np.ndarray) or key.dtype != np.uint32 or key.shape != (_N_KEY,):
        raise ValueError(f"the key of a RandomState has to be {_N_KEY} numbers of uint32")
    if not (key[0] >> 31 or key[1:].any()):
        raise ValueError("the key of a RandomState is zero, of which only zeros come")
    if type(pos) is not int or not 0 <= pos <= _N_KEY:
        raise ValueError(f"the pos of a RandomState is {pos!r}, wanted an integer from 0 to {_N_KEY}")
    gauss = state["gauss"]
    if state["bit_generator"] != "MT19937" or state["has_gauss"] not in (0, 1) or type(gauss) is not float:
        raise ValueError("a RandomState has to be of MT19937, and its gauss a number")
    made = np.random.RandomState(0)
    made.set_state(state)
    return made


KINDS: dict[str, Kind] = {
    **trusting(NOTHING_TRUSTED),
    "random_state": Kind(np.random.RandomState, _take_random_state, _make_random_state),
    "dtype.float32": Kind(type(np.dtype(np.float32)), lambda dtype: {}, lambda: np.dtype(np.float32)),
    "dtype.float64": Kind(type(np.dtype(np.float64)), lambda dtype: {}, lambda: np.dtype(np.float64)),
    **records_of(layers, "layers"),
    **records_of(optimizers, "optimizers"),
    **records_of(schedules, "schedules"),
}
