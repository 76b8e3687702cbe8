"""The smooth algorithms on logistic regression: each with its preconditioner, and what goes on where it ends early.

Every function here solves a rescaled problem with an L2 penalty, as a row of the table of solvers wants it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fastnn.solvers.objective.cost_model import hessian_pays, newton_pays
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.types import Solution, SolverOptions, Vector
from fastnn.solvers.preconditioner.cholesky import newton_preconditioner
from fastnn.solvers.preconditioner.choose import preconditioner_for
from fastnn.solvers.preconditioner.preconditioners import diagonal_of
from fastnn.solvers.smooth.goal import goal_of, is_optimum
from fastnn.solvers.smooth.gradient_descent import gradient_descent
from fastnn.solvers.smooth.lbfgs import lbfgs
from fastnn.solvers.smooth.newton_cg import newton_cg
from fastnn.solvers.smooth.newton_on_samples import newton_on_samples

__all__ = [
    "solve_by_cheapest",
    "solve_by_gradient_descent",
    "solve_by_lbfgs",
    "solve_by_newton_cg",
    "solve_by_newton_cholesky",
]

_CHEAP = 3.0  # gradients: a preconditioner that costs no more is made anew for each of newton-cg's directions
_RENEWED = 8  # directions: a preconditioner that costs more is made anew after so many
_CHEAP_CHECK = 5.0  # gradients that a Hessian may cost which checks L-BFGS, as that knows some of it already


def solve_by_cheapest(objective: LogisticObjective, start: Vector, options: SolverOptions) -> Solution:
    """Solve by Newton's method or by preconditioned L-BFGS, whichever the model of costs expects to be quicker."""
    if newton_pays(objective):
        return _newton(objective, start, options)
    factory = preconditioner_for(objective)
    return lbfgs(
        objective,
        start,
        goal=goal_of(objective, options.tol),
        max_iter=options.max_iter,
        watch=options.watch,
        preconditioner_at=factory.at,
        preconditioner_cost=factory.cost,
    )


def solve_by_lbfgs(objective: LogisticObjective, start: Vector, options: SolverOptions) -> Solution:
    """Solve by L-BFGS; where a cheap Hessian promises more than the steps have told, it preconditions further ones."""
    goal = goal_of(objective, options.tol)
    found = lbfgs(
        objective,
        start,
        goal=goal,
        max_iter=options.max_iter,
        watch=options.watch,
        preconditioner_at=diagonal_of(objective),
    )
    if not found.converged or not hessian_pays(objective, _CHEAP_CHECK) or is_optimum(objective, found.params, goal):
        return found
    left = options.after(found.n_iter)
    rest = lbfgs(
        objective,
        found.params,
        goal=goal,
        max_iter=left.max_iter,
        watch=left.watch,
        preconditioner_at=lambda params: newton_preconditioner(objective.with_hessian(params)[2], objective.outputs),
    )
    return rest.counted_from(found.n_iter)


def solve_by_newton_cg(objective: LogisticObjective, start: Vector, options: SolverOptions) -> Solution:
    """Solve by Newton's method with directions by preconditioned conjugate gradients."""
    factory = preconditioner_for(objective)
    return newton_cg(
        objective,
        start,
        goal=goal_of(objective, options.tol),
        max_iter=options.max_iter,
        watch=options.watch,
        preconditioner_at=factory.at,
        renewal_interval=1 if factory.cost <= _CHEAP else _RENEWED,
    )


def solve_by_newton_cholesky(objective: LogisticObjective, start: Vector, options: SolverOptions) -> Solution:
    """Solve by Newton's method with Cholesky factors.

    L-BFGS goes on where, with fewer rows than parameters and no penalty, the Hessian has no inverse anywhere. Its steps
    stay where the rows are, and a factor of all parameters would cost more than many of them. As with scikit-learn,
    that Newton's step is not possible counts as one of `max_iter`.
    """
    if not _lacks_rows(objective):
        return _newton(objective, start, options)
    left = replace(options, max_iter=max(options.max_iter - 1, 0))
    return replace(solve_by_lbfgs(objective, start, left), solver="lbfgs")


def _newton(objective: LogisticObjective, start: Vector, options: SolverOptions) -> Solution:
    return newton_on_samples(
        objective,
        start,
        goal=goal_of(objective, options.tol),
        max_iter=options.max_iter,
        steps=options.sample_steps,
        watch=options.watch,
    )


def _lacks_rows(objective: LogisticObjective) -> bool:
    """Whether rows and penalty together have less to say than there are parameters."""
    by_feature = objective.strength[:: objective.outputs]
    n_penalised = np.count_nonzero(by_feature > np.finfo(np.float64).eps * objective.n_params)
    return bool(len(objective.y) + n_penalised < len(by_feature))


def solve_by_gradient_descent(objective: LogisticObjective, start: Vector, options: SolverOptions) -> Solution:
    """Solve by gradient descent, to a smaller tolerance as long as second derivatives promise that more is to gain."""
    goal, steps, tol = goal_of(objective, options.tol), 0, options.tol
    while True:
        left = options.after(steps)
        found = gradient_descent(objective, start, tol=tol, max_iter=left.max_iter, watch=left.watch)
        steps += found.n_iter
        if not found.converged or is_optimum(objective, found.params, goal):
            return replace(found, n_iter=steps)
        if steps == options.max_iter:
            return replace(found, n_iter=steps, converged=False, message="Iterations reached the limit")
        start, tol = found.params, tol / 10
