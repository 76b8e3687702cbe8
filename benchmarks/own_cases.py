"""Functions as users write them, each with the library's twin beside it: activations, losses, and their first use."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from math import erf, exp, log1p, tanh
from pathlib import Path
from typing import Any

import numpy as np

import fastnn
from fastnn import Activation
from fastnn.kernels.select import kernels_for
from fastnn.losses import LOSSES, Loss

from .cases import NETWORKS, Net, generator, label
from .common import TOLERANCE, Given, Shapes, arguments, written
from .network import drawn_epoch

# --- what users write ---------------------------------------------------------------------------


def sigmoid(z: float) -> float:
    return 1.0 / (1.0 + exp(-z))


def silu(z: float) -> float:
    return z * sigmoid(z)


def gelu(z: float) -> float:
    return 0.5 * z * (1.0 + erf(0.7071067811865476 * z))


def softplus(z: float) -> float:
    return max(z, 0.0) + log1p(exp(-abs(z)))


def mish(z: float) -> float:
    return z * tanh(softplus(z))


VALUES: dict[str, Callable[[float], float]] = {
    "tanh": tanh,
    "sigmoid": sigmoid,
    "silu": silu,
    "gelu": gelu,
    "mish": mish,
    "softplus": softplus,
}


def squared_error(z: float, y: float) -> float:
    return 0.5 * (z - y) ** 2


def huber(z: float, y: float) -> float:
    size = abs(z - y)
    return 0.5 * size * size if size <= 1.35 else 1.35 * (size - 0.675)


def log_cosh(z: float, y: float) -> float:
    size = abs(z - y)
    return size + log1p(exp(-2.0 * size)) - 0.6931471805599453


def poisson(z: float, y: float) -> float:
    return exp(z) - y * z


OWN_LOSSES: dict[str, Callable[[float, float], float]] = {
    "squared_error": squared_error,
    "huber": huber,
    "log_cosh": log_cosh,
    "poisson": poisson,
}


def own_activation(name: str) -> Activation:
    """Return a user's own activation that is the library's of this name; its slope is derived."""
    return Activation(f"own_{name}", VALUES[name])


def own_loss(name: str) -> Loss:
    """Return a user's own loss that is the library's of this name; its slope is derived."""
    return Loss(f"own_{name}", OWN_LOSSES[name], link=LOSSES[name].link)


# --- twins --------------------------------------------------------------------------------------

OWN_NETWORKS = {net.name: net for net in NETWORKS if net.widths in ((64, 32, 10), (20, 64, 64, 2))}
OUTPUTS = (2000, 10)
OUTPUTS_LABEL = label(OUTPUTS)
Twins = dict[str, Callable[[], Any]]


def epochs(net: Net, dtype: str, name: str) -> Twins:
    """Return calls of an epoch with the library's activation and with a user's, whose gradients must be alike."""
    twins: dict[str, str | Activation] = {"fastnn": name, "own": own_activation(name)}
    drawn = {who: drawn_epoch(generator(), net, activation) for who, activation in twins.items()}
    params = drawn["fastnn"][0]["params"]
    drawn["own"][0]["params"] = params  # those that it was given are of another size than a sigmoid's
    _calls("network_gradient", {who: (given, {"d_params": params.shape}) for who, (given, _) in drawn.items()}, dtype)
    return _calls("fit_epoch", drawn, dtype)


def losses(dtype: str, name: str) -> Twins:
    """Return calls of the library's loss and of a user's, which must be alike."""
    rng = generator()
    y = rng.poisson(2.0, OUTPUTS) if name == "poisson" else rng.normal(size=OUTPUTS)
    given = {"z": 2 * rng.normal(size=OUTPUTS), "y": y.astype(float), "sample_weight": None}
    twins = {"fastnn": LOSSES[name], "own": own_loss(name)}
    return _calls(
        "loss_and_gradient", {who: (given | {"loss": loss}, {"d_z": OUTPUTS}) for who, loss in twins.items()}, dtype
    )


def _calls(kernel: str, twins: dict[str, tuple[Given, Shapes]], dtype: str) -> Twins:
    """Return a native call of each of two twins; raise AssertionError where a gradient that they write differs."""
    run, calls, outputs = getattr(kernels_for("native"), kernel), {}, {}
    for who, (given, shapes) in twins.items():
        values = arguments(kernel, given, shapes, dtype)
        calls[who] = partial(run, *values, 1)
        calls[who]()
        outputs[who] = {name: array for name, array in written(kernel, values).items() if name in shapes}
    for name, wanted in outputs["fastnn"].items():
        error, size = np.linalg.norm(outputs["own"][name] - wanted), np.linalg.norm(wanted)
        if not error <= TOLERANCE["layer"][dtype] * size:
            raise AssertionError(f"{name} of {kernel} is off by {error:.3g} of {size:.3g}: not worth timing")
    return calls


# --- first use ----------------------------------------------------------------------------------

_TIMED = """
import math, time
import numpy as np
import fastnn
{before}
start = time.perf_counter()
{timed}
print(time.perf_counter() - start)
"""
_FIT = """
def snake(z):
    return z + math.sin(z) ** 2
