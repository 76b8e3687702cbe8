"""The way of X through the package: which functions receive it, or an array made of it, before a kernel has worked."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import fastnn

__all__ = ["Way", "require_short", "way_of"]

PACKAGE = str(Path(fastnn.__file__).parent)
_VARIABLE = 0x04 | 0x08  # flags of code that takes *args, and **kwargs


class Way(NamedTuple):
    """Functions as "file:name", in the order in which they received X for the first time."""

    functions: list[str]

    @property
    def files(self) -> list[str]:
        """Their files."""
        return list(dict.fromkeys(name.partition(":")[0] for name in self.functions))


def way_of(call: Callable[[], object], shape: tuple[int, int], last: str) -> Way:
    """The functions of the package that receive X while `call` runs, until `last` has returned.

    Parameters
    ----------
    call : callable
    shape : tuple of int
        That of X, unlike those of all other arrays: what has it is X, or made of it.
    last : str
        The function, as "file:name", that calls the kernel.

    Notes
    -----
    An argument counts too where X is inside of it: in a tuple, a mapping, a partial function or a record (a dataclass).
    An object whose method is called has not been given X by that call.
    """
    found: dict[str, None] = {}
    done = False

    def watch(frame: FrameType, event: str, argument: object) -> None:
        nonlocal done
        if done or not frame.f_code.co_filename.startswith(PACKAGE):
            return
        name = f"{frame.f_code.co_filename[len(PACKAGE) + 1 :]}:{frame.f_code.co_name}"
        if event == "call" and any(_holds(value, shape) for value in _arguments(frame)):
            found[name] = None
        elif event == "return" and name == last:
            done = True

    sys.setprofile(watch)
    try:
        call()
    finally:
        sys.setprofile(None)
    assert done, f"{last} has not been called"
    return Way(list(found))


def require_short(way: Way, functions: int, files: int) -> None:
    """Fail where X passes through more than so many functions, or they lie in more than so many files."""
    assert 0 < len(way.functions) <= functions, way.functions
    assert len(way.files) <= files, way.files


def _arguments(frame: FrameType) -> list[Any]:
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount + (code.co_flags & _VARIABLE).bit_count()
    return [frame.f_locals[name] for name in code.co_varnames[:count] if name in frame.f_locals]


def _holds(value: Any, shape: tuple[int, int], depth: int = 4) -> bool:
    """Whether the value is X, or has it inside."""
    if getattr(value, "shape", None) == shape:
        return True
    if depth == 0:
        return False
    if isinstance(value, Mapping):
        inside: Any = list(value.values())
    elif isinstance(value, (tuple, list)):
        inside = value[:20]
    elif isinstance(value, partial):
        inside = [*value.args, *value.keywords.values()]
    elif is_dataclass(value):
        inside = list(vars(value).values())
    else:
        return False
    return any(_holds(each, shape, depth - 1) for each in inside)
