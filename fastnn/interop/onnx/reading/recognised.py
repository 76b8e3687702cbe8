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
from fastnn.interop.clipping import clipping
from fastnn.interop.onnx.reading.elementwise import applied
from fastnn.interop.onnx.reading.values import POINTS, Known, Line, Numbers, Value, at

__all__ = ["EXP", "recognised"]

EXP = "exp"  # no activation, but what the loss "poisson" makes of the last layer's output
_END = 1e30
# Constants of a float32 graph are rounded: so far may the values be off, in units of the larger of 1 and themselves.
_CLOSE = 2e-6
# So far where it is known as a line of an activation, or of this very one: a factor of 0.999999 must not get lost.
_ROUNDED, _SAME = 2e-7, 1e-12
_NEAR = 64.0  # inside this distance of zero every value has to be a number; exponentials may overflow beyond


def recognised(value: Value) -> Known | None:
    """What a value is as an activation; None if it is none of the library's."""
    if value.line is not None:
        return Known(Activation("identity"), after=value.line)
    named = value.named
    if named is not None and named.before.is_plain:
        return named
    exact = named or _of_tail(value)
    found, off = _nearest(value.values, value.constants)
    known = exact.activation if exact is not None else None
    limit = _CLOSE if exact is None else _SAME if found == known else _ROUNDED
    if off <= limit:
        return Known(found)
    return exact or _bounded(value.values)


def _of_tail(value: Value) -> Known | None:
    """What a value is as the line of another function."""
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


def _bounded(values: Numbers) -> Known | None:
    """What clips z to the values that it has far away on both sides, or on one, if that is all."""
    low, high = at(values, -_END), at(values, _END)
    if not low < high or _off(values, np.clip(POINTS, low, high)) > _CLOSE:
        return None
    try:
        activation, before, after = clipping(-math.inf if low == -_END else low, math.inf if high == _END else high)
    except ValueError:
        return None
    return Known(activation, Line(*before), Line(*after))


def _nearest(values: Numbers, constants: tuple[float, ...]) -> tuple[Activation | str, float]:
    """The activation that comes nearest to values, and how far they are from it."""
    near = np.abs(POINTS) <= _NEAR
    if values.dtype != np.float64 or not np.isfinite(values[near]).all():
        return EXP, math.inf
    off: dict[Activation | str, float] = {EXP: _off(values, np.exp(POINTS))}
    off |= {candidate: _off(values, applied(candidate, POINTS)) for candidate in _candidates(values, constants)}
    best = min(off, key=lambda each: off[each])
    return best, off[best]


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
