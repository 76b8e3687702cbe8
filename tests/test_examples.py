"""The examples of functions of one's own and of compiled loops run, and what they print is what they promise."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from patience import LONG

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
pytestmark = [
    pytest.mark.jit,
    pytest.mark.skipif(not EXAMPLES.is_dir(), reason="the examples do not lie beside the tests"),
]


def lines_of(name: str, folder: Path) -> list[str]:
    """What an example prints; it may say nothing on stderr."""
    command = [sys.executable, str(EXAMPLES / name)]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=LONG)
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == ""
    return answer.stdout.splitlines()


def test_the_pole_stays_upright(tmp_path: Path) -> None:
    learnt, pole, push = lines_of("controller.py", tmp_path)
    assert float(learnt.rpartition(" ")[2]) > 0.99
    assert float(pole.split()[-2]) < 0.01
    assert re.fullmatch(r"one push: \d+ ns in the compiled loop, \d+ ns by predict from Python", push)


def test_an_activation_of_ones_own_learns_the_digits(tmp_path: Path) -> None:
    relu, snake = (line.split() for line in lines_of("own_activation.py", tmp_path))
    assert (relu[0], snake[0]) == ("relu", "snake")
    assert float(snake[2]) > 0.96


def test_a_loss_of_ones_own_forgives_wild_targets(tmp_path: Path) -> None:
    squared, cauchy = (line.split() for line in lines_of("robust_loss.py", tmp_path))
    assert (squared[0], cauchy[0]) == ("squared_error", "cauchy")
    assert float(cauchy[2]) > 0.25 > 0 > float(squared[2])
