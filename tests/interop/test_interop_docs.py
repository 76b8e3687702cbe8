"""The pages about other libraries and languages: each section runs as a program, and prints what stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from patience import LONG

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"
SECTIONS = {
    "interop.md": [
        "scikit-learn",
        pytest.param("PyTorch", marks=pytest.mark.torch),
        pytest.param("Keras", marks=pytest.mark.keras),
        pytest.param("ONNX", marks=pytest.mark.onnx),
    ],
    "serving.md": ["One row at a time", pytest.param("A web service", marks=pytest.mark.flask)],
}
IN_C = "From C, WebAssembly and microcontrollers"


def section(page: str, title: str) -> str:
    if not (DOCS / page).is_file():
        pytest.skip("the documentation does not lie beside the tests")
    parts = re.split(r"^## (.*)\n", (DOCS / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return parts[parts.index(title) + 1]


def blocks(kind: str, text: str) -> str:
    return "".join(re.findall(rf"```{kind}\n(.*?)```", text, flags=re.DOTALL))


def run_python(text: str, folder: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", blocks("python", text)]
    environ = {"KERAS_BACKEND": "torch", **os.environ}
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=LONG, env=environ)
    assert done.returncode == 0, done.stderr
    assert done.stdout == blocks("text", text)


@pytest.mark.parametrize("title", SECTIONS["interop.md"])
def test_a_section_about_another_library_runs_as_one_program(title, tmp_path):
    run_python(section("interop.md", title), tmp_path)


@pytest.mark.parametrize("title", SECTIONS["serving.md"])
def test_a_section_about_serving_runs_as_one_program(title, tmp_path):
    run_python(section("serving.md", title), tmp_path)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="calls the compilers of Linux")
def test_the_headers_are_compiled_as_the_page_says(tmp_path):
    text = section("serving.md", IN_C)
    run_python(text, tmp_path)
    (tmp_path / "main.c").write_text(blocks("c", text))
    command = re.search(r"^    (gcc .*)$", text, flags=re.MULTILINE)[1]
    done = subprocess.run(command, shell=True, capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"This prints `{done.stdout.strip()}`" in text
