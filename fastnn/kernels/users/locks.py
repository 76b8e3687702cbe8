"""One compilation at a time for each key: in a process, and among all the processes that share a folder."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from fastnn.kernels.users.folder import Folder

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["alone_in_folder", "alone_in_process", "not_forked_meanwhile"]

_PATIENCE = 60.0  # seconds: a process that was stopped in the middle of a compilation must not stop all others
_BETWEEN_LOOKS = 0.01
_FILE = "lock"  # empty; a place in it is locked for each key
_PLACES = 1 << 30


class _Locks:
    """Those of this process."""

    def __init__(self) -> None:
        self.files: dict[str, int] = {}  # never closed: with one of them all locks of the process would go
        self.forget()

    def forget(self) -> None:
        """Begin with free locks, as a forked child must: the threads that held them are not there."""
        self.guard = threading.Lock()  # of what lies here
        self.by_key: dict[str, tuple[threading.Lock, int]] = {}  # with how many threads want it


_locks = _Locks()
_no_fork = threading.RLock()  # held while LLVM is loaded or at work: a child that began then would wait for ever
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_no_fork.acquire, after_in_parent=_no_fork.release, after_in_child=_no_fork.release)
    os.register_at_fork(after_in_child=_locks.forget)


def not_forked_meanwhile() -> AbstractContextManager[Any]:
    """Have other threads wait that want to fork this process."""
    return _no_fork


@contextmanager
def alone_in_process(key: str) -> Iterator[None]:
    """Wait for the other threads of this process that are at the same key."""
    guard, by_key = _locks.guard, _locks.by_key
    with guard:
        lock, users = by_key.get(key, (None, 0))
        lock = lock or threading.Lock()
        by_key[key] = lock, users + 1
    try:
        with lock:
            yield
    finally:
        with guard:
            _, users = by_key.pop(key)
            if users > 1:
                by_key[key] = lock, users - 1


@contextmanager
def alone_in_folder(folder: Folder, key: str) -> Iterator[None]:
    """Wait for the other processes that are at the same key; not for ever, and not where files cannot be locked.

    The system takes the lock from a process that ends, however it ends.
    """
    place, end, held = int(key[:16], 16) % _PLACES, time.monotonic() + _PATIENCE, None
    try:
        file = _lock_file(folder)
        while held is None and time.monotonic() < end:
            held = _try_to_lock(file, place)
            if held is None:
                time.sleep(_BETWEEN_LOOKS)
    except OSError:  # a folder that cannot be written, or a file system without locks
        held = None
    try:
        yield
    finally:
        if held:
            _unlock(file, place)


def _lock_file(folder: Folder) -> int:
    name = str(folder.path)
    with _locks.guard:
        file = _locks.files.get(name)
        if file is None or not os.fstat(file).st_nlink:  # somebody has emptied the folder
            file = _locks.files[name] = folder.open(_FILE, os.O_RDWR | os.O_CREAT)
        return file


def _try_to_lock(file: int, place: int) -> bool | None:
    """True, or None where another process has it."""
    try:
        if sys.platform == "win32":
            _on_windows(file, place, msvcrt.LK_NBLCK)
        else:  # of the process, not of the file: a child that is forked meanwhile does not keep it
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
    except (BlockingIOError, PermissionError):
        return None
    return True


def _unlock(file: int, place: int) -> None:
    if sys.platform == "win32":
        _on_windows(file, place, msvcrt.LK_UNLCK)
    else:
        fcntl.lockf(file, fcntl.LOCK_UN, 1, place)


if sys.platform == "win32":

    def _on_windows(file: int, place: int, mode: int) -> None:
        with _locks.guard:  # the place is a state of the file
            os.lseek(file, place, os.SEEK_SET)
            msvcrt.locking(file, mode, 1)
