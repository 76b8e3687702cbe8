"""Processes that use a function of a user's for the first time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from patience import LONG

__all__ = ["SNAKE", "compilations", "finish", "start"]

# Writes down every compilation, and lets it take a while.
SNAKE = """
import math, os, sys, time
import numpy as np
from fastnn import Activation, kernels
from fastnn.kernels.users import compiled

genuine = compiled._Source._compiled

def noted(source):
    with open(os.environ["COMPILATIONS"], "a") as log:
        log.write(f"{os.getpid()} {source.name}\\n")
    time.sleep(float(os.environ.get("SLOWLY", 0)))
    return genuine(source)

compiled._Source._compiled = noted
K = float(os.environ.get("K", 1.5))
snake = Activation(
    "snake", value=lambda z: z + math.sin(K * z) ** 2, slope=lambda z, a: 1 + K * math.sin(2 * K * z)
)
z = np.linspace(-3, 3, 101).reshape(1, -1)

def use(activation=snake):
    a = kernels.activation_forward(z, activation, backend="native")
    np.testing.assert_allclose(a, z + np.sin(K * z) ** 2, rtol=1e-14, atol=1e-14)
    d_z = kernels.activation_backward(z, a, np.ones_like(z), activation, backend="native")
    np.testing.assert_allclose(d_z, 1 + K * np.sin(2 * K * z), rtol=1e-13, atol=1e-13)
"""

_OTHERWISE = ("FASTNN_QUIET", "PYTHONUNBUFFERED")  # with the latter nothing that cannot be written stays in a buffer


def start(program: str, folder: Path, **variables: str) -> subprocess.Popen[str]:
    """A process with that program after SNAKE, whose compiled code is kept in the folder."""
    around = {name: value for name, value in os.environ.items() if name not in _OTHERWISE}
    around |= {"FASTNN_CACHE_DIR": str(folder / "cache"), "COMPILATIONS": str(folder / "compilations")} | variables
    command = [sys.executable, "-W", "error", "-c", SNAKE + program]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=around, text=True, start_new_session=True, **streams)


def finish(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What a process has printed on stdout and on stderr, when it has ended well."""
    try:
        printed, errors = process.communicate(timeout=LONG)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # its children, too
        process.communicate()
        raise
    assert process.returncode == 0, errors
    return printed, errors


def compilations(folder: Path) -> list[str]:
    """A line for every compilation in all processes."""
    log = folder / "compilations"
    return log.read_text().splitlines() if log.exists() else []
