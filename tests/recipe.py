"""What the tests of the build share: setup.py and tools as modules, and programs that read object files."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


def load_recipe() -> ModuleType | None:
    """setup.py as a module (importing it builds nothing); None where only the tests are."""
    path = ROOT / "setup.py"
    if not path.is_file():
        return None
    if "fastnn_recipe" not in sys.modules:
        spec = importlib.util.spec_from_file_location("fastnn_recipe", path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules["fastnn_recipe"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["fastnn_recipe"])
    return sys.modules["fastnn_recipe"]


def load_tool(name: str) -> ModuleType:
    """A script of tools/ as a module; the test is skipped where only the tests are."""
    path = ROOT / "tools" / f"{name}.py"
    if not path.is_file():
        pytest.skip("the tools do not lie beside the tests")
    spec = importlib.util.spec_from_file_location(f"fastnn_tools_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def output_of(*command: str | Path) -> str:
    """What a program prints; the test fails where the program is missing."""
    if shutil.which(str(command[0])) is None:
        pytest.fail(f"this test needs {command[0]} (Debian: apt-get install binutils)")
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def complaints_of_compiler(folder: Path, changed: dict[str, str], program: str) -> str:
    """What the compiler says of a program that includes headers of src_ext/, some of which are changed; "" if nothing.

    Changed headers come into `folder`, under their names below src_ext/.
    """
    if (compiler := shutil.which("g++") or shutil.which("clang++")) is None:
        pytest.fail("this test needs g++ or clang++")
    for name, text in changed.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    source = folder / "program.cpp"
    source.write_text(
        '#if defined(__x86_64__)\n#include "kernels/vector/sse2.hpp"\n'
        '#else\n#include "kernels/vector/neon.hpp"\n#endif\n' + program
    )
    folders = [f"-I{each}" for each in (folder, ROOT / "src_ext", ROOT / "fastnn/include")]
    command = [compiler, "-std=c++17", "-Wno-psabi", "-fsyntax-only", *folders, str(source)]
    return subprocess.run(command, capture_output=True, text=True).stderr


def with_one_more(header: str, start: str, row: str) -> dict[str, str]:
    """A header of src_ext/ in which a list that begins with `start` has one more row."""
    text = (ROOT / "src_ext" / header).read_text()
    assert text.count(start) == 1
    return {header: text.replace(start, f"{start} {row}")}
