"""Dense layers, forward and back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from fastnn import activations
from fastnn.kernels.select import kernels_for

from .cases import BACKENDS, DTYPES, LARGE_LAYERS, LAYERS, generator, labelled
from .common import Given, Shapes, _Benchmark, _KernelBenchmark, best_of, native_only, verify

SHAPES = labelled(LAYERS, LARGE_LAYERS)


class _Dense(_KernelBenchmark):
    params = [BACKENDS, DTYPES, list(SHAPES)]

    def numpy_call(self) -> Callable[[], Any]:
        """Return the same computation as NumPy does it best: in place, without temporary arrays."""
        raise TypeError(f"{type(self).__name__} does not say how NumPy does it")

    @native_only("ps/FLOP", SHAPES)
    def track_ps_per_flop(self, backend: str, dtype: str, case: str) -> float:
        n, i, o = SHAPES[case]
        return self.picoseconds() / (2.0 * n * i * o)

    @native_only("x", SHAPES)
    def track_ratio_to_numpy(self, backend: str, dtype: str, case: str) -> float:
        best = best_of({"kernel": self.call, "NumPy": self.numpy_call()})
        return best["kernel"] / best["NumPy"]


def numpy_forward(x: Any, w: Any, b: Any, _: Any, out: Any) -> Callable[[], Any]:
    """Return NumPy's way through a layer with ReLU."""

    def call() -> None:
        np.matmul(x, w, out=out)
        np.add(out, b, out=out)
        np.maximum(out, 0, out=out)

    return call


class DenseForward(_Dense):
    """Bias and ReLU fused."""

    kernel = "dense_forward"

    def draw(self, rng: np.random.Generator, case: str) -> tuple[Given, Shapes]:
        n, i, o = SHAPES[case]
        given = {"x": rng.normal(size=(n, i)), "w": rng.normal(size=(i, o)), "b": rng.normal(size=o)}
        return given | {"activation": activations.get("relu")}, {"out": (n, o)}

    def numpy_call(self) -> Callable[[], Any]:
        return numpy_forward(*self.values)


class FewRows(_Benchmark):
    """Few rows of a wide layer, whose w is read once from L3: rows of w that are a power of two apart, and others."""

    params = [DTYPES, [1, 8, 64], [1000, 1024]]
    param_names = ["dtype", "n", "width"]

    def prepare(self, dtype: str, n: int, width: int) -> None:
        rng = generator()
        x, w, b = (rng.normal(size=shape) for shape in ((n, width), (width, width), width))
        given: Given = {"x": x, "w": w, "b": b, "activation": activations.get("relu")}
        verify("dense_forward", kernels_for("native"), given, {"out": (n, width)}, dtype)
        self.values = (*(array.astype(dtype) for array in (x, w, b)), given["activation"], np.empty((n, width), dtype))
        self.call: Any = partial(kernels_for("native").dense_forward, *self.values, 1)

    def track_ratio_to_numpy(self, dtype: str, n: int, width: int) -> float:
        best = best_of({"kernel": self.call, "NumPy": numpy_forward(*self.values)})
        return best["kernel"] / best["NumPy"]

    track_ratio_to_numpy.unit = "x"  # type: ignore[attr-defined]


class DenseBackwardInput(_Dense):
    kernel = "dense_backward_input"

    def draw(self, rng: np.random.Generator, case: str) -> tuple[Given, Shapes]:
        n, i, o = SHAPES[case]
        return {"d_z": rng.normal(size=(n, o)), "w": rng.normal(size=(i, o))}, {"out": (n, i)}

    def numpy_call(self) -> Callable[[], Any]:
        d_z, w, out = self.values
        return lambda: np.matmul(d_z, w.T, out=out)


class DenseBackwardParams(_Dense):
    kernel = "dense_backward_params"

    def draw(self, rng: np.random.Generator, case: str) -> tuple[Given, Shapes]:
        n, i, o = SHAPES[case]
        return {"x": rng.normal(size=(n, i)), "d_z": rng.normal(size=(n, o))}, {"d_w": (i, o), "d_b": (o,)}

    def numpy_call(self) -> Callable[[], Any]:
        x, d_z, d_w, d_b = self.values

        def call() -> None:
            np.matmul(x.T, d_z, out=d_w)
            np.sum(d_z, axis=0, out=d_b)

        return call
