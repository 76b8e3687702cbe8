"""What a function is: its bytecode and the values of all that it reads, as nested tuples of plain values.

Nothing is told by its name or its place in a file, but for what others publish under a name and a version.
"""

from __future__ import annotations

from enum import Enum
from types import CodeType, EllipsisType, ModuleType, NoneType
from typing import Any

import numpy as np

from fastnn.surroundings import MISSING, Read, Walk, published, python_function

__all__ = ["Description", "NoValueError"]

_PLAIN = (NoneType, bool, int, float, complex, str, bytes, EllipsisType)  # repr tells their values
_FLAGS = 0x3AC  # *args, **keywords, generators and coroutines; not whether a function lies in another one


class NoValueError(Exception):
    """Something that a function reads has no value that could be told."""


class Description:
    """Nested tuples of plain values, whose repr tells two functions apart that are not the same.

    Parameters
    ----------
    functions : tuple of callable or None
    """

    def __init__(self, functions: tuple[Any, ...]) -> None:
        self._walk = Walk(functions)
        self._modules: dict[str, ModuleType] = {}

    def told(self) -> Any:
        """The functions with all that they reach, each read by itself; functions are told by their numbers.

        Raises
        ------
        NoValueError
            If there is something that has no value.
        """
        return tuple(self._of_read(read) for read in self._walk)

    def _of_read(self, read: Read) -> Any:
        if read.value is MISSING:
            if read.kind == "import":
                raise NoValueError(read.name)
            return read.kind, read.name, "missing"
        name = (read.source.__name__, read.name) if read.kind == "attribute" else read.name
        return read.kind, "" if read.kind == "code" else name, self.of(read.value)

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
        return published(thing) or self._of_users(thing)

    def _of_users(self, thing: Any) -> Any:
        if isinstance(thing, ModuleType):
            if self._modules.setdefault(thing.__name__, thing) is not thing:
                raise NoValueError(thing)
            return "module", thing.__name__
        function = python_function(thing)  # of a jitted one, what it was compiled from counts
        if function is None:
            raise NoValueError(thing)
        return "function", self._walk.number_of(function)

    def _of_code(self, code: CodeType) -> Any:
        counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & _FLAGS
        names = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
        return "code", code.co_code, code.co_exceptiontable, counts, names, self.of(code.co_consts)


def _plain(thing: Any) -> str | None:
    """The number that an enumeration's member is, or the text, which need not be its value."""
    for plain in (int, float, complex, str):
        if isinstance(thing, plain):
            return repr(getattr(plain, f"__{plain.__name__}__")(thing))
    return None
