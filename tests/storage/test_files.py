"""Files are replaced as a whole, and what is wrong with one is noticed and said."""

from __future__ import annotations

import json
import os
import stat
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from fastnn.errors import FileError
from fastnn.storage import files, read, write

VALUE = {"name": "ü", "x": np.arange(50, dtype=np.float32), "flags": np.array([True, False]), "n": 3}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with VALUE."""
    write(tmp_path / "value.safetensors", "test", VALUE)
    return tmp_path / "value.safetensors"


def is_value(value: Any) -> bool:
    return value.keys() == VALUE.keys() and all(np.array_equal(value[key], VALUE[key]) for key in VALUE)


def header_of(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header: dict[str, Any] = json.loads(data[8 : 8 + length])
    return header


def test_it_is_a_plain_safetensors_file(path: Path) -> None:
    arrays = safetensors.numpy.load_file(path)
    assert arrays.keys() == {"x", "flags"}
    np.testing.assert_array_equal(arrays["x"], VALUE["x"])
    metadata = header_of(path)["__metadata__"]
    assert (metadata["format"], metadata["format_version"], metadata["purpose"]) == ("fastnn", "1", "test")
    assert json.loads(metadata["content"])["name"] == "ü"


def test_paths_may_be_strings_and_links_stay_links(path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to(path.name)
    write(str(link), "test", [1])
    assert link.is_symlink()
    assert read(str(path), "test") == [1]


def test_others_may_read_it(path: Path) -> None:
    umask = os.umask(0o027)
    try:
        write(path.with_name("new"), "test", VALUE)
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.with_name("new").stat().st_mode) == 0o640


# --- damage -------------------------------------------------------------------------------------


def test_cut_files_are_refused(path: Path) -> None:
    data = path.read_bytes()
    for length in [*range(0, len(data), 17), len(data) - 1]:
        path.write_bytes(data[:length])
        with pytest.raises(ValueError, match=r"value\.safetensors is damaged"):
            read(path, "test")
    path.write_bytes(data + b"\0")
    with pytest.raises(ValueError, match="is damaged"):
        read(path, "test")


def test_flipped_bits_are_refused(path: Path) -> None:
    """Unless they change nothing, such as the kind of a blank."""
    data, rng, refused = path.read_bytes(), np.random.default_rng(0), 0
    for place in rng.permutation(len(data))[:400]:
        damaged = bytearray(data)
        damaged[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        try:
            assert is_value(read(path, "test"))
        except ValueError as fault:
            assert "value.safetensors" in str(fault)
            refused += 1
    assert refused > 380


def test_a_file_that_shrinks_while_it_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = files.read_header

    def shrink(file: Any, size: int) -> Any:
        found = real(file, size)
        os.truncate(path, file.tell() + 10)
        return found

    write(path, "test", np.zeros(10**5))
    monkeypatch.setattr(files, "read_header", shrink)
    with pytest.raises(FileError, match="it became shorter while it was read"):
        read(path, "test")


HEADERS: dict[str, tuple[Any, str]] = {
    "no mapping": ([], "its header is no mapping"),
    "metadata": ({"__metadata__": {"a": 1}}, "its metadata are no mapping of texts"),
    "no entry": ({"x": 1}, "needs dtype, shape and data_offsets"),
    "other entries": ({"x": {"dtype": "F64", "shape": [], "data_offsets": [0, 8], "more": 1}}, "needs dtype, shape"),
    "dtype": ({"x": {"dtype": "F65", "shape": [1], "data_offsets": [0, 8]}}, "has the dtype 'F65'"),
    "dtype of another type": ({"x": {"dtype": ["F64"], "shape": [1], "data_offsets": [0, 8]}}, "has the dtype"),
    "too large": ({"x": {"dtype": "F64", "shape": [10**12], "data_offsets": [0, 8]}}, "does not fill bytes"),
    "empty and too large": ({"x": {"dtype": "F64", "shape": [0, 2**62], "data_offsets": [0, 0]}}, "no array can have"),
    "many dimensions": ({"x": {"dtype": "F64", "shape": [1] * 99, "data_offsets": [0, 8]}}, "no array can have"),
    "negative": ({"x": {"dtype": "F64", "shape": [-1, -1], "data_offsets": [0, 8]}}, "no integers of at least 0"),
    "flag": ({"x": {"dtype": "F64", "shape": [True], "data_offsets": [0, 8]}}, "no integers of at least 0"),
    "one offset": ({"x": {"dtype": "F64", "shape": [1], "data_offsets": [8]}}, "does not fill bytes"),
    "hole": ({"x": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, "begins at byte 4 of the data, wanted 0"),
    "two in one place": (
        {name: {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]} for name in "xy"},
        "begins at byte 0 of the data, wanted 8",
    ),
    "behind the end": ({"x": {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}}, "its tensors end at byte"),
    "less than there is": ({"x": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, "its tensors end at byte"),
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers_that_are_not_those_of_their_bytes(name: str, tmp_path: Path) -> None:
    header, error = HEADERS[name]
    text = json.dumps(header).encode()
    (tmp_path / "file").write_bytes(struct.pack("<Q", len(text)) + text + bytes(8))
    with pytest.raises(FileError, match=f"file is damaged, or no safetensors file: .*{error}"):
        read(tmp_path / "file", "test")


@pytest.mark.parametrize("text", [b"", b"{", b"{}" * 2, b'{"a":NaN}', b"\xff\xff", b"[" * 10**5])
def test_headers_that_are_none(text: bytes, tmp_path: Path) -> None:
    for length in (len(text), 0, 2**63, 2**64 - 1):
        (tmp_path / "file").write_bytes(struct.pack("<Q", length) + text)
        with pytest.raises(FileError, match="file is damaged, or no safetensors file"):
            read(tmp_path / "file", "test")


def test_truth_values_that_are_none(tmp_path: Path) -> None:
    flags = np.array([2, 0], np.uint8).view(bool)
    write(tmp_path / "file", "test", [flags])
    with pytest.raises(FileError, match="truth values that are neither 0 nor 1"):
        read(tmp_path / "file", "test")


def test_foreign_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "foreign"
    path.write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(ValueError, match="foreign is damaged, or no safetensors file"):
        read(path, "test")
    safetensors.numpy.save_file({"x": np.zeros(2)}, path)
    with pytest.raises(ValueError, match="safetensors file, but not one that fastnn has written"):
        read(path, "test")
    safetensors.numpy.save_file({"x": np.zeros(2)}, path, {"format": "pt"})
    with pytest.raises(ValueError, match="not one that fastnn has written"):
        read(path, "test")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"format_version": "2", "fastnn_version": "9.1"}, r"version 2 \(of fastnn 9\.1\).* up to 1. Upgrade fastnn"),
        ({"format_version": "one"}, "format version is 'one'"),
        ({"format_version": "0"}, "format version is '0'"),
        ({"purpose": "toast"}, "holds a toast, wanted a test"),
        ({"content": "{}"}, "does not match its digest"),
    ],
)
def test_what_the_header_says_is_checked(path: Path, change: dict[str, str], error: str) -> None:
    metadata = header_of(path)["__metadata__"] | change
    safetensors.numpy.save_file(safetensors.numpy.load_file(path), path, metadata)
    with pytest.raises(ValueError, match=error):
        read(path, "test")


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "nothing", "test")
    with pytest.raises(IsADirectoryError):
        read(tmp_path, "test")
    with pytest.raises(FileNotFoundError):
        write(tmp_path / "no folder" / "file", "test", VALUE)


# --- whole or not at all ------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_the_old_file(
    path: Path, call: str, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any) -> None:
        raise error

    monkeypatch.setattr(files.os, call, fail)
    with pytest.raises(type(error)):
        write(path, "test", [1])
    assert is_value(read(path, "test"))
    assert list(path.parent.iterdir()) == [path]


def test_a_value_that_cannot_be_held_leaves_the_old_file(path: Path) -> None:
    with pytest.raises(TypeError, match="function"):
        write(path, "test", {"f": is_value})
    assert is_value(read(path, "test"))
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_process_that_dies_leaves_the_old_file(path: Path, call: str) -> None:
    code = (
        "import os, sys; from fastnn.storage import write\n"
        f"os.{call} = lambda *arguments: os._exit(7)\n"
        "write(sys.argv[1], 'test', [1])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)])
    assert done.returncode == 7
    assert is_value(read(path, "test"))


def test_the_content_is_on_disk_before_the_name(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(
            files.os, name, lambda *arguments, name=name, real=real: (calls.append(name), real(*arguments))
        )
    write(path, "test", [1])
    assert calls == ["fsync", "replace", "fsync"]  # the last one is the folder's


def test_without_safetensors(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    for call in (lambda: write(path, "test", [1]), lambda: read(path, "test")):
        with pytest.raises(ImportError, match=r'need the package safetensors: pip install "fastnn-kernels\[save\]"'):
            call()
