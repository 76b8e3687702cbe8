"""One safetensors file: checked when it is read, and replaced as a whole when it is written.

The header's metadata has the description of the content as JSON, the version of the format, and a
digest of everything, since safetensors itself notices a file that is cut off but no flipped bit.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Mapping
from glob import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn._version import __version__

__all__ = ["FORMAT_VERSION", "FilePath", "read_file", "remove_drafts", "require_safetensors", "write_file"]

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
            "Saving, loading and checkpoints need the package safetensors: pip install 'fastnn[save]'."
        ) from fault
    return safetensors


# --- writing ------------------------------------------------------------------------------------


def write_file(path: FilePath, purpose: str, content: str, tensors: Tensors) -> None:
    """Write a description and its arrays; see `fastnn.storage.write`."""
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
        raise ValueError(f"{Path(path)} was not written: {fault}") from fault
    _replace(path, data)


def _replace(path: FilePath, data: bytes) -> None:
    """Put the bytes in place of a file at once: a crash leaves the old file or the new one."""
    target = _target(path)
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(draft, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, target)
    except BaseException:  # Ctrl-C is one
        draft.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # elsewhere a folder cannot be opened
        _fsync_folder(target.parent)


def remove_drafts(path: FilePath) -> None:
    """Remove what processes have left beside a file that died while they wrote it; none may be writing it now."""
    target = _target(path)
    for draft in target.parent.glob(f".{escape(target.name)}.*.tmp"):
        draft.unlink(missing_ok=True)


def _target(path: FilePath) -> Path:
    return Path(os.path.realpath(path))  # a link goes on pointing to it


def _fsync_folder(folder: Path) -> None:
    """Make the new name last, not only the new content."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _digest(purpose: str, content: str, tensors: Tensors) -> str:
    digest = hashlib.sha256(f"{purpose}\n{content}".encode())
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(f"\n{name} {array.dtype.name} {array.shape}\n".encode())
        digest.update(array.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


# --- reading ------------------------------------------------------------------------------------


def read_file(path: FilePath, purpose: str) -> tuple[str, dict[str, NDArray[Any]]]:
    """The description and the arrays of a file, both checked; see `fastnn.storage.read`."""
    safetensors = require_safetensors()
    open(path, "rb").close()  # Python's errors for a missing file or a folder are clearer
    try:
        with safetensors.safe_open(path, framework="np") as file:
            metadata = file.metadata() or {}
            _require_ours(Path(path), metadata, purpose)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
    except (safetensors.SafetensorError, TypeError, KeyError) as fault:
        raise ValueError(f"{Path(path)} is damaged, or no safetensors file: {fault}") from fault
    if _digest(purpose, metadata["content"], tensors) != metadata["sha256"]:
        raise ValueError(f"{Path(path)} is damaged: its content does not match its digest. Take another copy.")
    return metadata["content"], tensors


def _require_ours(path: Path, metadata: Mapping[str, str], purpose: str) -> None:
    wanted = ("format", "format_version", "fastnn_version", "purpose", "content", "sha256")
    if metadata.get("format") != FORMAT or not all(name in metadata for name in wanted):
        raise ValueError(f"{path} is a safetensors file, but not one that fastnn has written.")
    version = metadata["format_version"]
    if not version.isdecimal() or int(version) < 1:
        raise ValueError(f"{path} is damaged: its format version is {version!r}, wanted an integer of at least 1.")
    if int(version) > FORMAT_VERSION:
        raise ValueError(
            f"{path} has format version {version} (of fastnn {metadata['fastnn_version']}); this is fastnn "
            f"{__version__}, which reads versions up to {FORMAT_VERSION}. Upgrade fastnn to read it."
        )
    if metadata["purpose"] != purpose:
        raise ValueError(f"{path} holds a {metadata['purpose']}, wanted a {purpose}.")
