"""The README's Python runs, and its links lead somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from available import HAS_NUMBA
from patience import LONG

README = Path(__file__).resolve().parent.parent / "README.md"
TEXT = README.read_text(encoding="utf-8") if README.is_file() else ""
pytestmark = pytest.mark.skipif(not TEXT, reason="the README does not lie beside the tests")


BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
COMPILED = re.compile(r"\bnumba\b|\bActivation\(")  # what needs Numba


def test_code_runs(tmp_path: Path) -> None:
    """As one program, since what comes later builds on what came before."""
    blocks = [code for code in BLOCKS if HAS_NUMBA or not COMPILED.search(code)]
    assert len(blocks) >= 2
    command = [sys.executable, "-c", "\n".join(blocks)]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=LONG)
    assert answer.returncode == 0, answer.stderr


def test_links_lead_to_files() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", TEXT) if "://" not in link]
    assert links
    assert not [link for link in links if not (README.parent / link.partition("#")[0]).exists()]
