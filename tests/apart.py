"""Code that may end its process: run in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

from patience import LONG


def run_apart(code: str) -> str:
    """Run code in a new Python, in which the tests' helpers can be imported; returns what it prints.

    Raises
    ------
    AssertionError
        If it ends otherwise than well: with what it wrote, and the number of a signal as it is.
    """
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    command = [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=LONG)
    assert done.returncode == 0, f"ended with {done.returncode}: {done.stderr[-3000:]}"
    return done.stdout
