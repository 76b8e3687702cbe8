"""Whoever is told to install something is told the right name: another package is called fastnn."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from recipe import ROOT

import fastnn
from fastnn.install import DISTRIBUTION, install_hint

PLACES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "CITATION.cff", "SECURITY.md", "MANIFEST.in", "asv.conf.json")
PLACES += ("pyproject.toml", "setup.py", "noxfile.py", ".ci", ".github", "docs", "examples", "benchmarks", "tools")
PLACES += ("src_ext", "tests")
WRITTEN = {"", ".cff", ".cpp", ".h", ".hpp", ".in", ".json", ".md", ".pxd", ".pxi", ".py", ".pyi", ".pyx", ".sh"}
WRITTEN |= {".toml", ".txt", ".yaml", ".yml"}

WRONG = re.compile(
    r"""
      \bfastnn\[\w                                                     # fastnn[plot]
    | \b(?:pip|conda|mamba)\s+install(?:\s+[^\s&|;`]+)*?\s+["']?fastnn(?![\w/-]|\.\w)  # pip install fastnn
    | \b(?:version|distribution|files|requires|metadata)\(["']fastnn["']  # what importlib.metadata is asked for
    | \bfastnn-[\d*]                                                    # fastnn-*.whl
    | \bpypi\.[a-z]|\bpythonhosted\b                                   # a registry's own address
    """,
    re.VERBOSE,
)


def texts() -> Iterator[tuple[Path, str]]:
    """Every file that people have written, but this one."""
    for place in (Path(fastnn.__file__).parent, *(ROOT / name for name in PLACES)):
        for path in [place] if place.is_file() else sorted(place.rglob("*")):
            if path.suffix in WRITTEN and path.is_file() and path.name != Path(__file__).name:
                yield path, path.read_text(encoding="utf-8", errors="replace")


def test_everything_names_the_right_package() -> None:
    found = [
        f"{path}:{number}: {line.strip()}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if WRONG.search(line)
    ]
    assert not found, f"say {DISTRIBUTION}: {found}"


@pytest.mark.parametrize(
    "line",
    [
        'pip install "fastnn[plot]"',
        "python -m pip install --quiet fastnn",
        'conda install "fastnn>=0.1"',
        'importlib.metadata.version("fastnn")',
        "tar --extract --file fastnn-*.tar.gz",
        "dist/fastnn-0.1.0-cp311-cp311-linux_x86_64.whl",
        "https://pypi.example/project/fastnn",
    ],
)
def test_the_wrong_name_is_noticed(line: str) -> None:
    assert WRONG.search(line)


@pytest.mark.parametrize(
    "line",
    [
        'pip install "fastnn-kernels[plot]"',
        "pip install fastnn-kernels",
        'pip install ".[plot]" && python -c "import fastnn"',
        "once installed, fastnn.show_config() tells",
        "fastnn_kernels-0.1.0.tar.gz",
    ],
)
def test_the_right_name_is_no_mistake(line: str) -> None:
    assert not WRONG.search(line)


def test_hints() -> None:
    assert install_hint() == "pip install fastnn-kernels"
    assert install_hint("plot") == 'pip install "fastnn-kernels[plot]"'


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    """What pyproject.toml says of the package."""
    path = ROOT / "pyproject.toml"
    if not path.is_file():
        pytest.skip("pyproject.toml does not lie beside the tests")
    return tomllib.loads(path.read_text(encoding="utf-8"))["project"]


def test_the_package_and_the_extras_that_hints_name_are_there(project: dict[str, Any]) -> None:
    assert project["name"] == DISTRIBUTION
    hint = re.compile(r"""(?:fastnn-kernels\[|"\.\[|\binstall_hint\(["'])(\w+)""")
    named = {extra for _, text in texts() for extra in hint.findall(text)}
    assert {"plot", "save"} <= named
    assert named <= set(project["optional-dependencies"])


@pytest.mark.parametrize(
    ("system", "machine", "python", "implementation", "wanted"),
    [
        ("linux", "x86_64", "3.11", "CPython", True),
        ("linux", "aarch64", "3.14", "CPython", True),
        ("win32", "AMD64", "3.12", "CPython", True),
        ("darwin", "arm64", "3.13", "CPython", True),
        ("darwin", "x86_64", "3.13", "CPython", False),  # the last wheels for Intel Macs are 0.62's
        ("win32", "ARM64", "3.11", "CPython", False),
        ("linux", "riscv64", "3.12", "CPython", False),
        ("linux", "ppc64le", "3.12", "CPython", False),
        ("linux", "x86_64", "3.15", "CPython", False),
        ("linux", "x86_64", "3.11", "PyPy", False),
        ("emscripten", "wasm32", "3.13", "CPython", False),
    ],
)
def test_numba_is_needed_only_where_it_has_wheels(
    project: dict[str, Any], system: str, machine: str, python: str, implementation: str, wanted: bool
) -> None:
    where = {"sys_platform": system, "platform_machine": machine, "python_version": python}
    where["platform_python_implementation"] = implementation
    markers = [need.marker for need in map(Requirement, project["dependencies"]) if need.name == "numba"]
    assert any(marker is None or marker.evaluate(where) for marker in markers) == wanted
