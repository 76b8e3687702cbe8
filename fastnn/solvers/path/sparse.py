"""Logistic regression along penalties that make coefficients zero, on all rows and on subsets of them.

Every set of rows goes its own way, from the strongest penalty, where few features are in the working set, to the
weakest, each solve from the last solution. A fold must not start at the solution of all rows: the duality gap that
`tol` allows may already be reached there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.objective.stored import Stored
from fastnn.solvers.objective.types import Solution
from fastnn.solvers.path.smooth import Family, Rows, WatchPath, side_by_side
from fastnn.solvers.proximal.prox_newton import prox_newton

__all__ = ["solve_sparse_family"]


def solve_sparse_family(
    family: Family,
    penalties: Sequence[Callable[[LogisticObjective], Separable]],
    subsets: Sequence[Rows],
    *,
    tol: float,
    max_iter: int,
    n_workers: int = 1,
    watch: WatchPath | None = None,
) -> tuple[list[Solution], list[list[Solution]]]:
    """Solve for every penalty, on all rows and on subsets; see `solve_family`.

    Parameters
    ----------
    family : Family
    penalties : sequence of callables
        penalty(objective) -> the penalty as a part of the mean that the objective is; the strongest first.
    subsets : sequence of int64 arrays
    tol, max_iter
        As `prox_newton` takes them.
    n_workers : int, default=1
    watch : callable, optional
        watch(number, solution) when that penalty is solved on all rows; from the thread that does it.

    Returns
    -------
    list of Solution
    list of lists of Solution
    """
    stored = Stored.for_penalty(family.losses, penalties[0](family.losses))
    family = replace(family, x=stored.objective.x) if stored.is_copied else family

    def along(part: Family) -> list[Solution]:
        solutions: list[Solution] = []
        start = None
        for number, penalty in enumerate(penalties):
            of_part = stored.penalty(penalty(part.losses))
            found = prox_newton(part.losses, of_part, start, tol=tol, max_iter=max_iter)
            start = found.params
            params = stored.to_user(part.losses, start) if stored.is_copied else start
            solutions.append(replace(found, params=params, coarse=stored.coarse))
            if watch is not None and part is family:
                watch(number, solutions[-1])
        return solutions

    on_all, *by_subset = side_by_side(along, [family, *map(family.subset, subsets)], n_workers)
    return on_all, by_subset
