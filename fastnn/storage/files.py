"""One safetensors file: checked when it is read, and replaced as a whole when it is written.

The header's metadata has the description of the content as JSON, the version of the format, and a
digest of everything, since safetensors itself notices a file that is cut off but no flipped bit.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from fastnn._version import __version__
from fastnn.errors import FileError
from fastnn.install import install_hint
from fastnn.storage import drafts
from fastnn.storage.header import Place, read_header

__all__ = ["FORMAT_VERSION", "FilePath", "read_file", "require_safetensors", "write_file"]

FilePath = str | os.PathLike[str]
Tensors = Mapping[str, NDArray[Any]]

FORMAT = "fastnn"
FORMAT_VERSION = 1


def require_safetensors() -> Any:
    """The module safetensors; ImportError, with what to do, where it is not installed."""
    try:
        import safetensors.numpy
    except ImportError as fault:
        raise ImportError(
            f"Saving, loading and checkpoints need the package safetensors: {install_hint('save')}."
        ) from fault
    return safetensors


# --- writing ------------------------------------------------------------------------------------


def write_file(path: FilePath, purpose: str, content: str, tensors: Tensors) -> None:
    """Write a description and its arrays to a file, with a checksum of them, under the name of its purpose."""
    safetensors = require_safetensors()
    metadata = {
        "format": FORMAT,
        "format_version": str(FORMAT_VERSION),
        "fastnn_version": __version__,
        "purpose": purpose,
        "content": content,
        "sha256": _digest(purpose, content, tensors),
    }
    try:
        data = safetensors.numpy.save(dict(tensors), metadata)
    except safetensors.SafetensorError as fault:
        raise FileError(f"{Path(path)} was not written: {fault}") from fault
    drafts.replace(path, data)


def _digest(purpose: str, content: str, tensors: Tensors) -> str:
    digest = hashlib.sha256(f"{purpose}\n{content}".encode())
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(f"\n{name} {array.dtype.name} {array.shape}\n".encode())
        digest.update(_bytes_of(array).data)
    return digest.hexdigest()


def _bytes_of(array: NDArray[Any]) -> NDArray[np.uint8]:
    return array.reshape(-1).view(np.uint8)


# --- reading ------------------------------------------------------------------------------------


def read_file(path: FilePath, purpose: str) -> tuple[str, dict[str, NDArray[Any]]]:
    """The description and the arrays of a file, whose checksum and purpose are right; FileError where they are not."""
    require_safetensors()
    with open(path, "rb", opener=_open) as file:
        try:
            size = _size_of(file)
            metadata, places = read_header(file, size)
        except (ValueError, RecursionError, MemoryError) as fault:
            raise FileError(f"{Path(path)} is damaged, or no safetensors file: {fault}.") from fault
        _require_ours(Path(path), metadata, purpose)
        try:
            tensors = {place.name: _read_tensor(file, place) for place in places}
            matches = _digest(purpose, metadata["content"], tensors) == metadata["sha256"]
        except (ValueError, MemoryError) as fault:
            raise FileError(f"{Path(path)} is damaged, or larger than memory: {fault}.") from fault
    if not matches:
        raise FileError(f"{Path(path)} is damaged: its content does not match its digest. Take another copy.")
    return metadata["content"], tensors


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))  # a pipe would wait for who writes to it


def _size_of(file: BinaryIO) -> int:
    found = os.fstat(file.fileno())
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("it is a device, a pipe or a socket")
    return found.st_size


def _read_tensor(file: BinaryIO, place: Place) -> NDArray[Any]:
    """The tensor that comes next in the file."""
    array: NDArray[Any] = np.empty(place.shape, place.dtype)
    if file.readinto(_bytes_of(array).data) != array.nbytes:  # type: ignore[attr-defined]
        raise ValueError("it became shorter while it was read")
    if array.dtype == np.bool_ and _bytes_of(array).max(initial=0) > 1:
        raise ValueError(f"the tensor {place.name!r} has truth values that are neither 0 nor 1")
    return array


def _require_ours(path: Path, metadata: Mapping[str, str], purpose: str) -> None:
    wanted = ("format", "format_version", "fastnn_version", "purpose", "content", "sha256")
    if metadata.get("format") != FORMAT or not all(name in metadata for name in wanted):
        raise FileError(f"{path} is a safetensors file, but not one that fastnn has written.")
    version = metadata["format_version"]
    if not version.isdecimal() or int(version) < 1:
        raise FileError(f"{path} is damaged: its format version is {version!r}, wanted an integer of at least 1.")
    if int(version) > FORMAT_VERSION:
        raise FileError(
            f"{path} has format version {version} (of fastnn {metadata['fastnn_version']}); this is fastnn "
            f"{__version__}, which reads versions up to {FORMAT_VERSION}. Upgrade fastnn to read it."
        )
    if metadata["purpose"] != purpose:
        raise FileError(f"{path} holds a {metadata['purpose']}, wanted a {purpose}.")
