"""Whose file it is: permissions, devices and folders are left as they are, and drafts of others too."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from patience import LONG

from fastnn.errors import FileError
from fastnn.storage import drafts, read, remove_drafts, write

VALUE = {"name": "ü", "n": 3}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with VALUE."""
    write(tmp_path / "value.safetensors", "test", VALUE)
    return tmp_path / "value.safetensors"


def test_a_file_keeps_its_permissions(path: Path) -> None:
    for mode in (0o600, 0o640, 0o444):
        path.chmod(mode)
        write(path, "test", VALUE)
        assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_file_keeps_its_owner(path: Path) -> None:
    owner = (12345, 23456) if os.geteuid() == 0 else (os.geteuid(), os.getgroups()[-1])  # only root may give to others
    os.chown(path, *owner)
    write(path, "test", VALUE)
    assert (path.stat().st_uid, path.stat().st_gid) == owner


def test_a_group_that_may_not_read_gets_no_file(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the group cannot be kept, the rights of the group are those of nobody."""
    path.chmod(0o660)
    before = os.stat_result((*path.stat()[:4], os.geteuid(), os.getegid() + 1, *path.stat()[6:]))

    def refuse(*arguments: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(drafts.os, "chown", refuse)
    monkeypatch.setattr(drafts, "_regular", lambda path: before)
    write(path, "test", VALUE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_mount_that_has_no_permissions(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: Any) -> None:
        raise PermissionError

    monkeypatch.setattr(drafts.os, "chmod", refuse)
    write(path, "test", [*VALUE])
    assert read(path, "test") == [*VALUE]


def test_a_name_as_long_as_names_can_be(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    write(path, "test", VALUE)
    assert read(path, "test") == VALUE
    assert list(tmp_path.iterdir()) == [path]


def run(code: str, *arguments: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=LONG)


def test_devices_and_pipes_stay_what_they_are(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("/dev/null")
    for name in ("pipe", "link"):
        with pytest.raises(FileError, match=f"{name} is a device, a pipe or a socket, wanted a file"):
            write(tmp_path / name, "test", VALUE)
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    assert {path.name for path in tmp_path.iterdir()} == {"pipe", "link"}
    with pytest.raises(IsADirectoryError):
        write(tmp_path, "test", VALUE)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", "/dev/zero"):
        done = run("import sys; from fastnn.storage import read; read(sys.argv[1], 'test')", path)
        assert "is damaged, or no safetensors file: it is a device, a pipe or a socket" in done.stderr


def test_a_folder_that_cannot_be_read() -> None:
    """A file can be put there, though nobody may list it, nor flush it."""
    code = (
        "import os, sys; from fastnn.storage import read, write; import safetensors.numpy\n"
        "os.geteuid() or os.setuid(65534)\n"
        "for number in (1, 2):\n"
        "    write(sys.argv[1], 'test', [number])\n"
        "print(read(sys.argv[1], 'test'))"
    )
    folder = Path(tempfile.mkdtemp())  # pytest's own is closed to others
    try:
        if os.geteuid() == 0:
            os.chown(folder, 65534, 65534)
        folder.chmod(0o300)
        done = run(code, folder / "value")
        assert done.stdout == "[2]\n", done.stderr
    finally:
        folder.chmod(0o700)
        shutil.rmtree(folder)


# --- drafts of others ---------------------------------------------------------------------------

DIES = "import os, sys; from fastnn.storage import write\nos.replace = lambda *names: os._exit(7)\n"
WAITS = (
    "import os, sys; from fastnn.storage import write\nreplace = os.replace\n"
    "os.replace = lambda *names: (print('written', flush=True), input(), replace(*names))\n"
)
WRITES = "write(sys.argv[1], 'test', [1])"


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_drafts_of_processes_that_died_are_removed(path: Path) -> None:
    for _ in range(3):
        assert run(DIES + WRITES, path).returncode == 7
        assert len(names_in(path.parent)) == 2  # each has removed the one before
    other = path.with_name("value.safetensors.2")
    write(other, "test", VALUE)
    assert len(names_in(path.parent)) == 3  # that is not of this file
    write(path, "test", VALUE)
    assert names_in(path.parent) == {path.name, other.name}


def test_a_draft_that_is_being_written_stays(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WAITS + WRITES, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        write(path, "test", VALUE)
        remove_drafts(path)
        assert read(path, "test") == VALUE
        assert len(names_in(path.parent)) == 2
        process.communicate("go on\n")
    assert process.returncode == 0
    assert read(path, "test") == [1]
    assert names_in(path.parent) == {path.name}


def test_a_draft_that_was_taken_for_a_dead_ones_is_made_again(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process may look between the file's creation and its lock."""
    real, taken = drafts._lock, []

    def lock(descriptor: int, *, wait: bool) -> bool | None:
        if wait and not taken:
            [draft] = path.parent.glob("*.draft")
            draft.unlink()
            taken.append(draft)
        return real(descriptor, wait=wait)

    monkeypatch.setattr(drafts, "_lock", lock)
    write(path, "test", [1])
    assert taken
    assert read(path, "test") == [1]
    assert names_in(path.parent) == {path.name}


def test_files_of_users_and_of_others_stay(path: Path) -> None:
    prefix = drafts._prefix(path)
    names = {f".{path.name}.notes.tmp", f".{path.name}.0123abcd.tmp", f"{prefix}1-0123abcd.draft.txt", f"{prefix}notes"}
    for name in names:
        path.with_name(name).touch()
    folder, link = path.with_name(f"{prefix}1-00000000.draft"), path.with_name(f"{prefix}2-00000000.draft")
    folder.mkdir()
    link.symlink_to(path.name)
    left = path.with_name(f"{prefix}3-00000000.draft")
    left.touch()
    write(path, "test", VALUE)
    assert names_in(path.parent) == names | {path.name, folder.name, link.name}
    if os.geteuid() == 0:
        left.touch()
        os.chown(left, 12345, 12345)
        write(path, "test", VALUE)
        assert left.exists()
