"""Parts of a state that comes from a file, each looked at before training goes on with it."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import Any

from fastnn.storage import is_number

__all__ = ["read_count", "read_number", "read_numbers"]

_MOST = 2**53  # of samples, steps and epochs: so many can be counted up to by a float too


def read_count(state: Mapping[str, Any], name: str) -> int:
    """An integer of at least 0; ValueError where there is something else."""
    count = state[name]
    if type(count) is not int or not 0 <= count <= _MOST:
        raise ValueError(f"{name} is {reprlib.repr(count)}, wanted an integer from 0 to {_MOST}")
    return count


def read_number(state: Mapping[str, Any], name: str) -> Any:
    """A real number; ValueError where there is something else."""
    number = state[name]
    if not is_number(number):
        raise ValueError(f"{name} is {reprlib.repr(number)}, wanted a number")
    return number


def read_numbers(state: Mapping[str, Any], name: str) -> list[float]:
    """A list of real numbers; ValueError where there is something else."""
    numbers = state[name]
    if not isinstance(numbers, list) or not all(map(is_number, numbers)):
        raise ValueError(f"{name} is {reprlib.repr(numbers)}, wanted a list of numbers")
    return numbers
