"""X that is larger than the memory a fit may take: a memory-mapped file is used where it lies."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from patience import LONG
from sklearn.exceptions import ConvergenceWarning

from fastnn import Dense, MLPClassifier, Network

N, I = 100_000, 750  # 300 MB of float32; the file has holes, so it takes no space

# RLIMIT_DATA counts what is private and can be written to, and so neither the file's pages nor the code's.
SCRIPT = f"""
import resource
import sys
import warnings

import numpy as np

from fastnn import Dense, LogisticRegression, MLPClassifier, Network

warnings.simplefilter("ignore")
x = np.memmap(sys.argv[1], np.float32, "r", shape=({N}, {I}))
y = (np.arange({N}) % 3) // 2
rows = [np.arange(0, {N}, 2), np.arange(1, {N}, 2)]
small = {{"hidden_layer_sizes": (8,), "batch_size": 1000, "max_iter": 1, "random_state": 0}}


def fit(how, x, y):
    if how == "copy":
        MLPClassifier(**small).fit(np.array(x), y)
    if how == "shuffled":
        MLPClassifier(**small).fit(x, y).predict(x)
    if how == "early stopping":
        MLPClassifier(early_stopping=True, **small).fit(x, y)
    if how == "in order":
        MLPClassifier(shuffle=False, **small).partial_fit(x, y, classes=[0, 1])
    if how == "full batch":  # the activations of all rows would take 150 MB
        MLPClassifier(**small | {{"hidden_layer_sizes": (64, 64), "batch_size": len(x)}}).fit(x, y)
    if how == "logistic":  # which does not converge, and so looks for numbers that are too large
        with warnings.catch_warnings(record=True, action="always") as warned:
            LogisticRegression(max_iter=1, tol=1e-12).fit(x, y)
        assert warned
    if how == "network":
        Network([Dense(8, "relu"), Dense(2)], {I}, "cross_entropy").fit(x, y, epochs=1, batch_size=1000)


fit(sys.argv[2], x[:3000], y[:3000])  # whatever is loaded, or allocated once, is by now
with open("/proc/self/status") as status:
    [now] = [int(line.split()[1]) * 1024 for line in status if line.startswith("VmData")]
spare = 96 if sys.argv[2] == "logistic" else 48  # whose metric of 751 parameters is several matrices
resource.setrlimit(resource.RLIMIT_DATA, (now + spare * 2**20, resource.RLIM_INFINITY))
fit(sys.argv[2], x, y)
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """300 MB of zeros."""
    path = tmp_path_factory.mktemp("memory") / "x"
    with open(path, "wb") as stream:
        stream.truncate(N * I * 4)
    return path


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
@pytest.mark.parametrize("how", ["shuffled", "early stopping", "in order", "full batch", "logistic", "network", "copy"])
def test_a_file_is_not_loaded(file: Path, how: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(file), how], capture_output=True, text=True, timeout=3 * LONG
    )
    if how == "copy":  # so the limit bites
        assert "MemoryError" in done.stderr
    else:
        assert done.returncode == 0, done.stderr


def test_a_file_gives_what_an_array_gives(tmp_path: Path, rng: np.random.Generator) -> None:
    x = rng.normal(size=(300, 5)).astype(np.float32)
    y = (x[:, 0] > 0).astype(int)
    x.tofile(tmp_path / "x")
    mapped = np.memmap(tmp_path / "x", np.float32, "r", shape=x.shape)
    models = [MLPClassifier((8,), early_stopping=True, max_iter=5, random_state=0) for _ in range(2)]
    with pytest.warns(ConvergenceWarning):
        scores = [model.fit(each, y).validation_scores_ for model, each in zip(models, (x, mapped), strict=True)]
    assert scores[0] == scores[1]
    np.testing.assert_array_equal(models[0].coefs_[0], models[1].coefs_[0])
    networks = [Network([Dense(1)], 5, random_state=0).fit(each, y) for each in (x, mapped)]
    np.testing.assert_array_equal(networks[0].params, networks[1].params)


