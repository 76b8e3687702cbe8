"""Code on disk: found again, or made anew; never taken from where others can write."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest

from fastnn.kernels.users import folder, locks, store

KEY, OTHER = sha256(b"one").hexdigest(), sha256(b"other").hexdigest()
CODE = bytes(range(256)) * 20


class Compiler:
    """Counts how often it is asked."""

    def __init__(self, code: bytes = CODE) -> None:
        self.code, self.calls = code, 0

    def __call__(self) -> bytes:
        self.calls += 1
        return self.code


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder, not there yet."""
    monkeypatch.setenv("FASTNN_CACHE_DIR", str(tmp_path / "some" / "cache"))
    return tmp_path / "some" / "cache"


def fetched(key: str = KEY, code: bytes = CODE) -> bool:
    """Whether it was found; it is the code in any case."""
    compiler = Compiler(code)
    assert store.fetch(key, compiler) == code
    return not compiler.calls


def only_file(cache: Path) -> Path:
    (file,) = cache.glob("*.code")
    return file


# --- finding ------------------------------------------------------------------------------------


def test_what_was_stored_is_found_under_its_key_alone(cache: Path) -> None:
    assert [fetched(), fetched(), fetched(OTHER, b"another"), fetched(), fetched(OTHER, b"another")] == [
        *(False, True, False, True, True)
    ]
    assert sorted(each.suffix for each in cache.iterdir()) == ["", ".code", ".code"]


def test_nobody_else_can_read_or_write(cache: Path) -> None:
    fetched()
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert stat.S_IMODE(only_file(cache).stat().st_mode) == 0o600


@pytest.mark.parametrize("length", [0, 5, 20, 60, -1])
def test_what_is_cut_off_is_made_anew(cache: Path, length: int) -> None:
    fetched()
    only_file(cache).write_bytes(only_file(cache).read_bytes()[:length])
    assert [fetched(), fetched()] == [False, True]


def test_any_other_byte_is_noticed(cache: Path) -> None:
    fetched()
    whole = only_file(cache).read_bytes()
    for at in (0, 14, 30, 46, 200, len(whole) - 1):
        only_file(cache).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert not fetched()
        assert only_file(cache).read_bytes() == whole


def test_a_file_under_another_name_is_not_taken(cache: Path) -> None:
    fetched()
    (cache / f"{OTHER}.code").write_bytes(only_file(cache).read_bytes())
    assert not fetched(OTHER, b"another")


def test_what_the_compiler_raises_is_passed_on_and_nothing_is_kept(cache: Path) -> None:
    def refused() -> bytes:
        raise TypeError("a line of the user's")

    with pytest.raises(TypeError, match="a line of the user's"):
        store.fetch(KEY, refused)
    assert [each.name for each in cache.iterdir()] == ["lock"]
    assert not fetched()  # nobody holds the lock


# --- trust --------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_folder_that_others_can_write_is_not_used(cache: Path, mode: int) -> None:
    fetched()
    cache.chmod(mode)
    folder._warn_of.cache_clear()
    with pytest.warns(RuntimeWarning, match=r"can be written by others.* chmod go-w .*FASTNN_CACHE_DIR") as told:
        assert [fetched(), fetched()] == [False, False]
    assert len(told) == 1
    cache.chmod(0o755)  # others may read
    assert fetched()


def test_a_folder_of_another_user_is_not_used(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched()
    genuine = os.fstat

    def of_another(file: int) -> SimpleNamespace:
        status = genuine(file)
        return SimpleNamespace(st_uid=os.geteuid() + 1, st_mode=status.st_mode, st_size=status.st_size, st_nlink=1)

    monkeypatch.setattr(os, "fstat", of_another)
    folder._warn_of.cache_clear()
    with pytest.warns(RuntimeWarning, match=r"belongs to another user.* Name a folder of your own"):
        assert not fetched()


def test_the_administrator_is_trusted() -> None:
    def trusted(user: int, mode: int) -> bool:
        return folder.is_trusted(SimpleNamespace(st_uid=user, st_mode=mode))  # type: ignore[arg-type]

    assert trusted(0, 0o755) and trusted(os.geteuid(), 0o700)
    assert not trusted(0, 0o775) and not trusted(os.geteuid() + 1, 0o700)


@pytest.mark.parametrize("change", ["writable", "a link", "a folder", "a pipe"])
def test_a_file_that_others_may_have_made_is_not_executed(cache: Path, tmp_path: Path, change: str) -> None:
    fetched()
    file = only_file(cache)
    if change == "writable":
        file.chmod(0o666)
    else:
        file.rename(tmp_path / "elsewhere")
        make = {"a link": lambda: file.symlink_to(tmp_path / "elsewhere"), "a folder": file.mkdir}
        make.get(change, lambda: os.mkfifo(file))()
    assert not fetched()


# --- where it cannot be kept --------------------------------------------------------------------


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EACCES])
def test_where_nothing_can_be_written_it_is_made_every_time(
    cache: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    fetched(OTHER)
    genuine = folder.Folder.open

    def failing(self: folder.Folder, name: str, flags: int) -> int:
        if flags & os.O_CREAT:
            raise OSError(number, os.strerror(number))
        return genuine(self, name, flags)

    monkeypatch.setattr(folder.Folder, "open", failing)
    assert [fetched(), fetched(), fetched(OTHER)] == [False, False, True]


def test_a_disk_that_fills_up_in_the_middle_leaves_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: folder.Folder, name: str, into: str) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(folder.Folder, "replace", full)
    assert not fetched()
    assert [each.name for each in cache.iterdir()] == ["lock"]


