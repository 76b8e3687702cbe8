"""SAGA on logistic regression, and second-order steps that go on where it would take far too long."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.objective.types import Solution, SolverOptions, Vector
from fastnn.solvers.proximal.prox_newton import solve_by_prox_newton
from fastnn.solvers.saga.saga import saga
from fastnn.solvers.saga.stopping import ByGap, ByGradient
from fastnn.solvers.smooth.goal import goal_of, is_optimum
from fastnn.solvers.smooth.logistic import solve_by_cheapest

__all__ = ["solve_by_saga", "solve_separable_by_saga"]

# Of the tolerance, which SAGA just meets where it stops, while a second-order step ends far below it.
_CLOSER = 0.1


def solve_by_saga(objective: LogisticObjective, start: Vector, options: SolverOptions) -> Solution:
    """Solve by SAGA, with an L2 penalty. SAGA centres the features itself; so it gets the problem without a centre."""
    uncentred, coordinates, watch = objective.in_units(objective.unit), objective.coordinates, options.watch

    def centred(params: Vector) -> Vector:
        return coordinates.from_user(uncentred.coordinates.to_user(params))

    losses, penalty = uncentred.penalised(0.0), Separable.of(uncentred.n_params, l2=uncentred.strength)
    found = saga(
        losses,
        penalty,
        uncentred.coordinates.from_user(coordinates.to_user(start)),
        rule=ByGradient(losses, penalty, _CLOSER * options.tol),
        max_iter=options.max_iter,
        seed=options.seed,
        watch=None if watch is None else lambda iteration, params, loss: watch(iteration, centred(params), loss),
    )
    found = replace(found, params=centred(found.params))
    if found.converged and not is_optimum(objective, found.params, goal_of(objective, options.tol)):
        found = replace(found, converged=False, message="Second derivatives promise more than the gradient tells")
    return _continued(found, options, lambda start, left: solve_by_cheapest(objective, start, left))


def solve_separable_by_saga(
    objective: LogisticObjective, penalty: Separable, start: Vector | None, options: SolverOptions
) -> Solution:
    """Solve by SAGA, with a penalty and bounds of any kind."""
    found = saga(
        objective,
        penalty,
        penalty.within(np.zeros(objective.n_params) if start is None else start),
        rule=ByGap(objective, penalty, _CLOSER * options.tol),
        max_iter=options.max_iter,
        seed=options.seed,
        watch=options.watch,
    )
    found = replace(found, params=penalty.centred(found.params, objective.outputs))
    return _continued(found, options, lambda start, left: solve_by_prox_newton(objective, penalty, start, left))


def _continued(found: Solution, options: SolverOptions, solve: Callable[[Vector, SolverOptions], Solution]) -> Solution:
    """What SAGA has found; if it has seen that it would take far too long, what `solve` finds from there."""
    if found.converged or found.n_iter == options.max_iter or not np.isfinite(found.loss):
        return found
    return solve(found.params, options.after(found.n_iter)).counted_from(found.n_iter)
