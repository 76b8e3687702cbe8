"""Iterative refinement: where passes in float32 have ended, the last steps are made by gradients in float64.

Gradients in a higher precision and second derivatives in a lower one are enough (Wilkinson 1963): the latter only
precondition.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf

from fastnn.solvers.objective.cost_model import hessian_cost, hessian_pays
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.types import Goal, Solution, SolverOptions, Vector
from fastnn.solvers.objective.vectors import dot
from fastnn.solvers.preconditioner.cholesky import newton_preconditioner
from fastnn.solvers.preconditioner.choose import preconditioner_for
from fastnn.solvers.preconditioner.preconditioners import Preconditioner
from fastnn.solvers.smooth.lbfgs import lbfgs
from fastnn.solvers.smooth.newton_cholesky import newton_cholesky

__all__ = ["Float64Objective", "refine_in_float64"]

_ELEMENTS = 1 << 17  # of X that are float64 at a time: 1 MB, which stays in L2
_SMALL = 1 << 21  # elements of X of which a copy in float64, of 16 MB, is made
_GRADIENTS = 50.0  # that a Hessian may cost, which serves all steps


class Float64Objective:
    """Loss and gradient of a dense float32 X, in float64.

    Parameters
    ----------
    objective : LogisticObjective
    """

    resolution = 4e-15
    gain_resolution = 4e-15

    def __init__(self, objective: LogisticObjective) -> None:
        self._objective, self._strength = objective, objective.strength
        self._block_size = max(_ELEMENTS // max(objective.x.shape[1], 1), 1)

    def __call__(self, params: Vector) -> tuple[float, Vector]:
        """Loss and gradient (p,)."""
        shrunk = self._strength * params
        loss, d_params = dot(shrunk, params) / 2, shrunk
        for start in range(0, len(self._objective.y), self._block_size):
            block = self._objective.in_float64(slice(start, start + self._block_size))
            block_loss, block_gradient = block(params)
            loss, d_params = loss + block_loss, d_params + block_gradient
        return loss, d_params


def refine_in_float64(objective: LogisticObjective, found: Solution, goal: Goal, options: SolverOptions) -> Solution:
    """The few steps that float64 still sees where the float32 passes of an objective have ended.

    Of a small X they are Newton's, over a copy of it. Of others second derivatives remain float32: they precondition.
    """
    left = options.after(found.n_iter)
    if objective.x.size <= _SMALL and hessian_pays(objective, _GRADIENTS):
        copied = objective.in_float64(slice(None), objective.strength)
        rest = newton_cholesky(
            copied,
            found.params,
            goal=goal,
            max_iter=left.max_iter,
            watch=left.watch,
            hessian_cost=hessian_cost(copied),
        )
    else:
        rest = lbfgs(
            Float64Objective(objective),
            found.params,
            goal=goal,
            max_iter=left.max_iter,
            watch=left.watch,
            preconditioner_at=_preconditioner_of(objective),
            preconditioner_cost=inf,
        )
    return replace(rest.counted_from(found.n_iter), solver=found.solver)


def _preconditioner_of(objective: LogisticObjective) -> Callable[[Vector], Preconditioner]:
    if hessian_pays(objective, _GRADIENTS):
        return lambda params: newton_preconditioner(objective.with_hessian(params)[2], objective.outputs)
    return preconditioner_for(objective).at
