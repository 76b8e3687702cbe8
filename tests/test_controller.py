"""The example of a controller runs, and what it prints is what it promises."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from patience import LONG

SCRIPT = Path(__file__).resolve().parent.parent / "examples" / "controller.py"
pytestmark = [
    pytest.mark.jit,
    pytest.mark.skipif(not SCRIPT.is_file(), reason="the examples do not lie beside the tests"),
]


def test_the_pole_stays_upright(tmp_path: Path) -> None:
    answer = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, cwd=tmp_path, timeout=LONG)
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == ""
    learnt, pole, push = answer.stdout.splitlines()
    assert float(learnt.rpartition(" ")[2]) > 0.99
    assert float(pole.split()[-2]) < 0.01
    assert re.fullmatch(r"one push: \d+ ns in the compiled loop, \d+ ns by predict from Python", push)
