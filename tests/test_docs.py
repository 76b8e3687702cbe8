"""The Python of the documentation runs, and prints what stands there; its links and paths lead to files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from patience import LONG

from fastnn.optimizers import OPTIMIZERS

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.glob("*.md"), *ROOT.glob("*.md"), *(ROOT / "benchmarks").glob("*.md")])
FOLDERS = ("benchmarks/", "docs/", "examples/", "fastnn/", "src_ext/", "tests/", "tools/")


def name_of(page: Path) -> str:
    """A page's path in the checkout."""
    return page.relative_to(ROOT).as_posix()


RUN = [
    "logistic",
    pytest.param("watching", marks=pytest.mark.callbacks),
    *(pytest.param(name, marks=pytest.mark.jit) for name in ("calling", "inside-numba", "training")),
]


@pytest.mark.parametrize("name", RUN)
def test_the_blocks_of_a_page_run_as_one_program(name: str, tmp_path: Path) -> None:
    page = DOCS / f"{name}.md"
    if not page.is_file():
        pytest.skip("the documentation does not lie beside the tests")
    text = page.read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL))
    command = [sys.executable, "-W", "error", "-c", code]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=LONG)
    assert answer.returncode == 0, answer.stderr
    for shown in re.findall(r"```text\n(.*?)```", text, flags=re.DOTALL):
        assert shown in answer.stdout


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link and not link.startswith("#")]
    assert [link for link in links if not (page.parent / link.partition("#")[0]).exists()] == []


@pytest.mark.parametrize("page", [page for page in PAGES if page.name != "CHANGELOG.md"], ids=name_of)
def test_paths_in_the_text_are_there(page: Path) -> None:
    """Also those with a pattern, such as `src_ext/isa/*.cpp`."""
    words = re.findall(r"`([\w./*-]+)`", page.read_text(encoding="utf-8"))
    paths = [word for word in words if word.startswith(FOLDERS)]
    assert [path for path in paths if not any(ROOT.glob(path.rstrip("/")))] == []


def test_the_memory_of_optimizers_is_said_of_each() -> None:
    """`docs/watching.md` counts vectors of state: one for those that it names, two for the others."""
    page = DOCS / "watching.md"
    if not page.is_file():
        pytest.skip("the documentation does not lie beside the tests")
    found = re.search(r"what the optimizer remembers: (.*) 1, the others \| 2", page.read_text(encoding="utf-8"))
    assert found
    counts = {kind.__name__: len(kind.slots) for kind in OPTIMIZERS.values()}
    assert set(re.findall(r"\w+", found[1])) - {"and"} == {name for name, count in counts.items() if count == 1}
    assert set(counts.values()) == {1, 2}
