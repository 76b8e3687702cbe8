"""Compiled code on disk, each piece in a file that is named after what it was compiled from.

The file has a digest before the code: what is damaged or cut off is compiled anew, and so is what was written under
another name. Where nothing can be read or written, everything works as without a store.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256

from fastnn.kernels.users.folder import Folder, is_trusted, opened_folder
from fastnn.kernels.users.locks import alone_in_folder

__all__ = ["LARGEST", "fetch"]

LARGEST = 64 << 20  # bytes of all files together: some 15,000 functions
_SUFFIX = ".code"
_UNFINISHED = ".part"
_STALE = 3600.0  # seconds after which nobody is still writing a file
_BEGINNING = b"fastnn code 1\n"
_DIGEST = sha256().digest_size
_LARGEST_CODE = 16 << 20  # bytes: no function has so many


def fetch(key: str, compiled: Callable[[], bytes]) -> bytes:
    """The code of a key from the store; where it is not there, it is compiled, once in all processes, and put there.

    Parameters
    ----------
    key : str
        The fingerprint, of hexadecimal digits.
    compiled : callable
        Returns the code; what it raises is passed on.

    Returns
    -------
    bytes
        The code.
    """
    with opened_folder() as folder:
        if folder is None:
            return compiled()
        code = _read(folder, key)
        if code is None:
            with alone_in_folder(folder, key):
                code = _read(folder, key)  # another process may have been first
                if code is None:
                    code = compiled()
                    _write(folder, key, code)
        return code


def _sealed(key: str, code: bytes) -> bytes:
    """A file's contents."""
    return _BEGINNING + sha256(key.encode() + code).digest() + code


def _read(folder: Folder, key: str) -> bytes | None:
    """The code of a key; None where there is none, or no sound one that only the user can have written."""
    try:
        file = folder.open(key + _SUFFIX, os.O_RDONLY)
    except OSError:
        return None
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode) or not is_trusted(status) or status.st_size > _LARGEST_CODE:
            return None
        with open(file, "rb", closefd=False) as stream:
            contents = stream.read()
        with suppress(OSError):  # the time of the last use: the oldest go first
            os.utime(file if os.utime in os.supports_fd else folder.path / (key + _SUFFIX))
    except OSError:
        return None
    finally:
        os.close(file)
    code = contents[len(_BEGINNING) + _DIGEST :]
    return code if code and contents == _sealed(key, code) else None


def _write(folder: Folder, key: str, code: bytes) -> None:
    """Put a file in its place as a whole; without one where that fails, as on a full disk."""
    unfinished = f"{key[:16]}.{os.getpid()}.{os.urandom(4).hex()}{_UNFINISHED}"
    with suppress(OSError):
        file = folder.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            with open(file, "wb") as stream:
                stream.write(_sealed(key, code))
            folder.replace(unfinished, key + _SUFFIX)
        except BaseException:
            folder.remove(unfinished)
            raise
        _remove_oldest(folder)


def _remove_oldest(folder: Folder) -> None:
    """Keep the files that were used last, of three quarters of what all may have, where they have more."""
    files = []
    for name in folder.names():
        if name.endswith((_SUFFIX, _UNFINISHED)):
            with suppress(OSError):
                status = folder.status(name)
                files.append((status.st_mtime, status.st_size, name))
    total, end = sum(size for _, size, _ in files), time.time() - _STALE
    enough = total if total <= LARGEST else LARGEST * 3 // 4
    for used, size, name in sorted(files):
        if total > enough or (name.endswith(_UNFINISHED) and used < end):
            total -= size
            with suppress(OSError):
                folder.remove(name)
