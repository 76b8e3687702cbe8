"""No kernel reads or writes outside of its arrays, at addresses where that ends the process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

TESTS = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows protects pages in another way")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python that finds the modules of the tests, whatever it is told of safe paths."""
    paths = os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=os.environ | {"PYTHONPATH": paths}
    )


def test_kernels_stay_inside() -> None:
    count = settings().max_examples // 8
    found = run(str(TESTS / "guard_pages.py"), str(count))
    assert found.returncode == 0, f"{found.stdout[-100:]}\n{found.stderr[-2000:]}"
    assert found.stdout.endswith("all kernels stayed inside\n")


@pytest.mark.parametrize(("at_end", "step"), [(True, 1), (False, -1)])
def test_a_step_outside_ends_the_process(at_end: bool, step: int) -> None:
    script = (
        "import numpy as np\n"
        "from guard_pages import beside_nothing\n"
        f"array = beside_nothing(np.ones(100), {at_end})\n"
        "print(array.sum(), flush=True)\n"
        "moved = np.ndarray(array.shape, array.dtype, buffer=array)\n"
        f"print(np.lib.stride_tricks.as_strided(moved[{99 if at_end else 0}:], (2,), ({8 * step},)).sum())\n"
    )
    found = run("-c", script)
    assert found.stdout == "100.0\n"
    assert found.returncode != 0
