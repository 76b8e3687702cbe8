"""The quickstart runs, and what it prints is what it promises."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
from patience import LONG

SCRIPT = Path(__file__).resolve().parent.parent / "examples" / "quickstart.py"
pytestmark = pytest.mark.skipif(not SCRIPT.is_file(), reason="the examples do not lie beside the tests")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What the quickstart printed, and the folder that it ran in."""
    folder = tmp_path_factory.mktemp("quickstart")
    command = [sys.executable, str(SCRIPT)]
    answer = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=3 * LONG)
    assert answer.returncode == 0, answer.stderr
    assert answer.stderr == ""
    return answer.stdout, folder


@pytest.mark.parametrize(
    ("model", "accuracy"),
    [
        ("breast cancer, Neuron", 0.95),
        ("breast cancer, LogisticRegression", 0.95),
        ("digits, LogisticRegression", 0.95),
        ("digits, MLPClassifier", 0.95),
    ],
)
def test_every_model_learns_as_well_as_scikit_learns(run: tuple[str, Path], model: str, accuracy: float) -> None:
    [line] = [line for line in run[0].splitlines() if line.startswith(model)]
    ours, theirs = (float(number) / 100 for number in re.findall(r"([\d.]+)%", line))
    assert ours >= accuracy
    assert ours >= theirs - 0.02


def test_the_models_are_one(run: tuple[str, Path]) -> None:
    text = run[0].split("Three models are one")[1]
    differences = [float(number) for number in re.findall(r"\d\.\de[-+]\d\d", text)]
    assert len(differences) == 4
    assert max(differences) <= 1e-12


def test_instruction_set_and_threads_are_told(run: tuple[str, Path]) -> None:
    from fastnn import _core

    first = run[0].splitlines()[0]
    assert re.search(rf"instruction set {_core.simd_level()}, at most \d+ threads?$", first)


def test_the_learning_curve_is_a_picture(run: tuple[str, Path]) -> None:
    assert (run[1] / "learning_curve.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    spec = importlib.util.spec_from_file_location("quickstart", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    quickstart = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(quickstart)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.chdir(tmp_path)
    quickstart.save_picture({"fastnn": [1.0, 0.5], "scikit-learn": [1.0, 0.6]})
    assert "matplotlib is not installed" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())
