"""Dense layers."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import activations
from fastnn.kernels.select import kernels_for

from .cases import BACKENDS, DTYPES, LAYERS, cases, generator
from .common import _FlopBenchmark

SHAPES = cases(LAYERS)


class _Dense(_FlopBenchmark):
    params = [BACKENDS, DTYPES, list(SHAPES)]

    def flops(self, case: str) -> float:
        n, i, o = SHAPES[case]
        return 2.0 * n * i * o


class DenseForward(_Dense):
    """Bias and ReLU fused."""

    kernel = "dense_forward"

    def draw(self, rng: np.random.Generator, case: str) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
        n, i, o = SHAPES[case]
        given = {"x": rng.normal(size=(n, i)), "w": rng.normal(size=(i, o)), "b": rng.normal(size=o)}
        return given | {"activation": activations.get("relu")}, {"out": (n, o)}


class DenseBackwardInput(_Dense):
    kernel = "dense_backward_input"

    def draw(self, rng: np.random.Generator, case: str) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
        n, i, o = SHAPES[case]
        return {"d_z": rng.normal(size=(n, o)), "w": rng.normal(size=(i, o))}, {"out": (n, i)}


class DenseBackwardParams(_Dense):
    kernel = "dense_backward_params"

    def draw(self, rng: np.random.Generator, case: str) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
        n, i, o = SHAPES[case]
        return {"x": rng.normal(size=(n, i)), "d_z": rng.normal(size=(n, o))}, {"d_w": (i, o), "d_b": (o,)}


class DenseForwardThreads:
    """The native kernel with one thread and with two."""

    params = [[1, 2], ["256x256x256", "512x784x256"]]
    param_names = ["n_threads", "case"]

    def setup(self, n_threads: int, case: str) -> None:
        rng = generator()
        n, i, o = map(int, case.split("x"))
        self.x, self.w = (rng.normal(size=shape).astype("f4") for shape in ((n, i), (i, o)))
        self.b, self.out = np.zeros(o, "f4"), np.full((n, o), np.nan, "f4")
        self.call = kernels_for("native").dense_forward
        self.time_kernel(n_threads, case)
        np.testing.assert_allclose(self.out, np.maximum(self.x @ self.w, 0), atol=1e-3)

    def time_kernel(self, n_threads: int, case: str) -> None:
        self.call(self.x, self.w, self.b, "relu", self.out, n_threads)
