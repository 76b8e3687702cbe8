"""What would be compiled at its first use, compiled beforehand."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from patience import LONG

from fastnn import Activation, Dense, Loss, MLPRegressor, Network, Neuron, jit
from fastnn.kernels.users import compiled

pytestmark = pytest.mark.jit


def own(k: float) -> Activation:
    return Activation(f"own {k:g}", lambda z: k * z + math.sin(z))


ROBUST = Loss("robust", lambda z, y: math.log1p((z - y) ** 2))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without code, and none in memory."""
    monkeypatch.setenv("FASTNN_CACHE_DIR", str(tmp_path))
    compiled._activation.cache_clear()
    compiled._loss.cache_clear()
    return tmp_path


def kept(cache: Path) -> int:
    return len(list(cache.glob("*.code")))


BOTH = ["activation 'own 2' for float32", "activation 'own 2' for float64"]
NETWORK = Network([Dense(3, own(2)), Dense(2, own(3)), Dense(1)], 4, dtype="float32")


@pytest.mark.parametrize(
    ("things", "options", "expected"),
    [
        ([own(2)], {}, BOTH),
        ([own(2)], {"dtype": "float64"}, BOTH[1:]),
        ([own(2), own(2)], {"dtype": np.float32}, BOTH[:1]),
        ([NETWORK], {}, [BOTH[0], "activation 'own 3' for float32"]),
        ([NETWORK.plan], {"dtype": np.float64}, [BOTH[1], "activation 'own 3' for float64"]),
        ([MLPRegressor((3, 2), activation=[own(2), "relu"])], {}, BOTH),
        ([Neuron(own(2)), MLPRegressor()], {}, BOTH),
        ([ROBUST], {"dtype": "float64"}, ["loss 'robust' for float64"]),
        ([MLPRegressor(loss=ROBUST)], {"dtype": "float32"}, ["loss 'robust' for float32"]),
        ([Activation("relu"), MLPRegressor()], {}, []),
    ],
    ids=["both", "one", "twice", "network", "plan", "list", "neuron", "loss", "of an estimator", "none"],
)
def test_what_is_compiled(cache: Path, things: list[Any], options: dict[str, Any], expected: list[str]) -> None:
    report = jit.warmup(*things, **options)
    assert list(report) == expected
    assert all(seconds >= 0 for seconds in report.values())
    assert kept(cache) == len(expected)


def test_pipelines_have_their_estimators_parameters(cache: Path) -> None:
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    assert list(jit.warmup(make_pipeline(StandardScaler(), Neuron(own(2))))) == BOTH


def test_what_cannot_be_compiled_is_an_error(cache: Path) -> None:
    with pytest.raises(TypeError, match="operations"):
        jit.warmup(Activation("many", lambda z: sum(math.sin(k * z) for k in range(10_000))))
    for wrong in (3, "snake", math.sin, np.ones(3), None):
        with pytest.raises(TypeError, match=r"What to warm up is .*, wanted an Activation, a Loss, a Net"):
            jit.warmup(wrong)
    for dtype in ("float16", int, "no dtype"):
        with pytest.raises(ValueError, match="wanted float32 or float64"):
            jit.warmup(own(2), dtype=dtype)
    assert kept(cache) == 0


FITS = """
import numpy as np, warnings
from fastnn import MLPClassifier, jit, kernels
if {warm}:
    assert list(jit.warmup(dtype="float32")) == ["backend='jit' for float32"]
else:
    warnings.simplefilter("ignore")
    x = np.random.default_rng(0).normal(size=(100, 5)).astype(np.float32)
    for options in ({{}}, {{"solver": "sgd", "early_stopping": True, "activation": "tanh"}}):
        model = MLPClassifier((6, 4), max_iter=3, random_state=0, backend="jit", **options)
        model.fit(x, (x[:, 0] > 0).astype(int)).predict_proba(x)
    params, gradient, m, v = (np.ones(9, np.float32) for _ in range(4))
    kernels.adam_step(params, gradient, m, v, step=1, backend="jit")
"""


def test_the_backends_own_kernels(tmp_path: Path) -> None:
    def compiled_after(warm: bool) -> set[str]:
        around = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "FASTNN_CACHE_DIR": str(tmp_path)}
        command = [sys.executable, "-c", FITS.format(warm=warm)]
        done = subprocess.run(command, env=around, capture_output=True, text=True, timeout=5 * LONG)
        assert done.returncode == 0, done.stderr
        return {each.name for each in tmp_path.rglob("*") if each.suffix in (".nbc", ".code")}

    before = compiled_after(warm=True)
    assert {suffix: sum(name.endswith(suffix) for name in before) > 12 for suffix in (".nbc", ".code")} == {
        ".nbc": True,
        ".code": True,
    }
    assert compiled_after(warm=False) == before
