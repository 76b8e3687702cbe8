"""The tutorial runs, block after block, and draws the pictures that it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from patience import LONG

TUTORIAL = Path(__file__).resolve().parent.parent / "docs" / "from-neuron-to-network.md"
TEXT = TUTORIAL.read_text(encoding="utf-8") if TUTORIAL.is_file() else ""
BLOCKS = re.findall(r"^```python\n(.*?)^```", TEXT, flags=re.DOTALL | re.MULTILINE)
PICTURES = re.findall(r"!\[[^\]]+\]\(images/([^)]+)\)", TEXT)
pytestmark = pytest.mark.skipif(not TEXT, reason="the documentation does not lie beside the tests")


def test_it_runs_and_draws_its_pictures(tmp_path: Path) -> None:
    """All blocks in one program, in which a warning is an error."""
    pytest.importorskip("matplotlib")
    program = tmp_path / "tutorial.py"
    program.write_text("\n".join(BLOCKS), encoding="utf-8")
    environ = os.environ | {"FASTNN_PICTURES": str(tmp_path), "FASTNN_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "error", str(program)]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environ, timeout=LONG)
    assert answer.returncode == 0, answer.stderr
    assert "mistakes, at most" in answer.stdout
    drawn = {path.name for path in tmp_path.glob("*.png")}
    assert drawn == set(PICTURES)


def test_it_has_blocks_and_shows_small_pictures() -> None:
    assert len(BLOCKS) > 10
    assert len(PICTURES) == 4
    for name in PICTURES:
        picture = (TUTORIAL.parent / "images" / name).read_bytes()
        assert picture.startswith(b"\x89PNG")
        assert len(picture) < 60_000


def test_links_lead_to_files() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", TEXT) if "://" not in link]
    assert not [link for link in links if not (TUTORIAL.parent / link.partition("#")[0]).exists()]
