"""Everything but "jit" and users' own functions works without Numba; these say what they need.

In processes of their own, where importing Numba fails: so they run also where it is installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from patience import LONG

BLOCKED = """
import re
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("numba", "llvmlite"):
            raise FAULT

sys.meta_path.insert(0, Blocked())
import numpy as np
import pytest
import fastnn
from fastnn import Activation, Dense, LogisticRegression, Loss, MLPClassifier, MLPRegressor, Network, Neuron, kernels

X = np.random.default_rng(0).uniform(-1, 1, size=(20, 3))
Y = np.arange(20) % 2
CUBE = Activation("cube", value=lambda z: z * z * z, slope=lambda z, a: 3 * z * z)
FOURTH = Loss("fourth", lambda z, y: (z - y) ** 4)
"""
MISSING = "ImportError('the engine is missing')"


def run(code: str, fault: str = MISSING) -> str:
    """What a program prints that cannot import Numba."""
    command = [sys.executable, "-W", "error", "-c", BLOCKED.replace("FAULT", fault) + code]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=LONG)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.mark.parametrize("fault", [MISSING, "OSError('no library of LLVM')", "SystemError('another NumPy')"])
def test_jit_says_what_it_needs(fault: str) -> None:
    """Whatever a Numba that is broken raises."""
    run(
        """
for call in (
    lambda: kernels.kernels_for("jit"),
    lambda: kernels.dense_forward(X, X.T, None, "relu", backend="jit"),
    lambda: Network([Dense(1)], n_inputs=3, backend="jit").predict(X),
    lambda: MLPClassifier((3,), backend="jit").fit(X, Y),
    lambda: Neuron("sigmoid", backend="jit").fit(X, Y),
    lambda: LogisticRegression(backend="jit").fit(X, Y),
):
    with pytest.raises(ImportError, match=r"^backend='jit' needs Numba, which cannot be imported here \\(") as told:
        call()
    assert re.search(r"(engine|LLVM|NumPy).*\\): pip install numba, or use backend='native'\\.$", str(told.value))
""",
        fault,
    )


def test_users_functions_say_what_they_need_and_run_in_the_reference() -> None:
    run("""
network = [Dense(2, CUBE), Dense(1)]
for call in (
    lambda: kernels.activation_forward(X, CUBE),
    lambda: Network(network, n_inputs=3).predict(X),
    lambda: MLPRegressor(hidden_layer_sizes=(3,), activation=CUBE).fit(X, Y),
    lambda: Neuron(CUBE).fit(X, Y),
):
    with pytest.raises(ImportError, match=r"^Activation 'cube' is a user's own, and compiling it .* needs Numba, .*: "
                       r"pip install numba, or use backend='reference'\\.$"):
        call()
for call in (
    lambda: kernels.loss_and_gradient(X, X, FOURTH),
    lambda: Network([Dense(2)], n_inputs=3, loss=FOURTH).fit(X, X[:, :2]),
    lambda: MLPRegressor(FOURTH).fit(X, Y),
):
    with pytest.raises(ImportError, match=r"^Loss 'fourth' is a user's own, and compiling it .* needs Numba, .*: "
                       r"pip install numba, or use backend='reference'\\.$"):
        call()
np.testing.assert_allclose(kernels.activation_forward(X, CUBE, backend="reference"), X**3, rtol=1e-12)
assert Network([Dense(2)], n_inputs=3, loss=FOURTH).predict(X).shape == (20, 2)  # which needs no loss
MLPRegressor(FOURTH, backend="reference", max_iter=300, tol=1.0, random_state=0).fit(X, Y)
Network(network, n_inputs=3, backend="reference", random_state=0).fit(X, Y, epochs=2)
MLPRegressor(activation=CUBE, backend="reference", max_iter=300, tol=1.0, random_state=0).fit(X, Y)
Neuron(CUBE, learning_rate=1e-3, backend="reference", tol=10.0, random_state=0).fit(X, Y)
""")


def test_a_fit_that_is_refused_changes_nothing() -> None:
    run("""
model = MLPClassifier((3,), max_iter=300, tol=1.0, random_state=0).fit(X, Y)
before = model.coefs_[0].copy()
with pytest.raises(ImportError, match="needs Numba"):
    model.set_params(backend="jit").fit(X, Y)
np.testing.assert_array_equal(model.coefs_[0], before)
""")


def test_what_there_is() -> None:
    printed = run("""
assert kernels.available_backends() == ("native", "reference")
fastnn.show_config()
""")
    assert "native, reference (jit needs Numba: the engine is missing)" in printed


def test_the_rest_works(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    run(f"""
path = {str(tmp_path / "model")!r}
for backend in ("auto", "native", "reference"):
    for model in (
        MLPClassifier((3,), max_iter=300, tol=1.0, random_state=0, backend=backend),
        LogisticRegression(backend=backend),
        Neuron("sigmoid", tol=10.0, random_state=0, backend=backend),
    ):
        model.fit(X, Y).save(path)
        np.testing.assert_array_equal(type(model).load(path).predict(X), model.predict(X))
network = Network([Dense(3, "relu"), Dense(1)], n_inputs=3, random_state=0)
network.fit(X, Y, epochs=2)
assert "numba" not in sys.modules
""")


@pytest.mark.jit
def test_numba_disable_jit() -> None:
    """With Numba's own way to debug, users' functions run by every backend: what compiles them is not Numba."""
    code = """
import numpy as np
from fastnn import Activation, Dense, Loss, Network

X = np.random.default_rng(0).normal(size=(20, 3))
wanted = None
for slope in (None, lambda z, a: 3 * z * z):
    for backend in ("reference", "native", "jit"):
        layers = [Dense(2, Activation("cube", lambda z: z * z * z, slope)), Dense(1)]
        loss = Loss("fourth", lambda z, y: (z - y) ** 4)
        network = Network(layers, 3, loss=loss, backend=backend, random_state=0, dtype="float64")
        network.fit(X, X[:, 0], epochs=2)
        wanted = network.params if wanted is None else wanted
        np.testing.assert_allclose(network.params, wanted, rtol=1e-9)
"""
    command = [sys.executable, "-c", code]
    answer = subprocess.run(
        command, capture_output=True, text=True, timeout=LONG, env={**os.environ, "NUMBA_DISABLE_JIT": "1"}
    )
    assert answer.returncode == 0, answer.stderr
