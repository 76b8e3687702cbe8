"""A network's mean loss over all samples, as solvers minimise it."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastnn.solvers.objective.types import Objective, Vector
from fastnn.training.engine import Engine
from fastnn.training.loop import Samples

__all__ = ["objective_over"]


def objective_over(engine: Engine, samples: Samples, alpha: float) -> Objective:
    """Mean loss with its penalty, and its gradient, of an engine whose plan is of float64.

    Solvers need its last digits, so samples of float32 are converted.
    """
    x, y = _float64(samples.x), _float64(samples.y)
    weight = None if samples.sample_weight is None else _float64(samples.sample_weight)

    def objective(params: Vector) -> tuple[float, Vector]:
        d_params = np.empty_like(params)
        loss = engine.gradient(np.ascontiguousarray(params), x, y, weight, alpha, d_params)
        return loss, d_params

    return objective


def _float64(array: Any) -> Any:
    return array.astype(np.float64, copy=False)
