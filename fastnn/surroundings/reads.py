"""What one function reads from around it."""

from __future__ import annotations

import builtins
import dis
from collections.abc import Iterator
from functools import lru_cache
from types import CellType, CodeType, FunctionType
from typing import Any, NamedTuple

__all__ = ["MISSING", "Read", "codes_in", "imports_in", "python_function", "reads"]

MISSING: Any = type("Missing", (), {"__repr__": lambda self: "MISSING"})()
"""The value of what is not there: a name that nobody has defined, a cell that is still empty."""

_CODES = 1024  # whose instructions are remembered: to look through those of one takes some 30 microseconds
_Cached = type(lru_cache(ord))


class Read(NamedTuple):
    """One thing that a function reads.

    Attributes
    ----------
    kind : str
        Of `reads`: "cell", "global", "builtin", "default" or "keyword", a default of a keyword-only argument. `Walk`
        and `FunctionCopies` have others.
    name : str
        By which it is read.
    value : object
        `MISSING` where there is nothing.
    source : object
        What it is read from: of a global or a builtin the dictionary of globals, of a cell the cell, else the function.
    place : tuple of (CodeType, int), optional
        The code that reads it first, and the line.
    """

    kind: str
    name: str
    value: Any
    source: Any = None
    place: tuple[CodeType, int] | None = None


def python_function(thing: Any) -> FunctionType | None:
    """The Python function that a thing is, that Numba has compiled, or that functools remembers the results of."""
    if isinstance(thing, FunctionType):
        return thing
    if type(thing) is _Cached:
        return python_function(thing.__wrapped__)
    if str(type(thing).__module__).partition(".")[0] != "numba":
        return None
    found = getattr(getattr(thing, "_dispatcher", thing), "py_func", None)  # of @vectorize, and of @njit
    return found if isinstance(found, FunctionType) else None


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """The code of a function and of those that are defined in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes_in(constant)


def reads(function: FunctionType) -> Iterator[Read]:
    """All that a function reads from around it, also in the functions within; each name once.

    Parameters
    ----------
    function : FunctionType

    Yields
    ------
    Read
        Attributes and imports are not among these: they are read when the function runs.
    """
    code, around = function.__code__, function.__globals__
    start = (code, code.co_firstlineno)
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        yield Read("cell", name, contents_of(cell), cell, start)
    codes = tuple(codes_in(code))
    for name, (which, line) in _instructions_of(code).names.items():
        place = codes[which], line
        if name in around:
            yield Read("global", name, around[name], around, place)
        else:
            yield Read("builtin", name, getattr(builtins, name, MISSING), around, place)
    defaults = function.__defaults__ or ()
    names = code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount]
    for name, value in zip(names, defaults, strict=True):
        yield Read("default", name, value, function, start)
    for name, value in (function.__kwdefaults__ or {}).items():
        yield Read("keyword", name, value, function, start)


def contents_of(cell: CellType) -> Any:
    """What a cell contains."""
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING


def imports_in(code: CodeType) -> tuple[tuple[str, bool], ...]:
    """The modules that code imports by itself, each with whether its name is relative to where the code lies."""
    return _instructions_of(code).imports


class _Instructions(NamedTuple):
    """What instructions say, without the code that they are from: two codes of different files may be equal."""

    names: dict[str, tuple[int, int]]  # of globals, each with the number of the code in `codes_in`, and the line
    imports: tuple[tuple[str, bool], ...]


@lru_cache(_CODES)
def _instructions_of(code: CodeType) -> _Instructions:
    names: dict[str, tuple[int, int]] = {}
    imports = []
    for which, each in enumerate(codes_in(code)):
        steps = list(dis.get_instructions(each))
        for at, step in enumerate(steps):
            if step.opname == "LOAD_NAME" or step.opname.startswith("LOAD_") and "GLOBAL" in step.opname:
                line = step.positions.lineno if step.positions else None
                names.setdefault(step.argval, (which, line or each.co_firstlineno))
            if step.opname == "IMPORT_NAME":
                imports.append((step.argval, steps[at - 2].argval != 0))
    return _Instructions(names, tuple(imports))
