"""What an estimator's parameters may be, and the error for one that is not."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from numbers import Real as RealNumber
from typing import Any, Protocol

import numpy as np

from fastnn.activations import ACTIVATIONS, ALIASES, Activation
from fastnn.losses import USER, Loss
from fastnn.models.common.bases import InvalidParameterError

__all__ = [
    "ActivationLike",
    "Check",
    "Flag",
    "Integer",
    "Is",
    "LossOf",
    "Numbers",
    "OneOf",
    "ParameterError",
    "Real",
    "Seed",
    "check_parameters",
]


_FLAGS = (bool, np.bool_)


class ParameterError(InvalidParameterError):
    """A parameter of an estimator is of the wrong type or out of its range: a ValueError and a TypeError."""


class Check(Protocol):
    """One kind of value that a parameter may have; `str` of it says which."""

    def accepts(self, value: Any) -> bool:
        """Whether the value is of this kind."""
        ...


@dataclass(frozen=True)
class Real:
    """A real number in an interval; bounds belong to it unless said otherwise."""

    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False

    def accepts(self, value: Any) -> bool:
        """Whether the value is a number, but no bool, and lies in the interval."""
        if type(value) is not float and (isinstance(value, _FLAGS) or not isinstance(value, RealNumber)):
            return False
        try:
            number = float(value)
        except OverflowError:  # an integer of hundreds of digits
            return False
        above = number > self.low if self.open_low else number >= self.low
        below = number < self.high if self.open_high else number <= self.high
        return above and below

    def __str__(self) -> str:
        left, right = "[("[self.open_low], "])"[self.open_high]
        return f"a number in {left}{self.low}, {self.high}{right}"


@dataclass(frozen=True)
class Integer:
    """An integer of at least `low`, and of at most `high` where there is one."""

    low: int
    high: int | None = None

    def accepts(self, value: Any) -> bool:
        """Whether the value is an integer, but no bool, within the bounds."""
        is_integer = type(value) is int or (isinstance(value, Integral) and not isinstance(value, _FLAGS))
        return is_integer and int(value) >= self.low and (self.high is None or int(value) <= self.high)

    def __str__(self) -> str:
        return f"an integer of at least {self.low}" + ("" if self.high is None else f", and at most {self.high}")


@dataclass(frozen=True)
class Numbers:
    """Real numbers in an interval, one or more of them, in an array or a sequence."""

    each: Real

    def accepts(self, value: Any) -> bool:
        """Whether the value has one dimension, is not empty, and each of its numbers lies in the interval."""
        if isinstance(value, str) or np.ndim(value) != 1:
            return False
        return len(value) > 0 and all(self.each.accepts(number) for number in value)

    def __str__(self) -> str:
        return f"an array of numbers, each {self.each}"


@dataclass(frozen=True)
class Flag:
    """Either True or False, also as a bool of NumPy."""

    def accepts(self, value: Any) -> bool:
        """Whether the value is a bool of Python or NumPy."""
        return isinstance(value, _FLAGS)

    def __str__(self) -> str:
        return "True or False"


@dataclass(frozen=True)
class OneOf:
    """A string that is one of the given names."""

    names: Collection[str]

    def accepts(self, value: Any) -> bool:
        """Whether the value is one of the names, letter for letter."""
        return isinstance(value, str) and value in self.names

    def __str__(self) -> str:
        return f"one of {', '.join(map(repr, self.names))}"


@dataclass(frozen=True)
class LossOf:
    """A Loss of one of some names, or a user's own with one of some links."""

    names: tuple[str, ...]
    links: tuple[str, ...]

    def accepts(self, value: Any) -> bool:
        """Whether the value is such a Loss."""
        return isinstance(value, Loss) and (
            value.link in self.links if value.code == USER else value.name in self.names
        )

    def __str__(self) -> str:
        return f"a Loss of one of these names, or of your own with one of the links {', '.join(self.links)}"


@dataclass(frozen=True)
class ActivationLike(OneOf):
    """The name of an activation, or an Activation."""

    names: Collection[str] = (*ACTIVATIONS, *ALIASES)

    def accepts(self, value: Any) -> bool:
        """Whether the value is an Activation or the name of one."""
        return isinstance(value, Activation) or super().accepts(value)

    def __str__(self) -> str:
        return f"an Activation or {super().__str__()}"


@dataclass(frozen=True)
class Is:
    """An instance of some types, or None where that is among them."""

    description: str
    types: tuple[type, ...]

    def accepts(self, value: Any) -> bool:
        """Whether the value is an instance of one of the types."""
        # A class has the methods of a protocol as its instances do, but needs one of them to call them with.
        return isinstance(value, self.types) and not isinstance(value, type)

    def __str__(self) -> str:
        return self.description


@dataclass(frozen=True)
class Seed:
    """What random numbers may come from."""

    def accepts(self, value: Any) -> bool:
        """Whether scikit-learn's `check_random_state` takes the value."""
        if isinstance(value, Integral):
            return 0 <= int(value) < 2**32
        return value is None or value is np.random or isinstance(value, np.random.RandomState)

    def __str__(self) -> str:
        return "an integer from 0 to 2**32 - 1, a numpy.random.RandomState, or None"


def check_parameters(estimator: object, table: Mapping[str, Sequence[Check]]) -> None:
    """Compare the parameters of an estimator with a table of what each may be.

    Raises
    ------
    ParameterError
        With the parameter's name, what came, what was wanted, and the nearest known name.
    """
    for name, checks in table.items():
        value = getattr(estimator, name)
        for check in checks:  # a generator would cost as much again
            if check.accepts(value):
                break
        else:
            wanted = ", or ".join(map(str, checks))
            raise ParameterError(
                f"The {name!r} parameter of {type(estimator).__name__} must be {wanted}. "
                f"Got {value!r} instead.{_nearest(value, checks)}"
            )


def _nearest(value: Any, checks: Sequence[Check]) -> str:
    names = [name for check in checks if isinstance(check, OneOf) for name in check.names]
    found = difflib.get_close_matches(str(value).lower(), names, n=1, cutoff=0.4)
    return f" Did you mean {found[0]!r}?" if found and isinstance(value, str) else ""
