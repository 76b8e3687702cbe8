"""Logistic regression along strengths of the penalty, on all rows and on subsets of them.

Neighbours in the family are nearly the same problem, so that one's solution and second derivatives serve the next:

- along the path, from the strongest penalty to the weakest, a solve starts at the last solution, preconditioned by
  the Hessian there with the penalty exchanged;
- a subset (the training rows of a fold) starts at the solution of all rows with its strength, preconditioned by the
  Hessian there. It costs a few gradients and no Hessian.

A solution keeps a trace of where it started, as large as `tol` allows. That of a fold must not know the rows held
out, so there the gradient has to fall to a hundredth of what it was at the start too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from fastnn.kernels.contract import Array
from fastnn.solvers.choose import minimise, newton_pays
from fastnn.solvers.logistic_objective import LogisticObjective
from fastnn.solvers.metric import CholeskyMetric, Metric
from fastnn.solvers.objective import Matrix, Solution, Vector
from fastnn.solvers.quasi_newton import quasi_newton
from fastnn.threads import threads

__all__ = ["Family", "Rows", "side_by_side", "solve_family"]

Rows = NDArray[np.int64]
Task = TypeVar("Task")
Result = TypeVar("Result")

_TRACE = 0.01  # of the gradient at the start of a subset


@dataclass(frozen=True)
class Family:
    """Problems that share X and y: what `LogisticObjective` takes, without alpha."""

    x: Any
    y: NDArray[np.int32]
    outputs: int
    sample_weight: Array | None
    fit_intercept: bool
    backend: str = "auto"
    n_threads: int | None = None

    def objective(self, alpha: float | Vector) -> LogisticObjective:
        """The problem of all rows with one strength of the penalty."""
        return LogisticObjective(
            self.x,
            self.y,
            self.outputs,
            sample_weight=self.sample_weight,
            alpha=alpha,
            fit_intercept=self.fit_intercept,
            backend=self.backend,
            n_threads=self.n_threads,
        )

    @property
    def total(self) -> float:
        """The sum of the weights."""
        return float(self.x.shape[0] if self.sample_weight is None else self.sample_weight.sum(dtype=np.float64))

    def subset(self, rows: Rows) -> Family:
        """The problems of some rows; one that occurs twice counts twice.

        Others get a weight of zero, so that X is not copied, unless they are more than half of all.
        """
        n = self.x.shape[0]
        if 2 * len(rows) < n:
            weight = None if self.sample_weight is None else self.sample_weight[rows]
            return replace(self, x=self.x[rows], y=self.y[rows], sample_weight=weight)
        weight = np.bincount(rows, minlength=n).astype(self.x.dtype)
        if self.sample_weight is not None:
            weight *= self.sample_weight
        return replace(self, sample_weight=weight)


@dataclass(frozen=True)
class _Milestone:
    """A solution of all rows, and what serves subsets there: units of the parameters, and a preconditioner."""

    alpha: float
    solution: Solution
    unit: Vector
    metric: Metric | None


def solve_family(
    family: Family, alphas: Sequence[float], subsets: Sequence[Rows], *, tol: float, max_iter: int, n_workers: int = 1
) -> tuple[list[Solution], list[list[Solution]]]:
    """Solve for every strength of an L2 penalty, on all rows and on subsets.

    Parameters
    ----------
    family : Family
    alphas : sequence of float
        In any order; a strong penalty is solved before a weak one.
    subsets : sequence of int64 arrays
        Numbers of rows.
    tol, max_iter
        As `minimise` takes them.
    n_workers : int, default=1
        Subsets side by side. No result depends on it.

    Returns
    -------
    list of Solution
        Of all rows, one for each alpha.
    list of lists of Solution
        The same for each subset.
    """
    parts = [family.subset(rows) for rows in subsets]
    order = np.argsort(-np.asarray(alphas), kind="stable")
    share = float(np.mean([part.total for part in parts])) / family.total if parts else 1.0
    along = _milestones(family, [alphas[k] for k in order], share, tol, max_iter)
    milestones = [along[place] for place in np.argsort(order)]

    def solve(task: tuple[Family, _Milestone]) -> Solution:
        with threads(1):
            return _from_milestone(*task, tol, max_iter)

    tasks = [(part, milestone) for part in parts for milestone in milestones]
    solutions = side_by_side(solve, tasks, n_workers)
    by_part = [solutions[k : k + len(alphas)] for k in range(0, len(tasks), len(alphas))]
    return [milestone.solution for milestone in milestones], by_part


def side_by_side(do: Callable[[Task], Result], tasks: Sequence[Task], n_workers: int) -> list[Result]:
    """What `do` makes of every task, in the tasks' order, in so many threads."""
    if min(n_workers, len(tasks)) <= 1:
        return [do(task) for task in tasks]
    with ThreadPoolExecutor(n_workers) as pool:
        return list(pool.map(do, tasks))


def _milestones(family: Family, alphas: Sequence[float], share: float, tol: float, max_iter: int) -> list[_Milestone]:
    """Solutions of all rows, from the strongest penalty on; `share` of them are in a subset."""
    plain = family.objective(0.0)
    newton = newton_pays(plain)
    found: list[_Milestone] = []
    hessian: Matrix | None = None
    for alpha in alphas:
        objective = family.objective(alpha)
        scaled = objective.rescaled()
        if hessian is None:
            start = found[-1].solution.params if found else None
            solution = minimise(objective, start, tol=tol, max_iter=max_iter)
        else:
            metric = CholeskyMetric(scaled.hessian_of(hessian))
            solution = _solve(objective, scaled, found[-1].solution.params, tol, max_iter, metric)
        if newton:
            hessian = plain.with_hessian(solution.params)[2]
        found.append(_Milestone(alpha, solution, scaled.unit, _metric_of(family, alpha / share, scaled.unit, hessian)))
    return found


def _metric_of(family: Family, alpha: float, unit: Vector, hessian: Matrix | None) -> Metric | None:
    if hessian is None:
        return None
    return CholeskyMetric(family.objective(alpha).in_units(unit).hessian_of(hessian))


def _from_milestone(part: Family, milestone: _Milestone, tol: float, max_iter: int) -> Solution:
    """The solution of a subset, from that of all rows."""
    objective = part.objective(milestone.alpha)
    scaled = _Begun(objective.in_units(milestone.unit), milestone.solution.params * milestone.unit)
    tol = min(tol, _TRACE * float(np.abs(scaled.d_start).max(initial=0.0)))
    return _solve(objective, scaled, milestone.solution.params, tol, max_iter, milestone.metric)


class _Begun:
    """An objective whose loss and gradient at the start are known: a solver's first question costs no pass."""

    def __init__(self, objective: LogisticObjective, start: Vector) -> None:
        self._objective = objective
        self._start = start
        self._loss, self.d_start = objective(start)

    def __call__(self, params: Vector) -> tuple[float, Vector]:
        if np.array_equal(params, self._start):
            return self._loss, self.d_start
        return self._objective(params)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objective, name)


def _solve(
    objective: LogisticObjective, scaled: Any, start: Vector, tol: float, max_iter: int, metric: Metric | None
) -> Solution:
    """By L-BFGS with a preconditioner, in the units of `scaled`."""
    kept = None if metric is None else (lambda params: metric)
    solution = quasi_newton(scaled, start * scaled.unit, tol=tol, max_iter=max_iter, metric_at=kept)
    return replace(solution, params=objective.centred(solution.params / scaled.unit))
