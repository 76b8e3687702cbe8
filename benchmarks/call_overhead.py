"""What a call from Python costs beside the kernel."""

from __future__ import annotations

import warnings
from functools import partial
from typing import Any

import numpy as np

from fastnn import LogisticRegression, MLPClassifier, Neuron, kernels
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


class OneRow(_Benchmark):
    """predict_proba of one row of thirty features: the checks of the input, and little else."""

    params = [["Neuron", "LogisticRegression", "MLPClassifier"]]
    param_names = ["model"]

    def prepare(self, model: str) -> None:
        rng = generator()
        x, y = rng.normal(size=(200, 30)), rng.integers(0, 2, 200)
        fitted = {
            "Neuron": lambda: Neuron("sigmoid", random_state=0, n_threads=1),
            "LogisticRegression": lambda: LogisticRegression(n_threads=1),
            "MLPClassifier": lambda: MLPClassifier((64, 32), early_stopping=True, random_state=0, n_threads=1),
        }[model]()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # whether it has converged does not matter
            fitted.fit(x, y)
        self.call: Any = partial(fitted.predict_proba, x[:1])
        found = self.call()
        fitted.set_params(backend="reference", n_threads=None)
        np.testing.assert_allclose(found, self.call(), rtol=1e-9)
        fitted.set_params(backend="native", n_threads=1)
