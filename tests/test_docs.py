"""The Python of the documentation runs, and prints what stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from patience import LONG

DOCS = Path(__file__).resolve().parent.parent / "docs"


@pytest.mark.parametrize("name", ["logistic", "training", pytest.param("watching", marks=pytest.mark.callbacks)])
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
