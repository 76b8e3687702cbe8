"""Losses and links."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import losses

from .cases import BACKENDS, DTYPES, OUTPUTS, cases, one_hot
from .common import _KernelBenchmark

SHAPES = cases(OUTPUTS)
MEASURED = ["squared_error", "binary_cross_entropy", "cross_entropy", "poisson"]
CASES = [f"{name} {shape}" for shape in list(SHAPES)[:3] for name in MEASURED]


class LossAndGradient(_KernelBenchmark):
    kernel = "loss_and_gradient"
    params = [BACKENDS, DTYPES, CASES]

    def draw(self, rng: np.random.Generator, case: str) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
        name, shape = case.split()
        n, o = SHAPES[shape]
        given = {"z": rng.normal(size=(n, o)), "y": one_hot(rng, n, o), "sample_weight": None}
        return given | {"loss": losses.get(name)}, {"d_z": (n, o)}


class Link(_KernelBenchmark):
    kernel = "link"
    params = [BACKENDS, DTYPES, CASES]

    def draw(self, rng: np.random.Generator, case: str) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
        name, shape = case.split()
        z = rng.normal(size=SHAPES[shape])
        return {"z": z, "loss": losses.get(name)}, {"out": z.shape}
