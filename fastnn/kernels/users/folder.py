"""The folder of compiled code: where it lies, and whether what lies there may be executed.

Code from it runs with all that the user may do, so it is taken only from a folder, and from files, that nobody but the
user and the administrator can change.
"""

from __future__ import annotations

import os
import stat
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

__all__ = ["Folder", "cache_path", "is_trusted", "opened_folder"]

_HAS_OWNERS = hasattr(os, "geteuid") and os.open in os.supports_dir_fd
_FLAGS = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
_OF_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def cache_path() -> Path:
    """Where compiled code is kept: FASTNN_CACHE_DIR, else the usual place of this system.

    Raises
    ------
    RuntimeError
        If there is no home directory.
    """
    chosen = os.environ.get("FASTNN_CACHE_DIR")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "fastnn" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "fastnn"
    usual = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(usual) if os.path.isabs(usual) else Path.home() / ".cache") / "fastnn"


class Folder:
    """An open folder: on systems with owners its files are reached through it, whatever happens to its name."""

    def __init__(self, path: Path, descriptor: int | None) -> None:
        self.path = path
        self._descriptor = descriptor

    def open(self, name: str, flags: int) -> int:
        """Open a file of the folder, no link, without waiting for a pipe; a new one is the user's alone."""
        return os.open(self._place(name), flags | _FLAGS, 0o600, dir_fd=self._descriptor)

    def replace(self, name: str, into: str) -> None:
        """Rename a file, over the one that has that name."""
        os.replace(self._place(name), self._place(into), src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)

    def remove(self, name: str) -> None:
        """Remove a file."""
        os.unlink(self._place(name), dir_fd=self._descriptor)

    def status(self, name: str) -> os.stat_result:
        """The size, times and owner of a file."""
        return os.stat(self._place(name), dir_fd=self._descriptor, follow_symlinks=False)

    def names(self) -> list[str]:
        """The names of all files."""
        return os.listdir(self.path if self._descriptor is None else self._descriptor)

    def _place(self, name: str) -> str:
        return name if self._descriptor is not None else str(self.path / name)


def is_trusted(status: os.stat_result) -> bool:
    """Whether a file or folder can be changed by nobody but this user and the administrator."""
    return not _HAS_OWNERS or (status.st_uid in (0, os.geteuid()) and not status.st_mode & _OF_OTHERS)


@contextmanager
def opened_folder() -> Iterator[Folder | None]:
    """The folder, made if there is none; None, with a warning where that may be news, if it cannot be used."""
    descriptor = None
    try:
        path = cache_path()
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _HAS_OWNERS:
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        status = os.stat(path) if descriptor is None else os.fstat(descriptor)
    except (OSError, RuntimeError):  # it cannot be written, or there is no home directory
        path, status = Path(), None
    try:
        if status is None:
            yield None
        elif not is_trusted(status):
            _warn_of(str(path), status.st_uid == os.geteuid())
            yield None
        else:
            yield Folder(path, descriptor)
    finally:
        if descriptor is not None:
            os.close(descriptor)


@cache
def _warn_of(path: str, is_own: bool) -> None:
    """Once for each folder."""
    whose, do = ("can be written by others", f"chmod go-w {path}") if is_own else ("belongs to another user", "")
    advice = f"{do}, or name" if do else "Name"
    warnings.warn(
        f"{path} {whose}, so no compiled code is read from it or kept there: users' functions are compiled in every "
        f"process. {advice} a folder of your own in FASTNN_CACHE_DIR.",
        RuntimeWarning,
        stacklevel=2,
    )