def cauchy(z, y):
    return math.log1p((z - y) ** 2)
x = np.random.default_rng(0).normal(size=(200, 5))
y = x[:, :1]
"""
_TRAIN = "fastnn.Network([fastnn.Dense(8, {}), fastnn.Dense(1)], 5, loss={}, random_state=0).fit(x, y, epochs=2)"
_JITTED = """
import numba
net = fastnn.Network([fastnn.Dense(8, "tanh"), fastnn.Dense(1)], 5, random_state=0).jit()
@numba.njit(cache=True)
def loop(net, x, out):
    for r in range(len(x)):
        net.row(x[r], out[r])
x, out = x.astype("f4"), np.empty((200, 1), "f4")
"""
_ALL_IMPORTED = _FIT + _TRAIN.format('"tanh"', '"squared_error"')  # scikit-learn too, which takes longer than all else
_CLASSIFIER = (
    'fastnn.MLPClassifier((8,), backend="{}", max_iter=2, n_iter_no_change=5, random_state=0).fit(x, x[:, 0] > 0)'
)
# What is done before the clock starts, and what is timed.
FIRST_USES: dict[str, tuple[str, str]] = {
    "activation": (_ALL_IMPORTED, _TRAIN.format('fastnn.Activation("snake", snake)', '"squared_error"')),
    "loss": (_ALL_IMPORTED, _TRAIN.format('"relu"', 'fastnn.Loss("cauchy", cauchy)')),
    "network in a jitted loop": (_FIT + _JITTED, "loop(net, x, out)"),
    "jit backend": (_FIT + _CLASSIFIER.format("native"), _CLASSIFIER.format("jit")),
    "jit dense_forward": ("x = np.ones((4, 5))", 'fastnn.kernels.dense_forward(x, x.T, None, backend="jit")'),
}


def first_use(name: str, warm: bool) -> float:
    """Return the seconds of a first use in a new process, with empty caches or after another process has filled them.

    The functions are in a file, without which Numba's own cache on disk would not hold them.
    """
    before, timed = FIRST_USES[name]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "first_use.py")
        script.write_text(_TIMED.format(before=before, timed=timed))
        cache = {"FASTNN_CACHE_DIR": str(Path(folder, "fastnn")), "NUMBA_CACHE_DIR": str(Path(folder, "numba"))}
        root = str(Path(fastnn.__file__).parent.parent)
        environment = os.environ | cache | {"PYTHONPATH": os.pathsep.join((root, os.environ.get("PYTHONPATH", "")))}
        command = [sys.executable, "-W", "ignore", str(script)]
        for _ in range(1 + warm):
            run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
            if run.returncode:
                raise AssertionError(f"exit status {run.returncode}: {run.stderr}")
    return float(run.stdout)
