"""All that functions reach: what they read, what the functions among it read, and so on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from itertools import accumulate
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from fastnn.surroundings.reads import MISSING, Read, codes_in, imports_in, python_function, reads

__all__ = ["Walk", "published"]

_OTHERS = ("builtins", "cmath", "math", "operator", "_operator", "numpy", "scipy")  # told by name and version


def published(thing: Any) -> tuple[str, ...] | None:
    """The place, name and version of a function, class or module of Python's, NumPy's or SciPy's own, else None."""
    name: Any = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", "")
    places = [getattr(thing, "__module__", None) or ""]
    if isinstance(thing, ModuleType):
        places, name = [thing.__name__], ""
    elif type(thing) is np.ufunc:  # these do not know where they belong
        places = ["numpy", "scipy.special"]
    for place in places:
        package, module = place.partition(".")[0], sys.modules.get(place)
        if package in _OTHERS and (getattr(module, name, None) if name else module) is thing:
            return place, name, getattr(sys.modules[package], "__version__", "")
    return None


class Walk:
    """The reads of functions and of all that these reach, in an order that follows from what they do.

    Of the modules that they reach, all attributes are looked at that have the name of any attribute or global in any
    of the functions: that forgets nothing. What is `published` is not looked into.

    Parameters
    ----------
    functions : tuple of callable or None

    Yields
    ------
    Read
        Of each function its code first, of the kind "code" with the function as its source. The given functions are of
        the kind "given", modules that a function imports itself of the kind "import", and what is read from modules of
        the kind "attribute", with the module as its source.
    """

    def __init__(self, functions: tuple[Any, ...]) -> None:
        self._given = functions
        self._functions: list[FunctionType] = []
        self._numbers: dict[int, int] = {}  # of functions by their ids: where they lie in that list
        self._modules: dict[int, ModuleType] = {}
        self._names: set[str] = set()

    def number_of(self, function: FunctionType) -> int:
        """The number of a function that has been reached."""
        return self._numbers[id(function)]

    def __iter__(self) -> Iterator[Read]:
        for k, each in enumerate(self._given):
            yield self._reached(Read("given", str(k), each))
        done = 0
        looked_at: set[tuple[str, int, str]] = set()
        while True:
            for function in self._functions[done:]:
                done += 1
                yield from self._reads_of(function)
            if done < len(self._functions):
                continue
            modules = [(module.__name__, key) for key, module in self._modules.items()]
            new = {(*module, name) for module in modules for name in self._names} - looked_at
            if not new:
                return
            for _, key, name in sorted(new):  # a function among them has further names
                module = self._modules[key]
                yield self._reached(Read("attribute", name, attribute_of(module, name), module))
            looked_at |= new

    def _reads_of(self, function: FunctionType) -> Iterator[Read]:
        code = function.__code__
        self._names.update(name for each in codes_in(code) for name in each.co_names)
        yield Read("code", function.__name__, code, function)
        yield from map(self._reached, reads(function))
        yield from map(self._reached, _imported(code))

    def _reached(self, read: Read) -> Read:
        self._reach(read.value)
        return read

    def _reach(self, thing: Any) -> None:
        if isinstance(thing, tuple):
            for each in thing:
                self._reach(each)
        elif isinstance(thing, ModuleType):
            if published(thing) is None:
                self._modules[id(thing)] = thing
        elif (function := python_function(thing)) is not None:
            if id(function) not in self._numbers and published(thing) is None:
                self._numbers[id(function)] = len(self._functions)
                self._functions.append(function)


def attribute_of(module: ModuleType, name: str) -> Any:
    """What a module has by a name; it may make it up, and raise anything when it is asked."""
    try:
        return getattr(module, name, MISSING)
    except Exception:
        return MISSING


def _imported(code: CodeType) -> Iterator[Read]:
    """The modules that code imports itself, with those that they lie in; they are imported for it."""
    for name, is_relative in imports_in(code):
        try:
            if is_relative:
                raise ImportError("where the code lies is not known")
            import_module(name)
            found = [sys.modules[each] for each in accumulate(name.split("."), "{}.{}".format)]
        except Exception:  # a module may raise anything when it is imported
            found = [MISSING]
        yield from (Read("import", name, each) for each in found)
