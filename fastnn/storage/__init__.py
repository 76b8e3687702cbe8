"""Files that hold values and arrays: safetensors with a description in JSON, written atomically.

`read` and `write` are all that the levels above need; `Kind` tells them of more types.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from fastnn.errors import FileError
from fastnn.storage.codec import decode, encode
from fastnn.storage.drafts import remove_drafts
from fastnn.storage.files import FilePath, read_file, require_safetensors, write_file
from fastnn.storage.kinds import KINDS, records_of
from fastnn.storage.records import Kind, record

__all__ = [
    "KINDS",
    "FAULTS",
    "FilePath",
    "Kind",
    "fill",
    "read",
    "record",
    "records_of",
    "remove_drafts",
    "require_safetensors",
    "write",
]

FAULTS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError, MemoryError)
"""What objects raise that are made of parts which make none: of files, all of it becomes a `FileError`."""


def write(path: FilePath, purpose: str, value: Any, kinds: Mapping[str, Kind] = KINDS) -> None:
    """Put a value into a file, whole or not at all.

    Parameters
    ----------
    path : str or path
    purpose : str
        What the file is for, such as "model"; `read` asks for the same.
    value : dict, list, tuple, ndarray, number, string, bool or None, or what is of one of the kinds
    kinds : mapping of str to Kind

    Raises
    ------
    TypeError
        If the value contains something of another type.
    ValueError
        If it contains a user's own activation or loss, is nested too deeply, or its description is too long for a
        file; or if the path is a device, a pipe or a socket.
    ImportError
        If safetensors is not installed.
    OSError
        If the file cannot be written; what was there before is then still there.
    """
    write_file(path, purpose, *encode(value, kinds))


def read(path: FilePath, purpose: str, kinds: Mapping[str, Kind] = KINDS) -> Any:
    """The value that `write` has put into a file. Nothing in the file is ever executed.

    Raises
    ------
    FileError
        If the file is no such file, damaged, or of a newer format.
    ImportError
        If safetensors is not installed.
    OSError
        If there is no file, or it cannot be read.
    """
    content, tensors = read_file(path, purpose)
    try:
        return decode(content, tensors, kinds)
    except FAULTS as fault:
        raise FileError(f"{Path(path)} holds what no {purpose} consists of: {fault}") from fault


def fill(own: NDArray[Any], saved: NDArray[Any]) -> None:
    """Copy an array from a file into one's own; ValueError where it is of another shape or dtype."""
    if (own.shape, own.dtype) != (saved.shape, saved.dtype):
        raise ValueError(f"an array is {saved.dtype} of shape {saved.shape}, wanted {own.dtype} of shape {own.shape}")
    own[...] = saved
