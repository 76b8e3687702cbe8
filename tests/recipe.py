"""What the tests of the build share: setup.py as a module, and programs that read object files."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


def load_recipe() -> ModuleType | None:
    """setup.py as a module (importing it builds nothing); None where only the tests are."""
    path = ROOT / "setup.py"
    if not path.is_file():
        return None
    if "fastnn_recipe" not in sys.modules:
        spec = importlib.util.spec_from_file_location("fastnn_recipe", path)
        assert spec is not None
        assert spec.loader is not None
        sys.modules["fastnn_recipe"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["fastnn_recipe"])
    return sys.modules["fastnn_recipe"]


def output_of(*command: str | Path) -> str:
    """What a program prints; the test fails where the program is missing."""
    if shutil.which(str(command[0])) is None:
        pytest.fail(f"this test needs {command[0]} (Debian: apt-get install binutils)")
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout
