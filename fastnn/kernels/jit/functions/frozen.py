"""A user's function with what it reads from around it, copied so that the copy can be run with numbers that record.

In the copy the functions of math and NumPy are those for dual numbers, and so in all Python functions that it calls.
What it reads from around it is frozen: only what cannot change is let in, so that compiled code is never out of date.
"""

from __future__ import annotations

import builtins
import dis
import inspect
from collections.abc import Iterator
from functools import lru_cache
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

from fastnn.kernels.jit.functions.dual import is_number
from fastnn.kernels.jit.functions.dual_math import known_function
from fastnn.kernels.jit.functions.refusal import Refused, name_of

__all__ = ["FrozenFunctions"]

_HARMLESS = "range len enumerate zip tuple list sum sorted reversed any all map filter pow divmod bool".split()
_IMPORTED = ("math", "numpy", "scipy")  # inside functions: whose values do not change
_PLAIN = (int, float, complex, str)
_Cached = type(lru_cache(ord))
_NO_FUNCTION = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
_IDENTITY = (
    "asks by is, or by case True, whether two things are one object, which numbers of the network never are; compare "
    "by ==, or write the condition alone"
)
_REFUSED = {
    "STORE_GLOBAL": "changes a global variable, which compiled code cannot",
    "DELETE_GLOBAL": "changes a global variable, which compiled code cannot",
    "PUSH_EXC_INFO": "handles errors, and compiled code has none: what would raise one gives infinity or NaN there",
}


class FrozenFunctions:
    """Copies of a user's functions, each made once.

    Attributes
    ----------
    codes : set of CodeType
        Of all functions that were copied.
    """

    def __init__(self) -> None:
        self.codes: set[CodeType] = set()
        self._copies: dict[Any, Any] = {}

    def copy(self, function: Any) -> Any:
        """What to call in place of a function."""
        if known_function(function) is None and _python_function(function) is None:
            raise Refused(f"is a {type(function).__name__}, wanted is a Python function, or one of math or numpy")
        return self._inside(function, name_of(function), None)

    def _inside(self, thing: Any, name: str, place: tuple[CodeType, int] | None) -> Any:
        """What a copy reads in place of a thing."""
        known = known_function(thing)
        if known is not None:
            return known
        python = _python_function(thing)
        if python is not None:
            return self._copied(python)
        if thing is None or type(thing) in (bool, *_PLAIN) or type(thing).__module__ == "numpy" and is_number(thing):
            return thing
        for plain in _PLAIN:
            if isinstance(thing, plain):  # of a user's class, such as an Enum, whose attributes may change
                return getattr(plain, f"__{plain.__name__}__")(thing)
        if isinstance(thing, tuple):
            return tuple(self._inside(each, name, place) for each in thing)
        if isinstance(thing, ModuleType):
            return _Module(self, thing)
        if _is_harmless(thing):
            return thing
        raise Refused(f"uses {name}, {_refused(thing)}", place)

    def _copied(self, function: FunctionType) -> FunctionType:
        if function in self._copies:
            return self._copies[function]  # type: ignore[no-any-return]
        code = function.__code__
        if code.co_flags & _NO_FUNCTION:
            raise Refused("is a generator or a coroutine, wanted is a function", (code, code.co_firstlineno))
        self.codes |= set(_all_codes(code))
        around: dict[str, Any] = {"__builtins__": {"__import__": self._import}, "__name__": function.__module__}
        cells = tuple(CellType() for _ in function.__closure__ or ())
        copy = FunctionType(code, around, function.__name__, None, cells or None)
        self._copies[function] = copy
        start = (code, code.co_firstlineno)
        for name, cell, old in zip(code.co_freevars, cells, function.__closure__ or (), strict=True):
            if old != CellType():
                cell.cell_contents = self._inside(old.cell_contents, name, start)
        around.update(self._globals_of(function))
        defaults = function.__defaults__ or ()
        copy.__defaults__ = tuple(self._inside(each, "a default", start) for each in defaults) or None
        keywords = function.__kwdefaults__ or {}
        copy.__kwdefaults__ = {name: self._inside(each, name, start) for name, each in keywords.items()} or None
        return copy

    def _globals_of(self, function: FunctionType) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for code in _all_codes(function.__code__):
            before: tuple[str, Any] = ("", None)
            for instruction in dis.get_instructions(code):
                positions = instruction.positions
                place = (code, (positions.lineno if positions else None) or code.co_firstlineno)
                if instruction.opname == "IS_OP" and before != ("LOAD_CONST", None):
                    raise Refused(_IDENTITY, place)
                before = instruction.opname, instruction.argval
                if instruction.opname in _REFUSED:
                    raise Refused(_REFUSED[instruction.opname], place)
                if instruction.opname == "STORE_DEREF" and instruction.argval in function.__code__.co_freevars:
                    raise Refused(f"changes {instruction.argval}, which lies outside the function", place)
                if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME") and instruction.argval not in found:
                    name = instruction.argval
                    missing = found  # any object that is no value
                    thing = function.__globals__.get(name, getattr(builtins, name, missing))
                    if thing is not missing:
                        found[name] = self._inside(thing, name, place)
        return found

    def _import(self, name: str, *arguments: Any) -> Any:
        """What an import inside a function gives."""
        if name.partition(".")[0] not in _IMPORTED:
            raise Refused(f"imports {name}; outside the function this would say what it reads")
        return _Module(self, builtins.__import__(name, *arguments))


class _Module:
    """A module whose functions are those for dual numbers."""

    def __init__(self, frozen: FrozenFunctions, module: ModuleType) -> None:
        self._frozen, self._module = frozen, module

    def __getattr__(self, name: str) -> Any:
        return self._frozen._inside(getattr(self._module, name), f"{self._module.__name__}.{name}", None)


def _all_codes(code: CodeType) -> Iterator[CodeType]:
    """The code and that of the functions within."""
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from _all_codes(each)


def _python_function(thing: Any) -> FunctionType | None:
    """The Python function that a thing is, or that Numba has compiled for it."""
    if isinstance(thing, FunctionType):
        return thing
    if type(thing) is _Cached:
        return _python_function(thing.__wrapped__)
    if type(thing).__module__.partition(".")[0] != "numba":
        return None
    numba = getattr(thing, "_dispatcher", thing)  # a function for arrays has one for numbers
    found = getattr(numba, "py_func", None)
    return found if isinstance(found, FunctionType) else None


def _refused(thing: Any) -> str:
    """What a thing is, and what was wanted."""
    if callable(thing) and not isinstance(thing, type):
        return "which compiled code does not know: it knows many functions of math and numpy, and Python functions"
    kind = "a class" if isinstance(thing, type) else f"of type {type(thing).__name__}"
    return f"{kind}: a function can read numbers, tuples of them, modules and functions from around it"


def _is_harmless(thing: Any) -> bool:
    if isinstance(thing, type) and issubclass(thing, BaseException):
        return True
    return any(thing is getattr(builtins, name) for name in _HARMLESS)
