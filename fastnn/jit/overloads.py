"""The kernels of fastnn.jit in nopython code: what Numba compiles where a user's function calls one of them.

Arguments are looked at when the call is compiled. What does not fit is a TypeError of one sentence: Numba passes it on
as it is, where it buries an error of its own kind in a report of every implementation that there is.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import overload

from fastnn import activations, losses
from fastnn.activations import ACTIVATIONS, Activation
from fastnn.jit.calls import apart, call_of, fail
from fastnn.jit.objects import ActivationType, LossType
from fastnn.jit.places import place_of_call
from fastnn.jit.source import Known, implementation
from fastnn.kernels.contract import KERNELS, Argument
from fastnn.kernels.public.checked_call import LOWEST, RANGES
from fastnn.losses import LOSSES, Loss

__all__ = ["register"]

_REALS = (types.float32, types.float64)
_LINKS = ("identity", "sigmoid", "softmax", "exp")


def _refuse(kernel: str, what: str) -> TypeError:
    return TypeError(f"fastnn.jit.{kernel}: {what}.{place_of_call()}")


# --- arguments ----------------------------------------------------------------------------------


def _is_none(given: Any) -> bool:
    return given is None or isinstance(given, types.NoneType) or getattr(given, "value", given) is None


def _plain(given: Any) -> Any:
    """The value of what is known when the call is compiled, or its type."""
    if isinstance(given, types.Omitted):
        return given.value
    return given.literal_value if isinstance(given, types.StringLiteral) else given


def _require_array(kernel: str, argument: Argument, given: Any, dtype: Any) -> None:
    is_plain = isinstance(given, types.Array) and given.layout == "C" and given.aligned
    if is_plain and given.ndim == len(argument.shape) and given.dtype is dtype:
        if given.mutable or argument.role == "input":
            return
        raise _refuse(kernel, f"{argument.name} is {given}, and has to be writable")
    wanted = f"a C-contiguous array of {len(argument.shape)} dimension(s) of {dtype}"
    raise _refuse(kernel, f"{argument.name} is {given}, wanted {wanted}; numpy.ascontiguousarray makes one")


def _dtype_of(kernel: str, name: str, given: Any) -> Any:
    """That of the first array, which all others share."""
    dtype = getattr(given, "dtype", None)
    if dtype not in _REALS:
        raise _refuse(kernel, f"{name} is {given}, wanted a C-contiguous array of float32 or float64")
    return dtype


def _outputs(name: str, out: Any) -> dict[str, Any]:
    """Types of the outputs by their names in the contract; None for those that the function makes."""
    outputs = KERNELS[name].with_role("output")
    if _is_none(out):
        return dict.fromkeys(argument.name for argument in outputs)
    if len(outputs) == 1:
        return {outputs[0].name: out}
    if not isinstance(out, types.BaseTuple) or len(out) != len(outputs):
        raise _refuse(name, f"out is {out}, wanted a tuple of {len(outputs)} arrays")
    return {argument.name: each for argument, each in zip(outputs, out, strict=True)}


def _arrays(name: str, given: dict[str, Any]) -> tuple[Any, tuple[str, ...]]:
    """The dtype, and the names of arrays that are None."""
    kernel = KERNELS[name]
    found = given | (_outputs(name, given["out"]) if kernel.with_role("output") else {})
    arrays = [argument for argument in kernel.arguments if argument.role != "option"]
    dtype = _dtype_of(name, arrays[0].name, found[arrays[0].name])
    missing = []
    for argument in arrays:
        if _is_none(found[argument.name]) and (argument.optional or argument.role == "output"):
            missing.append(argument.name)
        else:
            _require_array(name, argument, found[argument.name], dtype)
    return dtype, tuple(missing)


# --- options ------------------------------------------------------------------------------------


def _activation_numbers(activation: Activation) -> tuple[Any, ...]:
    return (activation.code, *activation.parameters, 0.0, 0.0)[:3]


def _loss_numbers(loss: Loss) -> tuple[Any, ...]:
    return loss.code, _LINKS.index(loss.link), loss.parameter


_BY_CODE = {
    "activation": np.array([_activation_numbers(each)[1:] for each in ACTIVATIONS.values()]),
    "loss": np.array([_loss_numbers(each)[1:] for each in LOSSES.values()]),
}


def _named(name: str, given: str) -> Activation | Loss:
    """One of the library's; the ValueError of another name tells the line too."""
    try:
        return activations.get(given) if name == "activation" else losses.get(given)
    except ValueError as error:
        raise ValueError(f"{error}{place_of_call()}") from None


