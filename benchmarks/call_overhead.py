"""What a call from Python costs beside the kernel."""

from __future__ import annotations

import importlib
import warnings
from functools import partial
from typing import Any

import numpy as np

from fastnn import Dense, LogisticRegression, MLPClassifier, Network, Neuron, kernels
from fastnn.kernels.select import kernels_for

from .cases import generator, label
from .common import SAMPLE_SECONDS, _Benchmark, best_of, verify

TINY = (1, 4, 4)  # its kernel takes some nanoseconds
SMALL = (32, 64, 64)
SHAPES = {label(shape): shape for shape in (TINY, SMALL)}


class CallOverhead(_Benchmark):
    """dense_forward as users call it, with and without `out`, and as models call it: the binding."""

    params = [["out", "allocating", "binding"], list(SHAPES)]
    param_names = ["way", "case"]

    def prepare(self, way: str, case: str) -> None:
        from fastnn import activations

        n, i, o = SHAPES[case]
        rng, relu = generator(), activations.get("relu")
        given = {"x": rng.normal(size=(n, i)), "w": rng.normal(size=(i, o)), "b": rng.normal(size=o)}
        verify("dense_forward", kernels_for("native"), given | {"activation": relu}, {"out": (n, o)}, "float32")
        inputs = tuple(array.astype("f4") for array in given.values())
        out = np.full((n, o), np.nan, "f4")
        self.native = kernels_for("native").dense_forward
        self.arguments = (*inputs, relu, out)
        self.call: Any = {
            "out": partial(kernels.dense_forward, *inputs, "relu", out=out, n_threads=1),
            "allocating": partial(kernels.dense_forward, *inputs, "relu", n_threads=1),
            "binding": partial(self.native, *self.arguments, 1),
        }[way]
        result = self.call()
        wanted = kernels.dense_forward(*inputs, "relu", backend="reference")
        np.testing.assert_allclose(out if result is None else result, wanted, rtol=1e-4, atol=1e-4)

    def track_above_the_kernel(self, way: str, case: str) -> float:
        from fastnn import _core

        count = max(2, int(SAMPLE_SECONDS * 1e7))
        kernel = min(_core.seconds_per_call(count, self.native, *self.arguments, n_threads=1) for _ in range(7))
        return 1e9 * (best_of({"call": self.call})["call"] - kernel)

    track_above_the_kernel.unit = "ns"  # type: ignore[attr-defined]


def fitted(model: str, x: np.ndarray, y: np.ndarray) -> Any:
    """Return a small model of this class, fitted on one thread."""
    found: Any = {
        "Neuron": lambda: Neuron("sigmoid", random_state=0, n_threads=1),
        "LogisticRegression": lambda: LogisticRegression(n_threads=1),
        "MLPClassifier": lambda: MLPClassifier((64, 32), early_stopping=True, random_state=0, n_threads=1),
    }[model]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whether it has converged does not matter
        return found.fit(x, y)


class OneRow(_Benchmark):
    """One row of thirty features, as kernels read it: the checks of the input, and little else."""

    params = [["Neuron", "LogisticRegression", "MLPClassifier"], ["predict_proba", "predict"]]
    param_names = ["model", "method"]

    def prepare(self, model: str, method: str) -> None:
        rng = generator()
        x, y = rng.normal(size=(200, 30)), rng.integers(0, 2, 200)
        found = fitted(model, x, y)
        self.call: Any = partial(getattr(found, method), x[:1].copy())
        answer = self.call()
        found.set_params(backend="reference", n_threads=None)
        np.testing.assert_allclose(answer, self.call(), rtol=1e-9)
        found.set_params(backend="native", n_threads=1)


class OneRowOfNetwork(_Benchmark):
    """One row through a `Network`."""

    params = [["forward", "predict"]]
    param_names = ["method"]

    def prepare(self, method: str) -> None:
        network = Network([Dense(32, "relu"), Dense(10)], 64, "cross_entropy", random_state=0, n_threads=1)
        x = generator().normal(size=(1, 64)).astype("f4")
        self.call: Any = partial(getattr(network, method), x)
        twin = Network(network.layers, 64, "cross_entropy", backend="reference")
        twin.params = network.params
        np.testing.assert_allclose(self.call(), getattr(twin, method)(x), rtol=1e-4, atol=1e-5)


FORMS: dict[str, Any] = {
    "float32": lambda row: row.astype("f4"),
    "integers": lambda row: row.astype(int),
    "columns apart": lambda row: np.repeat(row, 2, axis=1)[:, ::2],
    "list": lambda row: row.tolist(),
}


class OneRowOfAnotherKind(_Benchmark):
    """predict_proba of one row that has to be converted to float64 first; a data frame has the names of the fit."""

    params = [["LogisticRegression", "MLPClassifier"], [*FORMS, "data frame"]]
    param_names = ["model", "form"]

    def prepare(self, model: str, form: str) -> None:
        rng = generator()
        x, y = rng.integers(-8, 8, (200, 30)).astype(float), rng.integers(0, 2, 200)
        row = x[:1]
        if form == "data frame":
            pandas = importlib.import_module("pandas")
            x = pandas.DataFrame(x, columns=[f"feature {k}" for k in range(30)])
            given = x[:1]
        else:
            given = FORMS[form](row)
        found = fitted(model, x, y)
        self.call: Any = partial(found.predict_proba, given)
        answer = self.call()
        found.__dict__.pop("feature_names_in_", None)
        np.testing.assert_array_equal(answer, found.predict_proba(row))
        if form == "data frame":
            found.feature_names_in_ = np.array(x.columns, object)
