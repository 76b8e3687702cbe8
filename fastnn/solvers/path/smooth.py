"""Logistic regression along strengths of the penalty, on all rows and on the training rows of folds.

Neighbours in this family are nearly the same problem. So the solution of one, with the losses, their gradient and their
second derivatives there, helps to solve the next:

- along the path, from the strongest penalty to the weakest, a solve starts at the last solution, preconditioned by
  the Hessian there with the penalty exchanged;
- so does every fold, but its preconditioner is the Hessian at the solution of all rows, which lies ahead. Where the
  held-out rows of the folds divide all rows among them, one pass in as many pieces gives each fold its own Hessian
  there, exactly: that of all pieces but its own.

No fold starts at the solution of all rows, near as it is: a solution keeps a trace of where it started, as large as
`tol` allows, and that of a fold must know nothing of the rows held out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np

from fastnn.solvers.minimise import minimise
from fastnn.solvers.objective.cost_model import hessian_cost, hessian_pays
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.rescaled_copy import RescaledCopy
from fastnn.solvers.objective.sum_of_objectives import PenalisedObjective, SumObjective
from fastnn.solvers.objective.types import Matrix, Solution, Vector
from fastnn.solvers.objective.warm_start import EndPoint, WarmStartedObjective
from fastnn.solvers.path.family import Family, RowNumbers, WatchPath, held_out_losses, side_by_side
from fastnn.solvers.preconditioner.cholesky import newton_preconditioner
from fastnn.solvers.preconditioner.preconditioners import DiagonalPreconditioner, Preconditioner
from fastnn.solvers.smooth.goal import goal_of
from fastnn.solvers.smooth.lbfgs import lbfgs
from fastnn.solvers.smooth.newton_cholesky import newton_cholesky

__all__ = ["solve_family"]

_SAVED = 10.0  # gradients that each solve needs less where a Hessian is the preconditioner
_CHEAP = 2.0  # gradients: a Hessian that costs no more is computed anew in every step
_ROUGH = 1e3  # times the square of the tolerance: what a solve may leave of the loss, since most serve a score alone
_HARDLY = 1  # steps: after so few a Hessian is nearly what it was before them
# Mean loss where rows are told apart so well that hardly any curvature is left. A subset that lacks some of these rows,
# perhaps a whole class, would be led far away by it, to where only the rows held out could have led it.
_SATURATED = 0.05
_MOST_NUMBERS = 2e7  # in the Hessians of all pieces, which lie in memory together


def solve_family(
    family: Family,
    alphas: Sequence[float],
    subsets: Sequence[RowNumbers],
    *,
    tol: float,
    max_iter: int,
    n_workers: int = 1,
    watch: WatchPath | None = None,
) -> tuple[list[Solution], list[list[Solution]]]:
    """Solve for every strength of an L2 penalty, on all rows and on subsets.

    Every solve ends as one of `minimise` does, but for a gain that is looked at less closely.

    Parameters
    ----------
    family : Family
    alphas : sequence of float
        In any order; a strong penalty is solved before a weak one.
    subsets : sequence of int64 arrays
        Numbers of rows.
    tol : float
    max_iter : int
    n_workers : int, default=1
        Subsets side by side. No result depends on it.
    watch : callable, optional
        watch(number, solution) when that penalty is solved on all rows, and the subsets are.

    Returns
    -------
    list of Solution
        Of all rows, one for each alpha.
    list of lists of Solution
        The same for each subset.
    """
    solver = _PathSolver(family, subsets, tol, max_iter, n_workers)
    order = np.argsort(-np.asarray(alphas), kind="stable")
    along = []
    for k in order:
        along.append(solver.solve(alphas[k]))
        if watch is not None:
            watch(int(k), along[-1][0])
    found = [along[place] for place in np.argsort(order)]
    return [on_all for on_all, _ in found], [[parts[k] for _, parts in found] for k in range(len(subsets))]


@dataclass(frozen=True)
class _Task:
    """A subset's problem in scaled units, its last solution, and its Hessian or else a preconditioner."""

    objective: PenalisedObjective
    start: EndPoint
    curvature: Matrix | Preconditioner


