"""Copies of functions that work on dual numbers: what they read from around them is replaced.

A function's globals, what it closes over, and the functions that it calls are looked at, each once. What it reads is
that of the moment when it is copied, as in compiled code; `differentiated` copies anew when it has changed.
"""

from __future__ import annotations

from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import numpy as np

from fastnn.dual_numbers.functions import BUILTINS, replaced
from fastnn.dual_numbers.number import Dual, is_number
from fastnn.surroundings import FunctionCopies, Read, python_function, remembered

__all__ = ["differentiated"]

_REMEMBERED = 256  # functions; a lambda made anew in every fit must not fill the memory


def differentiated(function: Callable[..., float], argument: int = 0) -> Callable[..., tuple[float, float]]:
    """Make a function that gives the value of a scalar function and its derivative by one argument.

    Parameters
    ----------
    function : callable
        Takes floats and returns one, by numbers, ``if``, loops, functions of `math` and NumPy that have a derivative,
        and other functions of the same kind, compiled by Numba or not. It is called as Python calls it, but 1 / 0 and
        overflow are infinite and logarithms of negative numbers NaN, as in compiled code.
    argument : int, default=0
        The number of the argument by which to differentiate.

    Returns
    -------
    callable
        Takes the same floats and returns ``(value, slope)``. Where the function has a kink, the slope is that of the
        branch that Python takes there.

    Raises
    ------
    TypeError
        From what is returned: if the function returns no real number, or calls one whose derivative is not known.
    """
    # Objects may say that they are equal to others which they are not.
    return (_remembered if isinstance(function, FunctionType) else _made)(function, argument)


def _made(function: Callable[..., float], argument: int) -> Callable[..., tuple[float, float]]:
    copy = _Copies().of(function)

    def value_and_slope(*numbers: float) -> tuple[float, float]:
        found = copy(*(Dual(float(number), float(k == argument)) for k, number in enumerate(numbers)))
        if isinstance(found, Dual):
            return found.value, found.slope
        if is_number(found):
            return float(found), 0.0
        name = getattr(function, "__name__", repr(function))
        raise TypeError(f"{name} returns {found!r} of type {type(found).__name__}, wanted a float on every path.")

    return value_and_slope


_remembered = remembered(_REMEMBERED)(_made)


class _Copies(FunctionCopies):
    """What stands for things in copied functions."""

    def __init__(self) -> None:
        super().__init__(BUILTINS)

    def of(self, thing: Any) -> Any:
        """What stands for a thing; itself where it has nothing to do with dual numbers."""
        if isinstance(thing, FunctionType):
            return replaced(thing) or self.copied(thing)  # np.where and np.clip are Python functions
        if isinstance(thing, ModuleType):
            return self.module(thing)
        python = python_function(thing)
        if python is not None:
            return self.of(python)
        if isinstance(thing, BuiltinFunctionType | np.ufunc | type) or type(thing) is type(np.where):
            return self._builtin(thing)
        return thing

    def stand_in(self, read: Read) -> Any:
        """What stands for a thing that a function reads."""
        return self.members(read) if isinstance(read.value, tuple) else self.of(read.value)

    def _builtin(self, thing: Any) -> Any:
        found = replaced(thing)
        if found is not None:
            return found
        return thing if isinstance(thing, type) or _is_plain(thing) else _Unknown(thing)


class _Unknown:
    """A function written in C that dual numbers have no form of, such as one of SciPy."""

    def __init__(self, function: Any) -> None:
        self._function = function

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        if any(isinstance(each, Dual) for each in (*arguments, *options.values())):
            raise TypeError(
                f"the derivative of {self._function.__name__} is not known, as it is of those of math and NumPy that "
                "have one"
            )
        return self._function(*arguments, **options)


def _is_plain(function: Any) -> bool:
    """Whether it is one of Python's own, such as max, abs or len, which work by operators."""
    return getattr(function, "__module__", None) == "builtins"
