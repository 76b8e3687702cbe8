"""Files have at most 400 lines, and Python's functions at most 40."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from recipe import ROOT

FOLDERS = ("fastnn", "src_ext", "tests", "benchmarks", "tools")
SOURCES = {".py", ".pyi", ".pyx", ".pxi", ".pxd", ".cpp", ".hpp", ".h", ".sh"}
MOST_LINES_OF_A_FILE, MOST_LINES_OF_A_FUNCTION = 400, 40
FILES = [
    path
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in SOURCES and "__pycache__" not in path.parts
]
BESIDE = sorted(ROOT.glob("*.py"))  # setup.py and its kind


def long_functions(source: str) -> Iterator[str]:
    """The functions of a source whose body is too long; a docstring does not count."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[ast.get_docstring(node) is not None :]
            lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            if lines > MOST_LINES_OF_A_FUNCTION:
                yield f"{node.name}: {lines} lines"


@pytest.mark.parametrize("folder", FOLDERS)
def test_files_are_short(folder: str) -> None:
    if not (ROOT / folder).is_dir():
        pytest.skip(f"{folder} does not lie beside the tests")
    found = [path for path in FILES if ROOT / folder in path.parents]
    lengths = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8").count("\n") for path in found}
    assert lengths
    assert {name: n for name, n in lengths.items() if n > MOST_LINES_OF_A_FILE} == {}


@pytest.mark.parametrize("name", [path.relative_to(ROOT).as_posix() for path in FILES if path.suffix == ".py"])
def test_functions_are_short(name: str) -> None:
    assert list(long_functions((ROOT / name).read_text(encoding="utf-8"))) == []


@pytest.mark.skipif(not BESIDE, reason="the tests lie alone")
def test_files_beside_the_folders_are_short() -> None:
    lengths = {path.name: path.read_text(encoding="utf-8").count("\n") for path in BESIDE}
    assert {name: n for name, n in lengths.items() if n > MOST_LINES_OF_A_FILE} == {}
    assert not [name for path in BESIDE for name in long_functions(path.read_text(encoding="utf-8"))]


def test_a_long_function_is_found() -> None:
    short = 'def f():\n    """Say nothing.\n\n' + "    Again.\n" * 50 + '    """\n' + "    x = 1\n" * 40
    assert list(long_functions(short)) == []
    assert list(long_functions(short + "    x = 2\n")) == ["f: 41 lines"]