class _PathSolver:
    """Goes from one strength of the penalty to the next."""

    def __init__(
        self, family: Family, subsets: Sequence[RowNumbers], tol: float, max_iter: int, n_workers: int
    ) -> None:
        scales = family.losses.scales()
        copied = self._copied = RescaledCopy.of(family.losses, scales)
        if copied.is_copied:
            family = replace(family, x=copied.objective.x)
        self._losses = family.losses
        self._tol, self._max_iter, self._n_workers = tol, max_iter, n_workers
        scaled = self._losses.rescaled() if copied.is_copied else self._losses.in_scales(scales)
        self._unit, self._centre = scaled.unit, scaled.coordinates.centre
        # One Hessian serves the solve that comes next, and all subsets.
        self._has_hessians = hessian_pays(self._losses, _SAVED * (1 + len(subsets)))
        self._cost = hessian_cost(self._losses) if self._has_hessians else inf
        self._keeps = self._has_hessians and self._cost > _CHEAP  # cheap ones are made anew in every step
        most = _MOST_NUMBERS / self._losses.n_params**2 if self._has_hessians else np.inf
        self._pieces = held_out_losses(family, subsets, most)
        self._subsets = [] if self._pieces else [family.subset(rows).losses for rows in subsets]
        self._end: EndPoint | None = None  # of all rows
        self._hessians: list[Matrix] = []  # of the losses of the pieces, or of all rows; in the user's units
        self._ends = [EndPoint(np.zeros(self._losses.n_params)) for _ in subsets]

    def solve(self, alpha: float) -> tuple[Solution, list[Solution]]:
        """All rows, and every subset."""
        factor = self._copied.factor
        strength = alpha if factor is None else alpha * factor**2
        objective = self._losses.penalised(strength)
        unit = np.sqrt(self._unit**2 + 4 * objective.strength)
        scaled = objective.in_units(unit, self._centre)
        solution = self._on_all(objective, scaled)
        self._renew_hessians(solution)
        tasks = self._of_pieces(strength, unit) if self._pieces else self._of_any(strength, unit)
        found = side_by_side(self._finish, tasks, self._n_workers)
        parts = [replace(part, params=scaled.centred(part.params)) for part, _ in found]
        ends = [scaled.coordinates.to_user(part.params) for part in parts]
        self._ends = [end.at(params) for params, (_, end) in zip(ends, found, strict=True)]
        return self._by_user(scaled, solution), [self._by_user(scaled, part) for part in parts]

    def _by_user(self, scaled: LogisticObjective, solution: Solution) -> Solution:
        """A solution in other coordinates, as numbers of X's dtype by the user's features."""
        return replace(solution, params=self._copied.to_user(scaled, solution.params), coarse=self._copied.coarse)

    def _on_all(self, objective: LogisticObjective, scaled: LogisticObjective) -> Solution:
        """The solution of all rows, in the coordinates of `scaled`."""
        if self._end is None or (self._keeps and not self._hessians) or not self._has_hessians:
            start = None if self._end is None else self._end.params
            solution = minimise(objective, start, tol=self._tol, max_iter=self._max_iter)
            self._end = EndPoint(solution.params)
            return replace(solution, params=scaled.coordinates.from_user(solution.params))
        preconditioner = None
        if self._keeps:
            preconditioner = newton_preconditioner(scaled.hessian_of(self._on_average()), scaled.outputs)
        solution, end = self._descend(scaled, self._end, preconditioner)
        solution = replace(solution, params=scaled.centred(solution.params))
        self._end = end.at(scaled.coordinates.to_user(solution.params))
        return solution

    def _renew_hessians(self, solution: Solution) -> None:
        """Compute the Hessians at the solution of all rows, unless it has hardly moved, or is of no use to others."""
        useless = solution.n_iter <= _HARDLY or solution.loss < _SATURATED
        if self._keeps and not (self._hessians and useless) and self._end is not None:
            sources = self._pieces or [self._losses]
            self._hessians = [source.with_hessian(self._end.params)[2] for source in sources]

    def _on_average(self) -> Matrix:
        """The Hessian of the losses of all rows, in the user's units."""
        return SumObjective(self._pieces or [self._losses], 0.0).hessian(self._hessians)

    def _of_pieces(self, alpha: float | Vector, unit: Vector) -> list[_Task]:
        """Subsets that are each all pieces but one."""
        pieces = [piece.in_units(unit, self._centre) for piece in self._pieces]
        hessians = [piece.hessian_of(hessian) for piece, hessian in zip(pieces, self._hessians, strict=False)]
        tasks = []
        for own, start in enumerate(self._ends):
            rest = [k for k in range(len(pieces)) if k != own]
            objective = SumObjective([pieces[k] for k in rest], alpha)
            curvature = objective.hessian([hessians[k] for k in rest]) if hessians else _unit_preconditioner(unit)
            tasks.append(_Task(objective, start, curvature))
        return tasks

    def _of_any(self, alpha: float | Vector, unit: Vector) -> list[_Task]:
        """Any subsets, with a preconditioner that all share."""
        preconditioner = _unit_preconditioner(unit)
        if self._hessians and self._subsets:
            share = float(np.mean([part.total for part in self._subsets])) / self._losses.total
            typical = self._losses.penalised(alpha / share).in_units(unit, self._centre)
            preconditioner = newton_preconditioner(typical.hessian_of(self._on_average()), typical.outputs)
        return [
            _Task(part.penalised(alpha).in_units(unit, self._centre), start, preconditioner)
            for part, start in zip(self._subsets, self._ends, strict=True)
        ]

    def _finish(self, task: _Task) -> tuple[Solution, EndPoint]:
        """The solution of a subset, and what is known there."""
        curvature = task.curvature
        if isinstance(curvature, np.ndarray):
            curvature = newton_preconditioner(curvature.copy(), self._losses.outputs)
        return self._descend(task.objective, task.start, curvature)

    def _descend(
        self, objective: PenalisedObjective, start: EndPoint, preconditioner: Preconditioner | None
    ) -> tuple[Solution, EndPoint]:
        """From where the last solve ended, with a preconditioner that a Hessian of its own replaces where that pays."""
        goal = goal_of(objective, self._tol)
        goal = replace(goal, gain=max(goal.gain, _ROUGH * self._tol**2))
        if self._cost <= _CHEAP or preconditioner is None:
            begin = objective.coordinates.from_user(start.params)
            solution = newton_cholesky(objective, begin, goal=goal, max_iter=self._max_iter, hessian_cost=self._cost)
            return solution, EndPoint(objective.coordinates.to_user(solution.params))
        unused = [preconditioner]

        def preconditioner_at(params: Vector) -> Preconditioner:
            if unused or not self._has_hessians:
                return unused.pop() if unused else preconditioner
            return newton_preconditioner(objective.with_hessian(params)[2], objective.outputs)

        warm_started = WarmStartedObjective(objective, start)
        solution = lbfgs(
            warm_started,
            warm_started.start,
            goal=goal,
            max_iter=self._max_iter,
            preconditioner_at=preconditioner_at,
            preconditioner_cost=self._cost,
        )
        return solution, warm_started.end(solution)


def _unit_preconditioner(unit: Vector) -> Preconditioner:
    """The Hessian at zero, which these units make a multiple of the identity, but for what lies beside its diagonal."""
    return DiagonalPreconditioner(np.ones(len(unit)))
