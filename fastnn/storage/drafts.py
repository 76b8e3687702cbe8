"""A file is replaced at once, by a draft beside it; drafts of processes that have died are cleared away.

A draft is named after its file (by a digest, since names may be as long as a file system allows) and its process, and
is locked while it is written. The lock ends with the process: so a draft that can be locked belongs to nobody.
"""

from __future__ import annotations

import errno
import hashlib
import importlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

from fastnn.errors import FileError

__all__ = ["remove_drafts", "replace"]

FilePath = str | os.PathLike[str]

# None on Windows, where nobody can remove a file that is open: that is a lock too.
fcntl: Any = importlib.import_module("fcntl") if os.name == "posix" else None

_NOT_FOLLOWED = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def replace(path: FilePath, data: bytes) -> None:
    """Put the bytes in place of a file at once: a crash leaves the old file or the new one.

    A new file has the permissions that the process gives to files, and one that was there keeps its own.

    Raises
    ------
    FileError
        If what is there is no file, but a device, a pipe or a socket.
    OSError
        If the bytes cannot be written.
    """
    before = _regular(path)
    target = Path(os.path.realpath(path))  # a link goes on pointing to it
    _remove_drafts(target)
    with _draft(target, 0o666 if before is None else 0o600) as (file, name):
        file.write(data)
        file.flush()
        if before is not None and os.name == "posix":
            _give(file.fileno(), before)
        os.fsync(file.fileno())
        if fcntl is None:
            file.close()  # else Windows could not rename it
        os.replace(name, target)
    _flush_folder(target.parent)


def remove_drafts(path: FilePath) -> None:
    """Remove what processes that died have left of this file, and nothing that another one is writing."""
    _remove_drafts(Path(os.path.realpath(path)))


def _regular(path: FilePath) -> os.stat_result | None:
    """What is known of the file that is there; None where there is none."""
    try:
        before = os.stat(path)
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(before.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    if not stat.S_ISREG(before.st_mode):
        raise FileError(f"{Path(path)} is a device, a pipe or a socket, wanted a file: save to a file and copy that.")
    return before


def _give(descriptor: int, before: os.stat_result) -> None:
    """Owner and permissions of the file that was there, where the system lets us; none to a group that had none."""
    mode, now = stat.S_IMODE(before.st_mode), os.fstat(descriptor)
    if (before.st_uid, before.st_gid) != (now.st_uid, now.st_gid):
        try:
            os.chown(descriptor, before.st_uid, before.st_gid)
        except OSError:  # only root may; in folders of a group the group is right anyway
            mode &= ~0o6000 if before.st_gid == now.st_gid else ~0o6070
    with suppress(OSError):  # some mounts have no permissions to give; the draft is its owner's alone
        os.chmod(descriptor, mode)


def _flush_folder(folder: Path) -> None:
    """Make the new name last, not only the new content, where the system lets us.

    The file is in its place: that this may not outlive a power cut is no reason to say that nothing was written.
    """
    if os.name != "posix":  # elsewhere a folder cannot be opened
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


# --- drafts -------------------------------------------------------------------------------------


def _prefix(target: Path) -> str:
    return f".fastnn-{hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]}-"


@contextmanager
def _draft(target: Path, mode: int) -> Iterator[tuple[BinaryIO, Path]]:
    """A new file beside the target, locked; removed where it has not become the target."""
    file, name = _opened(target, mode)
    try:
        with file:
            yield file, name
    except BaseException:  # Ctrl-C is one
        name.unlink(missing_ok=True)
        raise


def _opened(target: Path, mode: int) -> tuple[BinaryIO, Path]:
    while True:
        name = target.with_name(f"{_prefix(target)}{os.getpid()}-{secrets.token_hex(4)}.draft")
        try:
            descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | _NOT_FOLLOWED, mode)
        except OSError as fault:  # of which nobody knows the draft
            raise OSError(fault.errno, fault.strerror, os.fspath(target)) from fault
        try:
            file = os.fdopen(descriptor, "wb")
        except BaseException:
            os.close(descriptor)
            raise
        # Between the two calls another process may have found it free.
        if _lock(descriptor, wait=True) is None or os.fstat(descriptor).st_nlink > 0:
            return file, name
        file.close()


def _lock(descriptor: int, *, wait: bool) -> bool | None:
    """Whether the file is locked now; None where the file system has no locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


def _remove_drafts(target: Path) -> None:
    wanted = re.compile(re.escape(_prefix(target)) + r"[0-9]+-[0-9a-f]{8}\.draft")
    with suppress(OSError), os.scandir(target.parent) as entries:  # a folder may be closed to us
        for entry in entries:
            if wanted.fullmatch(entry.name):
                with suppress(OSError):
                    _remove_if_left(entry.path)


def _remove_if_left(draft: str) -> None:
    if fcntl is None:
        os.unlink(draft)
        return
    descriptor = os.open(draft, os.O_RDWR | _NOT_FOLLOWED)
    try:
        found = os.fstat(descriptor)
        ours = stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid()
        if ours and _lock(descriptor, wait=False):
            os.unlink(draft)
    finally:
        os.close(descriptor)
