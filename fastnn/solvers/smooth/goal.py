"""What a tolerance asks of a solver, and whether a point is the optimum by that measure."""

from __future__ import annotations

from fastnn.solvers.objective.cost_model import hessian_pays
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.sum_of_objectives import PenalisedObjective
from fastnn.solvers.objective.types import Goal, Vector
from fastnn.solvers.objective.vectors import dot
from fastnn.solvers.preconditioner.cholesky import newton_preconditioner
from fastnn.solvers.preconditioner.choose import preconditioner_for
from fastnn.solvers.preconditioner.preconditioners import Preconditioner

__all__ = ["goal_of", "is_optimum"]

_NOTHING = 1e-15  # a mean loss that is as good as none
_GRADIENTS = 100.0  # that a Hessian may cost which checks the end of a solver that has computed none


def goal_of(objective: PenalisedObjective, tol: float, resolution: float | None = None) -> Goal:
    """What a tolerance of the gradient asks for.

    A gradient of `tol` by features whose curvature is a tenth, as it is where classes overlap, leaves about
    ``5 * tol**2`` to gain for each; the goal is twice as much for all of them together. Without a penalty, where
    classes are separated, the loss falls towards zero for ever, and what is left to gain stays the same part of it:
    there a loss of `tol` times that of a model without features is an end too.

    Parameters
    ----------
    objective : LogisticObjective or SumObjective
    tol : float
    resolution : float, optional
        Relative rounding of the gain; by default the objective's.

    Returns
    -------
    Goal
    """
    vanishing = _NOTHING if objective.strength.any() else max(tol * objective.null_loss(), _NOTHING)
    least = objective.gain_resolution if resolution is None else resolution
    return Goal(tol, max(min(10 * tol * tol, 5e-4 * tol), least), vanishing)


def is_optimum(objective: LogisticObjective, params: Vector, goal: Goal) -> bool:
    """Whether a small gradient is also small for the curvature that there is."""
    if hessian_pays(objective, _GRADIENTS):
        loss, d_params, hessian = objective.with_hessian(params)
        preconditioner: Preconditioner = newton_preconditioner(hessian, objective.outputs)
    else:
        (loss, d_params), preconditioner = objective(params), preconditioner_for(objective).at(params)
    return dot(d_params, preconditioner.solve(d_params)) / 2 <= goal.gain * abs(loss) or loss <= goal.vanishing
