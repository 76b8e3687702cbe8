"""Copies of functions that work on dual numbers: what they read from around them is replaced.

A function's globals, what it closes over, and the functions that it calls are looked at, each once. What it reads is
that of the moment when it is copied, as in compiled code.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from fastnn.dual_numbers.functions import BUILTINS, replaced
from fastnn.dual_numbers.number import Dual, is_number

__all__ = ["differentiated"]

_Cached = type(lru_cache(ord))
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


_remembered = lru_cache(_REMEMBERED)(_made)


class _Copies:
    """What stands for things in copied functions, each made once."""

    def __init__(self) -> None:
        self._made: dict[int, Any] = {}
        self._builtins = {**BUILTINS, "__import__": self._import}

    def of(self, thing: Any) -> Any:
        """What stands for a thing; itself where it has nothing to do with dual numbers."""
        if isinstance(thing, FunctionType):
            return replaced(thing) or self._function(thing)  # np.where and np.clip are Python functions
        if isinstance(thing, ModuleType):
            return _Module(self, thing)
        python = _inside(thing)
        if python is not None:
            return self.of(python)
        if isinstance(thing, BuiltinFunctionType | np.ufunc | type) or type(thing) is type(np.where):
            return self._builtin(thing)
        return thing

    def _builtin(self, thing: Any) -> Any:
        found = replaced(thing)
        if found is not None:
            return found
        return thing if isinstance(thing, type) or _is_plain(thing) else _Unknown(thing)

    def _function(self, function: FunctionType) -> FunctionType:
        made = self._made.get(id(function))
        if made is not None:
            return made  # type: ignore[no-any-return]
        known = function.__globals__
        around: dict[str, Any] = {"__builtins__": self._builtins, "__name__": known.get("__name__")}
        cells = tuple(CellType() for _ in function.__closure__ or ())
        copy = FunctionType(function.__code__, around, function.__name__, function.__defaults__, cells or None)
        copy.__kwdefaults__ = function.__kwdefaults__
        self._made[id(function)] = copy  # before what it reads, which may be itself
        around.update({name: self.of(known[name]) for name in _names_in(function.__code__) if name in known})
        for cell, own in zip(cells, function.__closure__ or (), strict=True):
            if own != CellType():  # which has nothing yet, and cannot be read
                cell.cell_contents = self.of(own.cell_contents)
        return copy

    def _import(self, *arguments: Any, **options: Any) -> Any:
        """What an import inside a function gives."""
        return self.of(__import__(*arguments, **options))


class _Module:
    """A module whose functions are replaced."""

    def __init__(self, copies: _Copies, module: ModuleType) -> None:
        self._copies = copies
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return self._copies.of(getattr(self._module, name))


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


def _inside(thing: Any) -> FunctionType | None:
    """The Python function that Numba has compiled, or that functools remembers the results of."""
    found: Any
    if type(thing) is _Cached:
        found = thing.__wrapped__
    elif type(thing).__module__.partition(".")[0] != "numba":
        return None
    else:
        found = getattr(getattr(thing, "_dispatcher", thing), "py_func", None)  # of @vectorize, and of @njit
    return found if isinstance(found, FunctionType) else None


def _is_plain(function: Any) -> bool:
    """Whether it is one of Python's own, such as max, abs or len, which work by operators."""
    return getattr(function, "__module__", None) == "builtins"


def _names_in(code: CodeType) -> Iterator[str]:
    """All names that code may read from around it, also from functions inside it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names_in(constant)