def test_the_usual_places(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FASTNN_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/someone")
    for platform, expected in {
        "linux": "/home/someone/.cache/fastnn",
        "darwin": "/home/someone/Library/Caches/fastnn",
        "win32": "/home/someone/AppData/Local/fastnn/cache",
    }.items():
        monkeypatch.setattr("sys.platform", platform)
        assert folder.cache_path() == Path(expected)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/mine")
    assert folder.cache_path() == Path("/var/mine/fastnn")
    monkeypatch.setenv("XDG_CACHE_HOME", "not/absolute")  # which its specification says to ignore
    assert folder.cache_path() == Path("/home/someone/.cache/fastnn")
    monkeypatch.setenv("FASTNN_CACHE_DIR", "~/mine")
    assert folder.cache_path() == Path("/home/someone/mine")


# --- size ---------------------------------------------------------------------------------------


def test_the_files_that_were_used_last_are_kept(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [sha256(bytes([k])).hexdigest() for k in range(8)]
    for age, key in enumerate(reversed(keys[:7])):
        fetched(key)
        os.utime(cache / f"{key}.code", (1e9 - age, 1e9 - age))
    assert fetched(keys[6])  # the oldest, used again
    size = (cache / f"{keys[0]}.code").stat().st_size
    monkeypatch.setattr(store, "LARGEST", 4 * size)
    fetched(keys[7])
    left = {each.stem for each in cache.glob("*.code")}
    assert left == {keys[7], keys[6], keys[5]}


def test_unfinished_files_of_killed_processes_go(cache: Path) -> None:
    fetched()
    for name, age in (("old.part", 1e9), ("new.part", None)):
        (cache / name).touch()
        if age is not None:
            os.utime(cache / name, (age, age))
    fetched(OTHER, b"another")
    assert [each.name for each in cache.glob("*.part")] == ["new.part"]


# --- locks --------------------------------------------------------------------------------------


def in_a_child(act: Callable[[], bool]) -> bool:
    """What a function says in another process."""
    child = os.fork()
    if child == 0:
        os._exit(0 if act() else 1)
    return os.waitpid(child, 0)[1] == 0


def test_nobody_waits_for_ever(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was stopped in the middle of a compilation keeps its lock."""
    fetched(OTHER)

    def while_held(wait: float) -> bool:
        locks._PATIENCE = wait  # in the child alone
        return not fetched()

    with folder.opened_folder() as now:
        assert now is not None
        with locks.alone_in_folder(now, KEY):
            assert in_a_child(lambda: while_held(0.05))
    assert fetched()  # the child has kept what it made


def test_other_keys_are_free(cache: Path) -> None:
    with folder.opened_folder() as now:
        assert now is not None
        with locks.alone_in_folder(now, KEY):
            assert in_a_child(lambda: not fetched(OTHER))


def test_a_folder_that_is_emptied_is_filled_again(cache: Path) -> None:
    fetched()
    for each in cache.iterdir():
        each.unlink()
    cache.rmdir()
    assert [fetched(), fetched()] == [False, True]


def test_threads_wait_for_the_same_key_alone() -> None:
    inside, most, keys = [0], [0], []

    def work(key: str) -> None:
        with locks.alone_in_process(key):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            keys.append(key)
            threading.Event().wait(0.01)
            inside[0] -= 1

    threads = [threading.Thread(target=work, args=("same",)) for _ in range(8)]
    with locks.alone_in_process("another"):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (most[0], len(keys)) == (1, 8)
    assert locks._locks.by_key == {}
