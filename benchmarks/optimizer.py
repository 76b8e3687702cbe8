"""One step of each optimizer on a flat vector: a class for each, made from the registry."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.kernels.contract import KERNELS

from .cases import BACKENDS, DTYPES, PARAMS
from .common import _KernelBenchmark

OPTIONS = {
    "learning_rate": 1e-3,
    "momentum": 0.9,
    "nesterov": True,
    "step": 3,
    "beta_1": 0.9,
    "beta_2": 0.999,
    "rho": 0.99,
    "epsilon": 1e-8,
    "weight_decay": 0.01,
}


class _Step(_KernelBenchmark):
    params = [BACKENDS, DTYPES, [str(length) for length in PARAMS]]

    def draw(self, rng: np.random.Generator, case: str) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
        names = [argument.name for argument in KERNELS[self.kernel].arguments]
        given = {name: OPTIONS[name] for name in names if name in OPTIONS}
        given |= {name: rng.uniform(0.5, 1.5, int(case)) for name in names if name not in OPTIONS}
        return given, {}


class SgdStep(_Step):
    kernel = "sgd_step"


class AdamStep(_Step):
    kernel = "adam_step"


class RmspropStep(_Step):
    kernel = "rmsprop_step"


class AdagradStep(_Step):
    kernel = "adagrad_step"


class AdamwStep(_Step):
    kernel = "adamw_step"


class NadamStep(_Step):
    kernel = "nadam_step"
