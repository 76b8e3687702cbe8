"""A user's function with what it reads from around it, copied so that the copy can be run with numbers that record.

In the copy the functions of math and NumPy are those for dual numbers, and so in all Python functions that it calls.
What it reads from around it is frozen: only what cannot change is let in, so that compiled code is never out of date.
"""

from __future__ import annotations

import builtins
import dis
import inspect
from types import CodeType, FunctionType, ModuleType
from typing import Any

from fastnn.kernels.jit.functions.dual import is_number
from fastnn.kernels.jit.functions.dual_math import known_function
from fastnn.kernels.jit.functions.refusal import Refused, name_of
from fastnn.surroundings import FunctionCopies, Read, codes_in, python_function

__all__ = ["FrozenFunctions"]

_HARMLESS = "range len enumerate zip tuple list sum sorted reversed any all map filter pow divmod bool".split()
_IMPORTED = ("math", "numpy", "scipy")  # inside functions: whose values do not change
_PLAIN = (int, float, complex, str)
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


class FrozenFunctions(FunctionCopies):
    """Copies of a user's functions, each made once.

    Attributes
    ----------
    codes : set of CodeType
        Of all functions that were copied.
    """

    def __init__(self) -> None:
        super().__init__({})  # the builtins that a function reads are looked at like its globals
        self.codes: set[CodeType] = set()

    def copy(self, function: Any) -> Any:
        """What to call in place of a function."""
        if known_function(function) is None and python_function(function) is None:
            raise Refused(f"is a {type(function).__name__}, wanted is a Python function, or one of math or numpy")
        return self.stand_in(Read("given", name_of(function), function))

    def stand_in(self, read: Read) -> Any:
        """The thing itself where it cannot change, else what stands for it; refuse others."""
        thing = read.value
        known = known_function(thing)
        if known is not None:
            return known
        python = python_function(thing)
        if python is not None:
            return self.copied(python)
        if thing is None or type(thing) in (bool, *_PLAIN) or type(thing).__module__ == "numpy" and is_number(thing):
            return thing
        for plain in _PLAIN:
            if isinstance(thing, plain):  # of a user's class, such as an Enum, whose attributes may change
                return getattr(plain, f"__{plain.__name__}__")(thing)
        if isinstance(thing, tuple):
            return self.members(read)
        if isinstance(thing, ModuleType):
            return self.module(thing)
        if _is_harmless(thing):
            return thing
        what = f"the default of {read.name}" if read.kind in ("default", "keyword") else read.name
        raise Refused(f"uses {what}, {_refused(thing)}", read.place)

    def copied(self, function: FunctionType) -> FunctionType:
        """The copy of a function, of which no instruction may be without a meaning in compiled code."""
        if function not in self._copies:
            self.codes |= set(codes_in(function.__code__))
            _require_plain(function.__code__)
        return super().copied(function)

    def imported(self, name: str, *arguments: Any) -> Any:
        """What an import inside a function gives, of packages whose values do not change."""
        if name.partition(".")[0] not in _IMPORTED:
            raise Refused(f"imports {name}; outside the function this would say what it reads")
        return super().imported(name, *arguments)


def _require_plain(function: CodeType) -> None:
    """Refuse instructions that have no meaning in compiled code."""
    if function.co_flags & _NO_FUNCTION:
        raise Refused("is a generator or a coroutine, wanted is a function", (function, function.co_firstlineno))
    for code in codes_in(function):
        before: tuple[str, Any] = ("", None)
        for instruction in dis.get_instructions(code):
            positions = instruction.positions
            place = (code, (positions.lineno if positions else None) or code.co_firstlineno)
            if instruction.opname == "IS_OP" and before != ("LOAD_CONST", None):
                raise Refused(_IDENTITY, place)
            before = instruction.opname, instruction.argval
            if instruction.opname in _REFUSED:
                raise Refused(_REFUSED[instruction.opname], place)
            if instruction.opname == "STORE_DEREF" and instruction.argval in function.co_freevars:
                raise Refused(f"changes {instruction.argval}, which lies outside the function", place)


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
