"""Copies of functions that read something else from around them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import namedtuple
from types import CellType, FunctionType, ModuleType
from typing import Any

from fastnn.surroundings.reads import MISSING, Read, reads

__all__ = ["FunctionCopies"]


class FunctionCopies(ABC):
    """Copies of functions, each made once, with other things in place of those that they read.

    What is copied is what they read at that moment; the functions themselves stay as they are. A subclass says what
    takes the place of a thing.

    Parameters
    ----------
    builtins : dict of str to object
        What Python finds by name where there is no global of that name.
    """

    def __init__(self, builtins: dict[str, Any]) -> None:
        self._builtins = {**builtins, "__import__": self.imported}
        self._copies: dict[FunctionType, FunctionType] = {}

    @abstractmethod
    def stand_in(self, read: Read) -> Any:
        """What a copy reads in place of a thing, whose value is there."""

    def copied(self, function: FunctionType) -> FunctionType:
        """The copy of a function."""
        if function in self._copies:
            return self._copies[function]
        code, cells = function.__code__, tuple(CellType() for _ in function.__closure__ or ())
        around = {"__builtins__": self._builtins, "__name__": function.__globals__.get("__name__")}
        copy = FunctionType(code, around, function.__name__, None, cells or None)
        self._copies[function] = copy  # before what it reads, which may be itself
        found: dict[str, dict[str, Any]] = {kind: {} for kind in ("cell", "global", "builtin", "default", "keyword")}
        for read in reads(function):
            if read.value is not MISSING:
                found[read.kind][read.name] = self.stand_in(read)
        around.update(found["builtin"] | found["global"])
        for name, cell in zip(code.co_freevars, cells, strict=True):
            if name in found["cell"]:
                cell.cell_contents = found["cell"][name]
        copy.__defaults__ = tuple(found["default"].values()) or None
        copy.__kwdefaults__ = found["keyword"] or None
        return copy

    def members(self, read: Read) -> tuple[Any, ...]:
        """What takes a tuple's place: of its members, what takes theirs, by their names where they have some."""
        values = tuple(self.stand_in(read._replace(value=each)) for each in read.value)
        names = getattr(read.value, "_fields", None)
        return values if names is None else namedtuple("Members", names, rename=True)(*values)

    def module(self, module: ModuleType) -> Any:
        """What takes a module's place: of its attributes, what takes theirs."""
        return _Module(self, module)

    def imported(self, name: str, *arguments: Any) -> Any:
        """What an import inside a function gives."""
        return self.stand_in(Read("import", name, __import__(name, *arguments)))


class _Module:
    """A module whose functions are replaced."""

    def __init__(self, copies: FunctionCopies, module: ModuleType) -> None:
        self._copies, self._module = copies, module

    def __getattr__(self, name: str) -> Any:
        read = Read("attribute", f"{self._module.__name__}.{name}", getattr(self._module, name), self._module)
        return self._copies.stand_in(read)
