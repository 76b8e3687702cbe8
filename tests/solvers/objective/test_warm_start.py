"""A solve that goes on where another one ended knows its first value, and only that one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.sum_of_objectives import SumObjective
from fastnn.solvers.objective.types import Solution
from fastnn.solvers.objective.warm_start import EndPoint, WarmStartedObjective


class Counting:
    """An objective that counts its passes."""

    def __init__(self, objective: Any) -> None:
        self._objective, self.passes = objective, 0
        self.resolution, self.strength = objective.resolution, objective.strength
        self.coordinates = objective.coordinates

    def __call__(self, params: np.ndarray) -> tuple[float, np.ndarray]:
        self.passes += 1
        value: tuple[float, np.ndarray] = self._objective(params)
        return value


def problem(alpha: float, classes: int, kind: str, unit: float) -> Any:
    """Losses over 60 rows, whole or as a sum of two parts, in units of a solver."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 4)), rng.integers(0, classes, 60).astype(np.int32)
    outputs = 1 if classes == 2 else classes

    def losses(rows: slice) -> LogisticObjective:
        found = LogisticObjective(np.ascontiguousarray(x[rows]), y[rows], outputs)
        return found.in_units(np.full(found.n_params, unit))

    if kind == "whole":
        return Counting(losses(slice(None)).penalised(alpha))
    return Counting(SumObjective([losses(slice(0, 25)), losses(slice(25, 60))], alpha))


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("kind", ["whole", "sum"])
def test_the_first_value_follows_from_the_last(classes: int, kind: str) -> None:
    first = WarmStartedObjective(
        problem(2.0, classes, kind, 1.5), EndPoint(np.zeros(5 * (classes if classes > 2 else 1)))
    )
    params = np.random.default_rng(1).normal(size=len(first.start))
    first(params)
    end = first.end(Solution(params, 0.0, 1, True))
    objective = problem(0.3, classes, kind, 0.7)
    resumed = WarmStartedObjective(objective, end)
    np.testing.assert_allclose(resumed.start, params / 1.5 * 0.7)
    loss, d_params = resumed(resumed.start)
    assert objective.passes == 0
    wanted, d_wanted = objective(resumed.start)
    assert loss == pytest.approx(wanted, rel=1e-13)
    np.testing.assert_allclose(d_params, d_wanted, rtol=1e-11, atol=1e-14)


def test_what_is_not_known_is_computed() -> None:
    objective = problem(1.0, 2, "whole", 1.0)
    resumed = WarmStartedObjective(objective, EndPoint(np.ones(5)))
    resumed(np.ones(5))
    resumed(np.ones(5))
    assert objective.passes == 1
    resumed(np.zeros(5))
    assert objective.passes == 2
    elsewhere = resumed.end(Solution(np.ones(5), 0.0, 1, True))
    assert elsewhere.d_params is None
    assert resumed.end(Solution(np.zeros(5), 0.0, 1, True)).at(np.ones(5)).d_params is not None


def test_a_gradient_may_be_changed_by_who_asked() -> None:
    resumed = WarmStartedObjective(problem(1.0, 2, "whole", 1.0), EndPoint(np.ones(5)))
    resumed(np.ones(5))[1].fill(np.nan)
    assert np.isfinite(resumed(np.ones(5))[1]).all()
