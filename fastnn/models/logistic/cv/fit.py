"""The fits and scores of LogisticRegressionCV, over folds of one X."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.exceptions import ConvergenceWarning

from fastnn.kernels.contract import Array
from fastnn.models.common.linear import LinearModel
from fastnn.models.logistic.cv.callbacks import PathTasks
from fastnn.models.logistic.cv.parameters import Grid
from fastnn.models.logistic.cv.results import Results
from fastnn.models.logistic.cv.scores import Scoring
from fastnn.models.logistic.parameters import SolverParameters
from fastnn.models.logistic.penalty import split_strength, strength_of
from fastnn.models.logistic.problem import Explain, Labelled, hardly_resolved, not_converged, refuse_non_finite
from fastnn.solvers.minimise import minimise
from fastnn.solvers.objective.types import Solution, Vector
from fastnn.solvers.path.family import Family, RowNumbers, WatchPath
from fastnn.solvers.path.smooth import solve_family
from fastnn.solvers.path.sparse import solve_sparse_family
from fastnn.solvers.smooth.goal import goal_of
from fastnn.solvers.table import SOLVERS
from fastnn.threads import get_num_threads

__all__ = ["Fold", "cross_validate", "fit_family", "folds_of", "packed", "refitted", "without_zeros"]

Fold = tuple[RowNumbers, RowNumbers]
Warned = list[tuple[str, type[Warning]]]

_FILLED = 0.2  # a stored element takes a pass the time of about five of a dense row


def folds_of(splits: Any, n: int) -> list[Fold]:
    """Pairs of row numbers, training and held out, of what a splitter yields: numbers or masks."""
    every = np.arange(n)
    folds = [(every[train], every[test]) for train, test in splits]
    if not folds:
        raise ValueError("cv gave no folds, wanted at least one pair of rows to train on and rows held out.")
    return folds


class Chooser(SolverParameters, Protocol):
    """A logistic regression that is fitted with every penalty of a grid."""

    def _fitted(self, C: float, l1_ratio: float, coefs: Array, samples: Labelled) -> LinearModel: ...


def cross_validate(
    model: Chooser,
    samples: Labelled,
    x: Any,
    grid: Grid,
    folds: Sequence[Fold],
    scoring: Scoring,
    explain: Explain,
    tasks: PathTasks,
) -> tuple[Results, list[list[Solution]], Warned]:
    """Fit on all rows and on the training rows of every fold, and score on the rows held out.

    `x` is X as `without_zeros` has it; `explain` says what is not finite in it.

    Returns
    -------
    Results
    lists of Solution
        Of all rows, by l1_ratio and C.
    list of warnings
        That are to be given when callbacks have heard that the fit has ended: where they are errors, nobody would
        tell the callbacks any more.
    """
    scoring.require_weights([held_out for _, held_out in folds])
    subsets = [train for train, _ in folds]
    found = []
    for ratio in grid.l1_ratios:
        tasks.begin_path()
        found.append(fit_family(model, samples, x, grid.Cs, ratio, subsets, tasks.penalty_solved))
        tasks.end_path()
    solutions = [solution for on_all, by_fold in found for each in (on_all, *by_fold) for solution in each]
    refuse_non_finite(solutions, samples.x, explain)
    failed = _failed(model, [solution for _, by_fold in found for solutions in by_fold for solution in solutions])
    coarse = hardly_resolved(samples.features, solutions[0], x.dtype) if solutions else ""
    warned = [each for each in ((failed, ConvergenceWarning), (coarse, UserWarning)) if each[0]]
    rows = [[[packed(s.params, samples) for s in fold] for fold in by_fold] for _, by_fold in found]
    coefs = np.swapaxes(np.array(rows), 0, 1)
    n_iter = np.array(
        [[[max(s.n_iter, min(1, model.max_iter)) for s in fold] for fold in by_fold] for _, by_fold in found], np.int32
    )
    # A user's scorer gets X as it was.
    seen = samples._replace(x=x) if scoring.scorer is None else samples
    scores = _scores(model, seen, grid, folds, scoring, coefs)
    results = Results(grid, coefs, np.swapaxes(n_iter, 0, 1), scores)
    return results, [on_all for on_all, _ in found], warned


def without_zeros(x: Any) -> Any:
    """X as CSR where that makes many passes quicker: one-hot columns are zeros, most of them."""
    if not isinstance(x, np.ndarray):
        return x
    if np.count_nonzero(x) >= _FILLED * x.size:
        return x
    # csr_array(x) would take three times as long, for numbers of rows that are not used.
    stored = x != 0
    places = np.flatnonzero(stored)
    starts = np.concatenate([[0], np.cumsum(np.count_nonzero(stored, axis=1))])
    index = np.int32 if max(places.size, x.shape[1]) <= np.iinfo(np.int32).max else np.int64
    columns = (places % x.shape[1]).astype(index)
    return csr_array((x.ravel()[places], columns, starts.astype(index)), x.shape)


def refitted(
    model: SolverParameters, samples: Labelled, x: Any, C: float, l1_ratio: float, solution: Solution
) -> tuple[Array, Warned]:
    """Coefficients (o, k) of the penalty that was chosen, from its solution along the path, as near as `fit` comes.

    Along the path, where most solves only serve a score, the end is not looked at as closely. Warnings are returned as
    by `cross_validate`.
    """
    warned: Warned = []
    penalty, tol = split_strength(model, strength_of(C), l1_ratio), SOLVERS[model.solver].margin * model.tol
    losses = _family(model, samples, x).losses
    if penalty.is_smooth and solution.gain > goal_of(losses, tol).gain:
        objective = losses.penalised(penalty.alpha(1, losses.total)[0])
        nearer = minimise(objective, solution.params, tol=tol, max_iter=model.max_iter)
        if solution.converged and not nearer.converged:  # else the folds have warned
            warned.append((not_converged(model, nearer, "in the refit"), ConvergenceWarning))
        solution = nearer
    return packed(solution.params, samples), warned


def _family(model: SolverParameters, samples: Labelled, x: Any) -> Family:
    settings = (model.fit_intercept, model.backend, model.n_threads)
    return Family(x, samples.y, samples.outputs, samples.sample_weight, *settings)


def fit_family(
    model: SolverParameters,
    samples: Labelled,
    x: Any,
    Cs: Vector,
    l1_ratio: float,
    subsets: Sequence[RowNumbers],
    watch: WatchPath | None = None,
) -> tuple[list[Solution], list[list[Solution]]]:
    """Solutions for every C, on all rows of x and on subsets of them; `watch` is told which C is solved on all rows."""
    family = _family(model, samples, x)
    workers = model.n_threads or get_num_threads()
    if model.n_jobs is not None:
        workers = min(workers, effective_n_jobs(model.n_jobs))
    for number, rows in enumerate(subsets, 1):
        if samples.sample_weight is not None and not samples.sample_weight[rows].any():
            raise ValueError(f"In fold {number} no training row has a weight above zero.")
    options: dict[str, Any] = {"tol": model.tol, "max_iter": model.max_iter, "n_workers": workers}
    penalties = [split_strength(model, strength_of(float(C)), l1_ratio) for C in Cs]
    if all(penalty.is_smooth for penalty in penalties):
        return solve_family(
            family, [penalty.alpha(1, family.losses.total)[0] for penalty in penalties], subsets, watch=watch, **options
        )
    order = np.argsort(Cs, kind="stable")  # the strongest penalty first
    place = np.argsort(order)
    if watch is not None:
        options["watch"] = lambda number, solution: watch(int(order[number]), solution)
    found, by_fold = solve_sparse_family(family, [penalties[k].separable_over for k in order], subsets, **options)
    return [found[k] for k in place], [[solutions[k] for k in place] for solutions in by_fold]


def packed(params: Vector, samples: Labelled) -> Array:
    """Coefficients (o, k): the features', and the intercept where there is one."""
    packed: Array = np.ascontiguousarray(params.reshape(-1, samples.outputs).T, samples.x.dtype)
    return packed


def _failed(model: SolverParameters, solutions: Sequence[Solution]) -> str:
    """The warning of fits on folds that have not converged; "" without any."""
    failed = [solution for solution in solutions if not solution.converged]
    return not_converged(model, failed[0], f"in {len(failed)} of {len(solutions)} fits on folds") if failed else ""


def _scores(
    model: Chooser, samples: Labelled, grid: Grid, folds: Sequence[Fold], scoring: Scoring, coefs: Array
) -> NDArray[np.float64]:
    """(f, l, c). One after the other, as a user's scorer need not stand threads."""
    labels = samples.classes[samples.y]
    scores = np.empty(coefs.shape[:3])
    for fold, (_, test) in enumerate(folds):
        for l, ratio in enumerate(grid.l1_ratios):
            models = [model._fitted(C, ratio, coef, samples) for C, coef in zip(grid.Cs, coefs[fold, l], strict=True)]
            scores[fold, l] = scoring.of(models, samples.x, labels, samples.y, test)
        if model.verbose:
            print(f"fold {fold + 1} of {len(folds)}: best score {np.max(scores[fold]):.6g}", flush=True)
    return scores
