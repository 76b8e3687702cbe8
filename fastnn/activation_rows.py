"""What a row of the list of activations is, and the numbers that their parameters may be."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

__all__ = ["ANY", "NOT_NEGATIVE", "POSITIVE", "Limits", "Parameter", "Row", "Scalar", "Slope"]

Scalar = Callable[[float], float]
Slope = Callable[[float, float], float]


class Limits(NamedTuple):
    """The least and the largest number that a parameter may be."""

    least: float
    largest: float


class Parameter(NamedTuple):
    """A parameter's name, limits, and what users are told of it beside them; its default is the function's."""

    name: str
    limits: Limits
    note: str = ""


class Row(NamedTuple):
    """An activation of the library: its name, functions, and its parameters in order."""

    name: str
    value: Scalar | None = None
    slope: Slope | None = None
    has_slope: bool = True
    parameters: tuple[Parameter, ...] = ()


# Wide enough for any use, and so far from float32's ends that neither a parameter nor its inverse gets near to them.
ANY = Limits(-1e6, 1e6)
NOT_NEGATIVE = Limits(0.0, 1e6)
POSITIVE = Limits(1e-6, 1e6)