# A network of 40 MB, of which X is a small part, on one thread.
LARGE = """
import sys
import warnings

import numpy as np

from fastnn import Adam, Dense, MLPClassifier, Network

warnings.simplefilter("ignore")
rng = np.random.default_rng(0)
x = rng.random((1200, 100), np.float32)
y = np.arange(1200) % 2
widths = (3150, 3150)
small = {"max_iter": 2, "batch_size": 50, "random_state": 0, "n_threads": 1}
options = {
    "mini-batches": {},
    "full batch": {"batch_size": 1200},
    "clipped": {"clip_norm": 1.0},
    "early stopping": {"early_stopping": True},
    "averaged": {"ema": 0.9},
    "averaged, full batch": {"batch_size": 1200, "ema": 0.9},
    "averaged, early stopping": {"early_stopping": True, "ema": 0.9},
}


def fit(how, widths, n):
    if how == "network":
        layers = [*(Dense(width, "relu") for width in widths), Dense(2)]
        network = Network(layers, 100, "cross_entropy", dtype="float32", n_threads=1)
        validation = {"x_val": x[:n], "y_val": y[:n], "patience": 5}
        return network.fit(x[:n], y[:n], epochs=2, optimizer=Adam(ema=0.9), batch_size=50, **validation).params.nbytes
    model = MLPClassifier(widths, **small | options[how])
    return sum(part.nbytes for part in model.fit(x[:n], y[:n]).coefs_)


def bytes_of(name):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(name))


n = 1200 if "full batch" in sys.argv[1] else 200
fit(sys.argv[1], (8, 8), n)  # whatever is loaded, or allocated once, is by now
start = bytes_of("VmRSS")
params = fit(sys.argv[1], widths, n)
print(params, bytes_of("VmHWM") - start)
"""


# In multiples of the parameters, as docs/watching.md adds them up, but for what comes and goes at other times.
LIMITS = {
    "mini-batches": 5.2,
    "full batch": 6.2,
    "clipped": 6.2,
    "early stopping": 6.2,
    "averaged": 7.2,
    "averaged, full batch": 8.2,
    "averaged, early stopping": 8.2,
    "network": 9.2,  # averaged, early stopping, and what it answers by meanwhile
}


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
@pytest.mark.parametrize("how", LIMITS)
def test_training_needs_a_multiple_of_the_parameters(how: str) -> None:
    """And 16 MB for its thread."""
    done = subprocess.run([sys.executable, "-c", LARGE, how], capture_output=True, text=True, timeout=3 * LONG)
    assert done.returncode == 0, done.stderr
    params, peak = map(int, done.stdout.split())
    assert 40e6 < params < peak  # the parameters themselves are among it
    assert peak <= LIMITS[how] * params + 16 * 2**20


# Scratch for predictions does not grow with the features: blocks of rows of the sparse X would take gigabytes a thread,
# panels of the dense one, turned, 64 MB.
WIDE = """
import resource
import sys
import warnings

import numpy as np
import scipy.sparse as sp

from fastnn import LogisticRegression, MLPClassifier

warnings.simplefilter("ignore")
rng = np.random.default_rng(0)
if sys.argv[1] == "dense":
    x = rng.random((64, 2**18), np.float32)
else:
    places = rng.integers(600, size=6000), rng.integers(2**20, size=6000)
    x = sp.csr_array((np.ones(6000), places), shape=(600, 2**20))
y = np.arange(x.shape[0]) % 3
models = {
    "dense": LogisticRegression(solver="lbfgs", max_iter=1),
    "sparse": LogisticRegression(solver="lbfgs", max_iter=1),
    "network": MLPClassifier((4,), batch_size=600, max_iter=1, random_state=0),
}
model = models[sys.argv[1]].set_params(n_threads=2).fit(x, y)
with open("/proc/self/status") as status:
    [now] = [int(line.split()[1]) * 1024 for line in status if line.startswith("VmData")]
resource.setrlimit(resource.RLIMIT_DATA, (now + 96 * 2**20, resource.RLIM_INFINITY))
found = model.predict_proba(x)
assert abs(found.sum(axis=1) - 1).max() < 1e-6
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
@pytest.mark.parametrize("how", ["dense", "sparse", "network"])
def test_predictions_have_no_room_for_rows_of_features(how: str) -> None:
    done = subprocess.run([sys.executable, "-c", WIDE, how], capture_output=True, text=True, timeout=3 * LONG)
    assert done.returncode == 0, done.stderr
