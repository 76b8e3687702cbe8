"""The tools that build and test in several ways: levels, objects compiled once, and wheels."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from recipe import ROOT, load_tool

from fastnn import _core

TOOLS = ROOT / "tools"
ARE_BESIDE = (TOOLS / "compile_once.py").is_file()
pytestmark = pytest.mark.skipif(not ARE_BESIDE, reason="the tools do not lie beside the tests")


def run(*command: str | Path, **environ: str) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, env={**os.environ, **environ})


# --- every instruction set ----------------------------------------------------------------------


def levels(*arguments: str) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, TOOLS / "levels.py", *arguments)


def test_a_command_runs_with_every_instruction_set() -> None:
    code = "import os, fastnn._core as core; print('ran', core.simd_level(), os.environ['FASTNN_SIMD'])"
    done = levels(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr
    ran = [line.split()[1:] for line in done.stdout.splitlines() if line.startswith("ran")]
    assert ran == [[level, level] for level in _core.simd_available()]


def test_instruction_sets_are_named_and_left_out() -> None:
    first, *others = _core.simd_available()
    assert levels().stdout.split() == [first, *others]
    assert levels("--but", first).stdout.split() == others


def test_a_failing_command_ends_the_levels() -> None:
    done = levels(sys.executable, "-c", "raise SystemExit(7)")
    assert done.returncode == 7
    assert done.stdout.count("minutes") == 1


# --- objects that are compiled once -------------------------------------------------------------


def compiled(folder: Path, *flags: str, compiler: str = "g++") -> tuple[bytes, int]:
    """What the source in a folder compiles to, and how many objects are kept by then."""
    command = [sys.executable, TOOLS / "compile_once.py", compiler, "-c", "a.cpp", "-I.", "-o", "a.o", *flags]
    environ = os.environ | {"COMPILED": str(folder.parent / "kept")}
    (folder / "a.o").unlink(missing_ok=True)
    done = subprocess.run([str(word) for word in command], cwd=folder, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return (folder / "a.o").read_bytes(), len(list((folder.parent / "kept").glob("*.o")))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A source and its header."""
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.cpp").write_text('#include "a.hpp"\nint f() { return VALUE; }\n')
    (tmp_path / "one" / "a.hpp").write_text("#ifndef VALUE\n#define VALUE 1\n#endif\n")
    return tmp_path / "one"


def test_the_same_is_compiled_once_wherever_it_lies(folder: Path) -> None:
    first, count = compiled(folder)
    assert count == 1
    [kept] = (folder.parent / "kept").iterdir()
    assert kept.read_bytes() == first
    kept.write_bytes(b"taken from there")
    other = folder.rename(folder.parent / "two")
    assert compiled(other) == (b"taken from there", 1)


@pytest.mark.parametrize("flag", ["-O1", "-DVALUE=2", "-std=c++17"])
def test_another_flag_or_macro_is_compiled_anew(folder: Path, flag: str) -> None:
    compiled(folder)
    assert compiled(folder, flag)[1] == 2


def test_another_header_is_compiled_anew(folder: Path) -> None:
    first = compiled(folder, "-O2")[0]
    (folder / "a.hpp").write_text("#define VALUE 3\n")
    second, count = compiled(folder, "-O2")
    assert count == 2
    assert second != first


def test_warnings_come_every_time_and_errors_stay_errors(folder: Path) -> None:
    (folder / "a.cpp").write_text("int f() { int unused = 1; return 0; }\n")
    assert compiled(folder, "-Wall")[1] == 0
    (folder / "a.cpp").write_text('#include "missing.hpp"\n')
    command = [sys.executable, TOOLS / "compile_once.py", "g++", "-c", folder / "a.cpp", "-o", folder / "a.o"]
    done = run(*command, COMPILED=str(folder.parent / "kept"))
    assert done.returncode != 0
    assert "missing.hpp" in done.stderr


def test_what_compiles_nothing_is_passed_on() -> None:
    done = run(sys.executable, TOOLS / "compile_once.py", "g++", "--version", COMPILED="/no/such")
    assert done.stdout == run("g++", "--version").stdout
    assert "wanted a compiler" in run(sys.executable, TOOLS / "compile_once.py", "g++").stderr


# --- wheels -------------------------------------------------------------------------------------


def test_a_wheel_is_known_by_all_that_goes_into_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool = load_tool("wheel_once")
    names = {str(path.relative_to(ROOT)) for path in tool.sources()}
    assert {"setup.py", "pyproject.toml", "fastnn/plan.py", "fastnn/_core.pyi", "src_ext/_core.pyx"} <= names
    assert not [name for name in names if name.endswith((".so", ".pyc"))]
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    source = tmp_path / "setup.py"
    keys = set()
    for content, flags in (("1", ""), ("2", ""), ("2", "-O1")):
        source.write_text(content)
        monkeypatch.setenv("FASTNN_EXTRA_CFLAGS", flags)
        keys |= {tool.key([source], ["g++"]), tool.key([source], ["g++"])}
    assert len(keys) == 3


def test_a_missing_wheel_is_an_error_before_anything_is_built() -> None:
    done = run(sys.executable, ROOT / "tests" / "run.py", "--wheel", "no_such.whl")
    assert done.returncode == 2
    assert "there is no wheel" in done.stderr
    assert "tools/build_wheel.sh" in done.stderr
