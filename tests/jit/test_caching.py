"""Functions of users that Numba caches on disk: never compiled for other weights, and never with stale ones."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest
from patience import LONG

pytestmark = pytest.mark.jit

LOOP = """
from numba import njit

@njit(cache=True)
def loop(net, x, out):
    for r in range(x.shape[0]):
        net.row(x[r], out[r])
"""

RUN = """
import sys
import numpy as np
from loop import loop
from fastnn import Dense, Network

seed, units = map(int, sys.argv[1:])
model = Network([Dense(units, "tanh"), Dense(2)], 3, "cross_entropy", random_state=seed)
x = np.random.default_rng(seed).normal(size=(20, 3)).astype(np.float32)
out = np.empty((20, 2), np.float32)
loop(model.jit(), x, out)
print(np.array_equal(out, model.predict(x)), sum(loop.stats.cache_hits.values()))
"""


def test_other_weights_in_a_new_process(tmp_path, monkeypatch):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)  # run.py imports what lies beside it
    (tmp_path / "loop.py").write_text(LOOP)
    (tmp_path / "run.py").write_text(RUN)

    def run(seed, units):
        command = [sys.executable, "run.py", str(seed), str(units)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=LONG)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    assert run(0, 5) == ["True", "0"]
    assert run(1, 5) == ["True", "1"]
    assert run(2, 6) == ["True", "0"]  # another architecture
    assert run(3, 5) == ["True", "1"]


GLOBAL = """
import warnings
import numpy as np
from numba import njit
from numba.core.errors import NumbaWarning
from fastnn import Dense, Network

model = Network([Dense(2)], 3, random_state=0)
net = model.jit()

@njit(cache=True)
def constant(x):
    return net(x)

x = np.ones(3, np.float32)
with warnings.catch_warnings(record=True) as told:
    warnings.simplefilter("always")
    print(np.array_equal(constant(x), model.predict(x[None])[0]))
print([str(each.message) for each in told if issubclass(each.category, NumbaWarning)])
"""


def test_a_global_is_not_cached(tmp_path):
    """Its weights are in the code, which another process must not find."""
    (tmp_path / "frozen.py").write_text(textwrap.dedent(GLOBAL))
    done = subprocess.run([sys.executable, "frozen.py"], capture_output=True, text=True, cwd=tmp_path, timeout=LONG)
    assert done.returncode == 0, done.stderr
    same, told = done.stdout.splitlines()
    assert same == "True"
    assert "dynamic globals" in told
