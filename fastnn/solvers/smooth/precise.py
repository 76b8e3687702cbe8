"""A problem of float32 rows whose terms are computed in float64: for the last digits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import Any

from fastnn.solvers.objective.cost_model import hessian_cost, hessian_pays
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.types import Goal, Solution, Vector, Watch, numbered_from
from fastnn.solvers.objective.vectors import dot
from fastnn.solvers.preconditioner.choose import preconditioner_for
from fastnn.solvers.preconditioner.preconditioners import Metric, newton_metric
from fastnn.solvers.smooth.lbfgs import quasi_newton
from fastnn.solvers.smooth.newton_cholesky import newton_cholesky

__all__ = ["Precise", "refined"]

_ELEMENTS = 1 << 17  # of X that are float64 at a time: 1 MB, which stays in L2
_SMALL = 1 << 21  # elements of X of which a copy in float64, of 16 MB, is made
_PASSES = 50.0  # gradients that a Hessian may cost, which serves all steps


class Precise:
    """Loss and gradient of a dense float32 X, in float64.

    Parameters
    ----------
    objective : LogisticObjective
    """

    resolution = 4e-15
    promise_resolution = 4e-15

    def __init__(self, objective: LogisticObjective) -> None:
        self._objective, self.strength = objective, objective.strength
        self._rows = max(_ELEMENTS // max(objective.x.shape[1], 1), 1)

    def __call__(self, params: Vector) -> tuple[float, Vector]:
        """Loss and gradient (p,)."""
        shrunk = self.strength * params
        loss, d_params = dot(shrunk, params) / 2, shrunk
        for start in range(0, len(self._objective.y), self._rows):
            part = self._objective.widened(slice(start, start + self._rows))
            part_loss, part_gradient = part(params)
            loss, d_params = loss + part_loss, d_params + part_gradient
        return loss, d_params


def refined(
    objective: LogisticObjective, found: Solution, goal: Goal, *, max_iter: int, watch: Watch | None
) -> Solution:
    """Where the float32 passes of an objective have ended, the few steps that float64 still sees.

    Of a small X they are Newton's, over a copy of it. Of others second derivatives remain float32: they precondition.
    """
    options: dict[str, Any] = {
        "goal": goal,
        "max_iter": max_iter - found.n_iter,
        "watch": numbered_from(found.n_iter, watch),
    }
    if objective.x.size <= _SMALL and hessian_pays(objective, _PASSES):
        whole = objective.widened(slice(None), objective.strength)
        rest = newton_cholesky(whole, found.params, hessian_cost=hessian_cost(whole), **options)
    else:
        metric_at = _metric_of(objective)
        precise: Any = Precise(objective)  # second derivatives come from metric_at
        rest = quasi_newton(precise, found.params, metric_at=metric_at, metric_cost=inf, **options)
    return replace(rest, n_iter=found.n_iter + rest.n_iter, solver=found.solver)


def _metric_of(objective: LogisticObjective) -> Callable[[Vector], Metric]:
    if hessian_pays(objective, _PASSES):
        return lambda params: newton_metric(objective.with_hessian(params)[2], objective.outputs)
    return preconditioner_for(objective).at
