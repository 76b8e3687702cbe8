"""Which of the library's activations a function is, by its values at some points."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from fastnn.activation_functions import ROWS
from fastnn.activation_parameters import defaults_of
from fastnn.activations import Activation
from fastnn.interop.onnx.reading.elementwise import applied
from fastnn.interop.onnx.reading.values import POINTS, Known, Numbers, Value, at

__all__ = ["EXP", "recognised"]

EXP = "exp"  # no activation, but what the loss "poisson" makes of the last layer's output
_END = 1e30
# Constants of a float32 graph are rounded: so far may the values be off, in units of the larger of 1 and themselves.
_CLOSE = 2e-6
_NEAR = 64.0  # inside this distance of zero every value has to be a number; exponentials may overflow beyond


def recognised(value: Value) -> Known | None:
    """What a value is as an activation; None if it is none of the library's."""
    if value.line is not None:
        return Known(Activation("identity"), after=value.line)
    named = value.named
    if named is not None and named.before.is_plain:
        return named
    found = _activation(value.values, value.constants)
    if found is not None:
        return Known(found)
    if named is not None:
        return named
    if value.tail is None:
        return None
    inner, line = value.tail
    known = recognised(inner)
    if known is None:
        return None
    after = known.after.then(line.scale, line.shift)
    if known.activation == Activation("sigmoid") and (after.scale, after.shift) == (-1.0, 1.0):
        return Known(known.activation, known.before.then(-1.0, 0.0))  # 1 - sigmoid(z) is sigmoid(-z)
    return replace(known, after=after)


def _activation(values: Numbers, constants: tuple[float, ...]) -> Activation | str | None:
    near = np.abs(POINTS) <= _NEAR
    if values.dtype != np.float64 or not np.isfinite(values[near]).all():
        return None
    off: dict[Activation | str, float] = {EXP: _off(values, np.exp(POINTS))}
    off |= {candidate: _off(values, applied(candidate, POINTS)) for candidate in _candidates(values, constants)}
    best = min(off, key=lambda each: off[each])
    return best if off[best] <= _CLOSE else None


def _off(values: Numbers, wanted: Numbers) -> float:
    """How far values are from those of a function, where both are numbers."""
    both = np.isfinite(values) & np.isfinite(wanted)
    return float((np.abs(values[both] - wanted[both]) / np.maximum(1, np.abs(wanted[both]))).max())


def _candidates(values: Numbers, constants: tuple[float, ...]) -> Iterator[Activation]:
    """Activations that it may be: those without parameters, and others with the parameters that fit."""
    for row in ROWS:
        if row.value is None or row.name == "identity":
            continue
        if not row.parameters:
            yield Activation(row.name)
        for parameters in _PARAMETERS.get(row.name, lambda values, constants: ())(values, constants):
            known = (*defaults_of(row), *constants)
            try:
                yield Activation(row.name, parameters=tuple(_as_known(each, known) for each in parameters))
            except ValueError:  # none that this activation can have
                continue


def _as_known(number: float, known: tuple[float, ...]) -> float:
    """A parameter without the rounding errors that computing it has left, where the graph or a default has it."""
    return next((each for each in known if abs(each - number) <= 1e-15 * abs(number)), number)


Parameters = Iterator[tuple[float, ...]]


def _of_softplus(values: Numbers, _: Any) -> Parameters:
    if at(values, 0.0) > 0:
        yield (math.log(2) / at(values, 0.0),)


def _of_selu(values: Numbers, _: Any) -> Parameters:
    scale = at(values, 1.0)
    if scale > 0:
        yield (-at(values, -_END) / scale, scale)


def _of_hard_sigmoid(values: Numbers, _: Any) -> Parameters:
    for step in (1.0, 0.125, 2.0**-20):  # 1/6 is found without a rounding error by the first
        yield ((at(values, step) - at(values, -step)) / (2 * step), at(values, 0.0))


def _of_threshold(values: Numbers, constants: tuple[float, ...]) -> Parameters:
    """Where a function jumps or bends no values say exactly; the graph has the number."""
    for number in dict.fromkeys(constants):
        yield (number,)


_PARAMETERS: dict[str, Callable[[Numbers, tuple[float, ...]], Parameters]] = {
    "leaky_relu": lambda values, _: iter([(-at(values, -1.0),)]),
    "elu": lambda values, _: iter([(-at(values, -_END),)]),
    "celu": lambda values, _: iter([(-at(values, -_END),)]),
    "selu": _of_selu,
    "softplus": _of_softplus,
    "hard_sigmoid": _of_hard_sigmoid,
    "softshrink": _of_threshold,
    "hard_shrink": _of_threshold,
    "thresholded_relu": _of_threshold,
}
