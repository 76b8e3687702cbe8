"""Files that hold values and arrays: safetensors with a description in JSON, written atomically.

`read` and `write` are all that the levels above need; `Kind` tells them of more types.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.errors import FileError
from fastnn.storage.codec import decode, encode
from fastnn.storage.drafts import remove_drafts
from fastnn.storage.files import FilePath, read_file, require_safetensors, write_file
from fastnn.storage.functions import Functions, UntrustedError, names_in
from fastnn.storage.kinds import KINDS, records_of, trusting
from fastnn.storage.records import Kind, is_number, record
from fastnn.storage.strict_json import from_json

__all__ = [
    "KINDS",
    "FAULTS",
    "FilePath",
    "Kind",
    "fill",
    "is_number",
    "read",
    "record",
    "records_of",
    "remove_drafts",
    "require_array",
    "require_safetensors",
    "write",
]

FAULTS = (ValueError, TypeError, ImportError, LookupError, AttributeError, ArithmeticError, RecursionError, MemoryError)
"""What objects raise that are made of parts which make none: of files, all of it becomes a `FileError`."""


def write(
    path: FilePath,
    purpose: str,
    value: Any,
    kinds: Mapping[str, Kind] = KINDS,
    check: Callable[[Any], object] | None = None,
) -> None:
    """Put a value into a file, whole or not at all.

    Parameters
    ----------
    path : str or path
    purpose : str
        What the file is for, such as "model"; `read` asks for the same.
    value : dict, list, tuple, ndarray, number, string, bool or None, or what is of one of the kinds
    kinds : mapping of str to Kind
    check : callable, optional
        check(value) on what `read` will give, before anything is written; it raises what is wrong with that.

    Raises
    ------
    TypeError
        If the value contains something of another type.
    ValueError
        If it contains a user's own function that has no name in a module, is nested too deeply, or its description is
        too long for a file; or if the path is a device, a pipe or a socket.
    ImportError
        If safetensors is not installed.
    OSError
        If the file cannot be written; what was there before is then still there.
    """
    content, tensors = encode(value, kinds)
    if check is not None:
        try:
            again = decode(content, tensors, {**kinds, **trusting(Functions(_functions_in(content)))})
        except FAULTS as fault:
            raise FileError(f"{Path(path)} was not written, since it could not be read again: {fault}") from fault
        check(again)
    write_file(path, purpose, content, tensors)


def _functions_in(content: str) -> list[str]:
    """The names of users' functions in a description, each once, as they come."""
    return list(dict.fromkeys(names_in(from_json(content), ("activation", "loss"))))


def read(
    path: FilePath,
    purpose: str,
    kinds: Mapping[str, Kind] = KINDS,
    trusted: Iterable[str | Callable[..., Any]] = (),
) -> Any:
    """The value that `write` has put into a file. Nothing in the file is ever executed.

    Users' own functions are not in a file, but their names: those that are `trusted` are found by them.

    Raises
    ------
    FileError
        If the file is no such file, damaged, or of a newer format; or if it has a function that is not trusted.
    ImportError
        If safetensors is not installed.
    OSError
        If there is no file, or it cannot be read.
    """
    functions = Functions(trusted)
    content, tensors = read_file(path, purpose)
    try:
        return decode(content, tensors, {**kinds, **trusting(functions)})
    except UntrustedError:
        names = _functions_in(content)
        shown = ", ".join(repr(each)[1:-1] for each in names)
        raise FileError(
            f"{Path(path)} needs functions of a user's own, which are code that is not in the file: {shown}. If you "
            f"trust them, load it with trusted={names}, which imports their modules, or with trusted=[...] of the "
            "functions themselves."
        ) from None
    except FAULTS as fault:
        raise FileError(f"{Path(path)} holds what no {purpose} consists of: {fault}") from fault


def fill(own: NDArray[Any], saved: Any) -> None:
    """Copy an array from a file into one's own; ValueError where it is of another shape or dtype."""
    require_array(saved, own.shape, own.dtype)
    own[...] = saved


def require_array(saved: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Raise ValueError where what a file has is no array of this shape and dtype."""
    if not isinstance(saved, np.ndarray):
        raise ValueError(f"there is {reprlib.repr(saved)}, wanted an array of {dtype} of shape {shape}")
    if (saved.shape, saved.dtype) != (shape, dtype):
        raise ValueError(f"an array is {saved.dtype} of shape {saved.shape}, wanted {dtype} of shape {shape}")
