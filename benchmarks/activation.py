"""Activations, forward and back: every one in cache, those of rows in narrow and wide ones, two in a large array."""

from __future__ import annotations

import math

import numpy as np

from fastnn import activations

from .cases import (
    BACKENDS,
    BY_ELEMENT,
    BY_ROW,
    DTYPES,
    IN_CACHE,
    LARGE_OUTPUT,
    NARROW_ROWS,
    ONE_ROW,
    WIDE_ROWS,
    labelled,
)
from .common import Given, Shapes, _KernelBenchmark, native_only

SHAPES = labelled([ONE_ROW, IN_CACHE, NARROW_ROWS, WIDE_ROWS, LARGE_OUTPUT], [LARGE_OUTPUT])
_ONE_ROW, _IN_CACHE, _NARROW, _WIDE, *_LARGE = SHAPES
CASES = [
    *(f"{name} {_ONE_ROW}" for name in ("relu", "tanh", "softmax")),
    *(f"{name} {_IN_CACHE}" for name in BY_ELEMENT),
    *(f"{name} {rows}" for name in BY_ROW for rows in (_NARROW, _WIDE)),
    *(f"{name} {large}" for name in ("relu", "tanh") for large in _LARGE),
]


def _named(case: str) -> tuple[activations.Activation, tuple[int, ...]]:
    name, _, shape = case.partition(" ")
    return activations.get(name), SHAPES[shape]


class _Activation(_KernelBenchmark):
    params = [BACKENDS, DTYPES, CASES]

    @native_only("ps/element", CASES)
    def track_ps_per_element(self, backend: str, dtype: str, case: str) -> float:
        return self.picoseconds() / math.prod(_named(case)[1])


class ActivationForward(_Activation):
    kernel = "activation_forward"

    def draw(self, rng: np.random.Generator, case: str) -> tuple[Given, Shapes]:
        activation, shape = _named(case)
        return {"z": rng.normal(size=shape), "activation": activation}, {"out": shape}


class ActivationBackward(_Activation):
    kernel = "activation_backward"

    def draw(self, rng: np.random.Generator, case: str) -> tuple[Given, Shapes]:
        from fastnn import kernels

        activation, shape = _named(case)
        z, d_a = rng.normal(size=shape), rng.normal(size=shape)
        a = kernels.activation_forward(z, activation, backend="reference")
        return {"z": z, "a": a, "d_a": d_a, "activation": activation}, {"out": shape}


class Dropout(_KernelBenchmark):
    kernel = "dropout"
    params = [BACKENDS, DTYPES, list(SHAPES)]

    def draw(self, rng: np.random.Generator, case: str) -> tuple[Given, Shapes]:
        options = {"rate": 0.5, "seed": 1, "step": 2, "layer": 0, "first_row": 0}
        return {"x": rng.normal(size=SHAPES[case])} | options, {"out": SHAPES[case]}

    @native_only("ps/element", SHAPES)
    def track_ps_per_element(self, backend: str, dtype: str, case: str) -> float:
        return self.picoseconds() / math.prod(SHAPES[case])
