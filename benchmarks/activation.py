"""Activations."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn import activations

from .cases import BACKENDS, DTYPES, OUTPUTS, cases
from .common import _KernelBenchmark

SHAPES = cases(OUTPUTS)
MEASURED = ["sigmoid", "tanh", "gelu", "silu", "softplus", "softmax"]
CASES = [f"{name} {shape}" for shape in list(SHAPES)[:3] for name in MEASURED]


def _z(rng: np.random.Generator, case: str) -> tuple[activations.Activation, np.ndarray]:
    name, shape = case.split()
    return activations.get(name), rng.normal(size=SHAPES[shape])


class ActivationForward(_KernelBenchmark):
    kernel = "activation_forward"
    params = [BACKENDS, DTYPES, CASES]

    def draw(self, rng: np.random.Generator, case: str) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
        activation, z = _z(rng, case)
        return {"z": z, "activation": activation}, {"out": z.shape}


class ActivationBackward(_KernelBenchmark):
    kernel = "activation_backward"
    params = [BACKENDS, DTYPES, [f"{name} {list(SHAPES)[1]}" for name in MEASURED]]

    def draw(self, rng: np.random.Generator, case: str) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
        from fastnn import kernels

        activation, z = _z(rng, case)
        a = kernels.activation_forward(z, activation, backend="reference")
        given = {"z": z, "a": a, "d_a": rng.normal(size=z.shape), "activation": activation}
        return given, {"out": z.shape}
