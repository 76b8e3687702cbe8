"""Users' functions are compiled for the instruction set that FASTNN_SIMD forces, as on a machine that has no better."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from fastnn import _core

pytestmark = pytest.mark.jit

_LOOKED_AT = """
import math
import numpy as np
from fastnn import Activation, _core, kernels
from fastnn.kernels.jit.functions import object_code, tiles
from fastnn.kernels.users.fingerprint import fingerprint

def snake(z):
    return z + math.sin(z) ** 2

z = np.linspace(-3, 3, 41, dtype=np.float32)[:, None]
a = kernels.activation_forward(z, Activation("snake", snake), backend="native")
np.testing.assert_allclose(a, z + np.sin(z.astype(float)) ** 2, rtol=1e-6, atol=1e-6)

text = tiles._activation_text(snake, None, np.float32)
print(*sorted({each for each in ("zmm", "ymm", "xmm", "vfmadd") if each in object_code.assembly(text)}))
print(fingerprint("activation", (snake, None), np.float32))
"""


def _seen(level: str, folder: object) -> tuple[list[str], str]:
    """The registers that compiled code uses under a level, and its name."""
    environment = {**os.environ, "FASTNN_SIMD": level, "FASTNN_CACHE_DIR": str(folder)}
    command = [sys.executable, "-c", _LOOKED_AT]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    registers, name = done.stdout.splitlines()
    return registers.split(), name


def test_code_follows_the_level(tmp_path: object) -> None:
    found = {level: _seen(level, tmp_path) for level in _core.simd_available()}
    wanted = {"base": ["xmm"], "avx2": ["vfmadd", "ymm"], "avx512": ["vfmadd", "zmm"], "neon": []}
    for level, (registers, _) in found.items():
        assert set(wanted[level]) <= set(registers), level
        assert not {"zmm"} & set(registers) or level == "avx512"
        assert not {"ymm", "vfmadd"} & set(registers) or level != "base"
    assert len({name for _, name in found.values()}) == len(found)
