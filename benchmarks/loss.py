"""Losses with their gradients, and links."""

from __future__ import annotations

import math

import numpy as np

from fastnn import losses

from .cases import BACKENDS, DTYPES, IN_CACHE, LARGE_OUTPUT, LOSSES, NARROW_ROWS, ONE_ROW, WIDE_ROWS, labelled, one_hot
from .common import Given, Shapes, _KernelBenchmark, native_only

SHAPES = labelled([ONE_ROW, IN_CACHE, NARROW_ROWS, WIDE_ROWS, LARGE_OUTPUT], [LARGE_OUTPUT])
_ONE_ROW, _IN_CACHE, _NARROW, _WIDE, *_LARGE = SHAPES
_CLASSES = [f"cross_entropy {shape}" for shape in (_ONE_ROW, _NARROW, _WIDE, *_LARGE)]
CASES = [*(f"{name} {_IN_CACHE}" for name in LOSSES), *_CLASSES]
# Of the losses with the same link one is enough: their links are one and the same.
_WITH_LINKS = ("squared_error", "binary_cross_entropy", "cross_entropy", "poisson")
LINK_CASES = [*(f"{name} {_IN_CACHE}" for name in _WITH_LINKS), *_CLASSES]


def _named(case: str) -> tuple[losses.Loss, tuple[int, ...]]:
    name, _, shape = case.partition(" ")
    return losses.get(name), SHAPES[shape]


class LossAndGradient(_KernelBenchmark):
    kernel = "loss_and_gradient"
    params = [BACKENDS, DTYPES, CASES]

    def draw(self, rng: np.random.Generator, case: str) -> tuple[Given, Shapes]:
        loss, (n, o) = _named(case)
        given = {"z": rng.normal(size=(n, o)), "y": one_hot(rng, n, o), "sample_weight": None}
        return given | {"loss": loss}, {"d_z": (n, o)}

    @native_only("ps/element", CASES)
    def track_ps_per_element(self, backend: str, dtype: str, case: str) -> float:
        return self.picoseconds() / math.prod(_named(case)[1])


class Link(_KernelBenchmark):
    kernel = "link"
    params = [BACKENDS, DTYPES, LINK_CASES]

    def draw(self, rng: np.random.Generator, case: str) -> tuple[Given, Shapes]:
        loss, shape = _named(case)
        return {"z": rng.normal(size=shape), "loss": loss}, {"out": shape}

    @native_only("ps/element", LINK_CASES)
    def track_ps_per_element(self, backend: str, dtype: str, case: str) -> float:
        return self.picoseconds() / math.prod(_named(case)[1])
