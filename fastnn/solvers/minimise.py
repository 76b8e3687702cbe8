"""From a logistic regression in the user's units to its solution, by a solver of the table.

Solvers see features of one scale and not far from zero, by a change of variables: neither X nor the penalty changes.
Where X's numbers do not allow even that, they see a copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import log

import numpy as np

from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.objective.rescaled_copy import RescaledCopy
from fastnn.solvers.objective.types import Solution, SolverOptions, Vector, Watch
from fastnn.solvers.smooth.float64_refinement import Float64Objective, refine_in_float64
from fastnn.solvers.smooth.goal import goal_of
from fastnn.solvers.smooth.newton_on_samples import sample_steps
from fastnn.solvers.table import solver_named

__all__ = ["minimise", "minimise_separable"]


@np.errstate(all="ignore")  # what is not finite is looked for at the end
def minimise(
    objective: LogisticObjective,
    start: Vector | None = None,
    *,
    solver: str = "auto",
    tol: float = 1e-4,
    max_iter: int = 100,
    watch: Watch | None = None,
    seed: int = 0,
) -> Solution:
    """Fit a logistic regression with an L2 penalty.

    Parameters
    ----------
    objective : LogisticObjective
    start : ndarray (p,), optional
        Zeros by default, and also in place of a start whose loss is larger than that of zeros.
    solver : str, default="auto"
        A name of the table `SOLVERS`.
    tol : float, default=1e-4
        It ends where no component of the gradient is larger, by coefficients of features of scale one, and what
        second derivatives promise may still be gained is less than ``goal_of(objective, tol).gain`` of the loss.
    max_iter : int, default=100
    watch : callable, optional
    seed : int, default=0
        Of the orders of the rows, for solvers that draw them.

    Returns
    -------
    Solution
        Its params (p,) are the objective's own: w (i, o) and then b (o,), flat, numbers of X's dtype.
    """
    algorithm, steps = solver_named(solver), sample_steps(objective)
    scales = objective.scales(steps)
    copied = RescaledCopy.of(objective, scales)
    scaled = copied.objective.rescaled(steps) if copied.is_copied else objective.in_scales(scales)
    if not np.isfinite(scaled.unit).all():
        return Solution(np.zeros(objective.n_params), np.nan, 0, False, "The features' mean squares are not finite")
    options = SolverOptions(tol, max_iter, _in_user_units(watch, copied, scaled), seed, steps)
    solution = algorithm.minimise(scaled, _usable_start(start, copied, scaled, steps), options)
    if scaled.computes_in_float32 and solution.n_iter < max_iter and np.isfinite(solution.loss):
        goal = goal_of(scaled, tol, Float64Objective.gain_resolution)
        if not solution.converged or solution.is_rounding or goal.gain < scaled.gain_resolution:
            solution = refine_in_float64(scaled, solution, goal, options)
    return replace(solution, params=copied.to_user(scaled, scaled.centred(solution.params)), coarse=copied.coarse)


def _usable_start(
    start: Vector | None, copied: RescaledCopy, scaled: LogisticObjective, steps: Sequence[int]
) -> Vector:
    """The user's start (p,) in the solver's params, or zeros.

    A start where all classes are certain, and wrongly so, has no curvature to begin with.
    """
    zeros = np.zeros(scaled.n_params)
    if start is None:
        return zeros
    begin = scaled.coordinates.from_user(copied.from_user(start))
    loss, _ = scaled.sample(steps[-1] if steps else 1)(begin)
    return begin if loss <= log(max(scaled.outputs, 2)) else zeros


@np.errstate(all="ignore")
def minimise_separable(
    objective: LogisticObjective,
    penalty: Separable,
    start: Vector | None = None,
    *,
    solver: str = "auto",
    tol: float = 1e-4,
    max_iter: int = 100,
    watch: Watch | None = None,
    seed: int = 0,
) -> Solution:
    """Fit a logistic regression with penalties and bounds of any kind.

    Parameters
    ----------
    objective : LogisticObjective
        Without a penalty of its own.
    penalty : Separable
        Of all params, as a part of the mean: divided by the sum of the weights.
    start : ndarray (p,), optional
        Zeros by default; where it lies outside the bounds, the nearest point between them.
    solver : str, default="auto"
        A name of the table `SOLVERS`.
    tol : float, default=1e-4
        It ends where the duality gap is at most ``tol**2`` times the objective.
    max_iter : int, default=100
    watch : callable, optional
    seed : int, default=0
        Of the orders of the rows, for solvers that draw them.

    Returns
    -------
    Solution
        Its coefficients that vanish at the optimum are exactly zero.
    """
    algorithm, steps = solver_named(solver), sample_steps(objective)
    copied = RescaledCopy.for_penalty(objective, penalty, steps)
    if copied.is_copied:
        start = None if start is None else copied.from_user(start)
        watch = _in_user_units(watch, copied, copied.objective)
    options = SolverOptions(tol, max_iter, watch, seed, steps)
    found = algorithm.minimise_separable(copied.objective, copied.penalty(penalty), start, options)
    if copied.is_copied:
        found = replace(found, params=copied.to_user(copied.objective, found.params))
    return replace(found, coarse=copied.coarse)


def _in_user_units(watch: Watch | None, copied: RescaledCopy, scaled: LogisticObjective) -> Watch | None:
    """A watch of the solver's params that tells the user's watch of w and b."""
    if watch is None:
        return None
    return lambda iteration, params, loss: watch(iteration, copied.to_user(scaled, params), loss)
