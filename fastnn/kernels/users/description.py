"""What a function is: its bytecode and the values of all that it reads, as nested tuples of plain values.

Nothing is told by its name or its place in a file, but for what others publish under a name and a version.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dis import get_instructions
from enum import Enum
from importlib import import_module
from itertools import accumulate
from opcode import opmap
from types import CellType, CodeType, EllipsisType, FunctionType, ModuleType, NoneType
from typing import Any

import numpy as np

__all__ = ["Description", "NoValueError"]

_PLAIN = (NoneType, bool, int, float, complex, str, bytes, EllipsisType)  # repr tells their values
_OTHERS = ("builtins", "cmath", "math", "operator", "_operator", "numpy", "scipy")  # told by name and version
_FLAGS = 0x3AC  # *args, **keywords, generators and coroutines; not whether a function lies in another one
_IMPORT = opmap["IMPORT_NAME"]
_MISSING = object()


class NoValueError(Exception):
    """Something that a function reads has no value that could be told."""


class Description:
    """Nested tuples of plain values, whose repr tells two functions apart that are not the same."""

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}  # functions by their ids, numbered as they come: they may call each other
        self._kept: list[Any] = []  # of which no other may take the id
        self._names: set[str] = set()  # that any function has, of globals and of attributes
        self._modules: dict[str, ModuleType] = {}

    def of_all(self, functions: tuple[Any, ...]) -> Any:
        """Functions with all that they read; what they may read from modules comes last."""
        told: list[Any] = [*map(self.of, functions)]
        done: set[tuple[str, str]] = set()
        while new := {(module, name) for module in self._modules for name in self._names} - done:
            for module, name in sorted(new):  # a function among them has further names
                value = getattr(self._modules[module], name, _MISSING)
                if value is not _MISSING:
                    told.append((module, name, self.of(value)))
            done |= new
        return told

    def of(self, thing: Any) -> Any:
        """Anything that a function reads, or is."""
        kind = type(thing)
        if kind in _PLAIN:
            return kind.__name__, repr(thing)
        if isinstance(thing, np.generic):
            return repr(thing.dtype), thing.tobytes()
        if isinstance(thing, tuple):  # named tuples have names, too
            return kind.__qualname__, getattr(kind, "_fields", ()), tuple(map(self.of, thing))
        if kind is frozenset:
            return kind.__name__, tuple(sorted(map(repr, map(self.of, thing))))
        if kind is slice:
            return kind.__name__, self.of((thing.start, thing.stop, thing.step))
        if kind is CodeType:
            return self._of_code(thing)
        if isinstance(thing, Enum):
            return kind.__module__, kind.__qualname__, thing.name, self.of(thing.value), _plain(thing)
        return _of_others(thing) or self._of_users(thing)

    def _of_users(self, thing: Any) -> Any:
        if isinstance(thing, ModuleType):
            if self._modules.setdefault(thing.__name__, thing) is not thing:
                raise NoValueError(thing)
            return "module", thing.__name__
        if id(thing) in self._seen:
            return "again", self._seen[id(thing)]
        self._seen[id(thing)] = len(self._seen)
        self._kept.append(thing)
        if type(thing) is FunctionType:
            return self._of_function(thing)
        if type(thing).__module__.partition(".")[0] == "numba":  # a jitted function; what it was compiled from counts
            return self.of(getattr(thing, "py_func", None) or thing._dispatcher.py_func)
        raise NoValueError(thing)

    def _of_function(self, function: FunctionType) -> Any:
        code, around = function.__code__, function.__globals__
        # The names of attributes are among these: that costs a compilation now and then, and forgets nothing.
        read = tuple((name, self.of(around[name])) for name in sorted(set(_names_in(code))) if name in around)
        cells = tuple(map(self._of_cell, function.__closure__ or ()))
        defaults = self.of(function.__defaults__), self.of(tuple(sorted((function.__kwdefaults__ or {}).items())))
        return "function", self.of(code), defaults, cells, read, tuple(map(self.of, _imported_in(code)))

    def _of_cell(self, cell: CellType) -> Any:
        try:
            contents = cell.cell_contents
        except ValueError:
            return "empty"
        return self.of(contents)

    def _of_code(self, code: CodeType) -> Any:
        self._names.update(code.co_names)
        counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & _FLAGS
        names = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
        return "code", code.co_code, code.co_exceptiontable, counts, names, self.of(code.co_consts)


def _plain(thing: Any) -> str | None:
    """The number that an enumeration's member is, or the text, which need not be its value."""
    for plain in (int, float, complex, str):
        if isinstance(thing, plain):
            return repr(getattr(plain, f"__{plain.__name__}__")(thing))
    return None


def _codes_in(code: CodeType) -> Iterator[CodeType]:
    """The code of a function and of those that are defined in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes_in(constant)


def _imported_in(code: CodeType) -> Iterator[ModuleType]:
    """The modules that a function imports itself; they are imported for it."""
    for each in _codes_in(code):
        if _IMPORT not in each.co_code[::2]:  # and so in nearly all of them there is nothing to look through
            continue
        steps = list(get_instructions(each))
        for at, step in enumerate(steps):
            if step.opname == "IMPORT_NAME":
                if steps[at - 2].argval != 0:  # relative to where the function lies
                    raise NoValueError(step.argval)
                import_module(step.argval)
                yield from (sys.modules[name] for name in accumulate(step.argval.split("."), "{}.{}".format))


def _names_in(code: CodeType) -> Iterator[str]:
    """The names of globals and attributes in a function and in those that are defined in it."""
    for each in _codes_in(code):
        yield from each.co_names


def _of_others(thing: Any) -> Any:
    """A function, class or module of Python's, NumPy's or SciPy's own: by its name and their version."""
    name: Any = getattr(thing, "__qualname__", None) or getattr(thing, "__name__", "")
    places = [getattr(thing, "__module__", None) or ""]
    if isinstance(thing, ModuleType):
        places, name = [thing.__name__], ""
    elif type(thing) is np.ufunc:  # these do not know where they belong
        places = ["numpy", "scipy.special"]
    for place in places:
        package, module = place.partition(".")[0], sys.modules.get(place)
        if package in _OTHERS and (getattr(module, name, None) if name else module) is thing:
            return "of", place, name, getattr(sys.modules[package], "__version__", "")
    return None