def _struct(kernel: str, name: str, given: Any) -> str:
    """The numbers of an activation or a loss, as an expression of a tuple."""
    given = _plain(given)
    if isinstance(given, str):
        given = _named(name, given)
    elif isinstance(given, ActivationType | LossType) and given.what == name:
        given = given.value
    elif isinstance(given, types.Integer) and not isinstance(given, types.Boolean):
        return f"numbers_of_{name}({name})"
    if isinstance(given, Activation):
        return repr(_activation_numbers(given))
    if isinstance(given, Loss):
        return repr(_loss_numbers(given))
    raise _refuse(
        kernel,
        f"{name} is {given}, wanted a name that is written where the call is, the code of one of the library's, or an "
        f"object of fastnn.{'activations' if name == 'activation' else 'losses'}",
    )


def _require_number(kernel: str, name: str, given: Any) -> None:
    given = _plain(given)
    if isinstance(given, int | float):
        return
    wanted = types.Integer if name in LOWEST else types.Boolean if name == "nesterov" else (types.Integer, types.Float)
    if not isinstance(given, wanted):
        kind = {"nesterov": "True or False"}.get(name, "an integer" if name in LOWEST else "a real number")
        raise _refuse(kernel, f"{name} is {given}, wanted {kind}")


def _structs(name: str, given: dict[str, Any]) -> dict[str, str]:
    found = {}
    for argument in KERNELS[name].with_role("option"):
        if argument.name in _BY_CODE:
            found[argument.name] = _struct(name, argument.name, given[argument.name])
        else:
            _require_number(name, argument.name, given[argument.name])
    return found


# --- the functions ------------------------------------------------------------------------------


def _by_code(name: str) -> Any:
    """(code, ...) of one of the library's, with its defaults; a code that there is not is a ValueError."""
    numbers, count = _BY_CODE[name], len(_BY_CODE[name])
    message = f"fastnn.jit: {name} is a code below 0, or of {count} or more, and there are none of these."
    first = int if name == "loss" else float

    @njit
    def numbers_of(code: int) -> tuple[Any, ...]:
        if not 0 <= code < count:
            raise ValueError(message)
        return code, first(numbers[code, 0]), numbers[code, 1]

    return numbers_of


_NAMES: dict[str, Any] = {
    "apart": apart,
    "empty": np.empty,
    "fail": fail,
    **{f"numbers_of_{name}": _by_code(name) for name in _BY_CODE},
    **{f"allows_{name}": njit(allows) for name, (allows, _) in RANGES.items()},
}


def _compiled(name: str, source: str, **more: Any) -> Any:
    """A function of its source text."""
    names = _NAMES | more
    exec(compile(source, f"<fastnn.jit.{name}>", "exec"), names)
    return names[name]


def _signature_of(function: Callable[..., Any]) -> str:
    """Without types: "(x, w, b, activation='relu', out=None)"."""
    parameters = inspect.signature(function).parameters.values()
    return str(inspect.Signature([each.replace(annotation=inspect.Parameter.empty) for each in parameters]))


def _typed(name: str, signature: str, **given: Any) -> Any:
    """What Numba compiles for a call with arguments of these types."""
    dtype, missing = _arrays(name, given)
    known = Known(signature, str(dtype), missing, _structs(name, given))
    call = call_of(f"{name}_{dtype}")
    return _compiled(name, implementation(name, known), call=call, dtype=getattr(np, str(dtype)))


def register(function: Callable[..., Any]) -> None:
    """Let functions that Numba compiles call one of fastnn.jit's."""
    name, signature = function.__name__, _signature_of(function)
    given = ", ".join(f"{each}={each}" for each in inspect.signature(function).parameters)
    source = f"def {name}{signature}:\n    return typed({given})\n"
    overload(function, prefer_literal=True)(_compiled(name, source, typed=partial(_typed, name, signature)))
