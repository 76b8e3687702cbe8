"""From what LogisticRegression.fit is given to the problem that a solver takes, and back to coefficients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from fastnn.kernels.contract import Array
from fastnn.models.common.arrays import Features, by_rows, read_weight, read_X_y
from fastnn.models.common.class_weight import require_computable, times_weight, weights_of_classes
from fastnn.models.common.estimator import Estimator
from fastnn.models.common.targets import as_labels, encode, index_of, require_two_classes
from fastnn.models.common.warnings import warn_caller
from fastnn.models.logistic.inference.deviations import deviations
from fastnn.models.logistic.parameters import SolverParameters
from fastnn.models.logistic.penalty import Penalty
from fastnn.solvers.minimise import minimise, minimise_separable
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.types import Solution, Vector, Watch
from fastnn.solvers.path.family import Family
from fastnn.solvers.table import SOLVERS, WARNING, solver_with
from fastnn.training.loop import NON_FINITE

__all__ = [
    "Explain",
    "Labelled",
    "coefficients",
    "hardly_resolved",
    "mean_loss",
    "not_converged",
    "params_of",
    "read_fitted_samples",
    "read_samples",
    "refuse_many_classes",
    "refuse_non_finite",
    "solve",
    "warn_of",
    "standardised",
    "weigh_classes",
]


# Elements of a column of CSC, on average, below which it becomes rows once a fit. A gradient by column takes 1.4 times
# that by row with 60 of them, 1.8 times with 16, and the conversion as long as 4 to 8 gradients by row, of which a fit
# makes dozens (20,000 x 20,000, 60: 100 + 13 ms by row, 185 ms by column; 20,000 x 2,000, 400: 365 + 6 and 580 ms).
# With 4,000 and more, by column is as quick or quicker (200,000 x 500: 540 + 29 and 384 ms), and X stays as it is.
_FULL_COLUMN = 1000

_SUMMED = 256  # rows at most of which products are summed in float32, before the sums go on in float64

_NAMED = 10  # columns

Explain = Callable[[], object]
"""Reads what `fit` was given once more, and raises ValueError that says which of its numbers is not finite."""


class Labelled(NamedTuple):
    """What a logistic regression learns from: X (n, i), an ndarray, CSR or CSC; y (n,) as numbers of the classes."""

    x: Any
    y: NDArray[np.int32]
    classes: NDArray[Any]
    sample_weight: Array | None
    features: Features

    @property
    def outputs(self) -> int:
        """One sigmoid for two classes, else as many as there are classes."""
        return 1 if len(self.classes) == 2 else len(self.classes)


def read_samples(model: Estimator, X: Any, y: Any, sample_weight: Any, *, check_finite: bool = False) -> Labelled:
    """Check what `fit` is given.

    A plain ndarray is taken as it is: whether its numbers are finite shows in the first pass over it, and
    `refuse_non_finite` sees to that, unless `check_finite` asks for it at once.

    Raises
    ------
    ValueError
        If X, y or sample_weight cannot be used, or y has one class only.
    """
    x, labels, features = read_X_y(model, X, y, reset=True, check_finite=check_finite, accept_csc=True)
    if not isinstance(x, np.ndarray) and x.nnz < _FULL_COLUMN * x.shape[1]:
        x = by_rows(x)
    classes, index = encode(as_labels(labels))
    require_two_classes(classes)
    return Labelled(x, index, classes, read_weight(sample_weight, x.shape[0], x.dtype), features)


def read_fitted_samples(model: Estimator, classes: NDArray[Any], X: Any, y: Any, sample_weight: Any) -> Labelled:
    """Check samples for a fitted model of these classes; rows of a sparse X can be sliced.

    Raises
    ------
    ValueError
        If X, y or sample_weight cannot be used, or y has other classes.
    """
    x, labels, features = read_X_y(model, X, y, reset=False)
    index = index_of(as_labels(labels), classes).astype(np.int32)
    return Labelled(x, index, classes, read_weight(sample_weight, x.shape[0], x.dtype), features)


def mean_loss(model: SolverParameters, samples: Labelled, penalty: Penalty) -> LogisticObjective:
    """The mean loss of the samples, and the penalty if that is smooth."""
    weight, n_features = samples.sample_weight, samples.features.number
    total = float(len(samples.y) if weight is None else weight.sum(dtype=np.float64))
    return LogisticObjective(
        samples.x,
        samples.y,
        samples.outputs,
        sample_weight=weight,
        alpha=penalty.alpha(n_features, total) if penalty.is_smooth else 0.0,
        fit_intercept=model.fit_intercept,
        backend=model.backend,
        n_threads=model.n_threads,
    )


def weigh_classes(samples: Labelled, class_weight: Mapping[Any, float] | str | None) -> Labelled:
    """The same samples, weighted by class too.

    Raises
    ------
    ValueError
        If a class's weight is not possible, or the weights are too large or too small to compute with.
    """
    if class_weight is not None:
        labels = samples.classes[samples.y]
        by_class = weights_of_classes(class_weight, samples.classes, labels, samples.sample_weight)
        weight = times_weight(samples.sample_weight, by_class[samples.y], samples.x.dtype)
        samples = samples._replace(sample_weight=weight)
    if samples.sample_weight is not None:
        require_computable(samples.sample_weight)
    return samples


def standardised(penalty: Penalty, samples: Labelled, explain: Explain) -> Penalty:
    """The penalty for coefficients of standardised features; `explain` says what is not finite in X.

    Raises
    ------
    ValueError
        If X has numbers that are not finite, or whose squares are not.
    """
    scale = deviations(samples.x, samples.sample_weight)
    if not np.isfinite(scale * scale).all():
        refuse_non_finite([Solution(scale, np.nan, 0, False)], samples.x, explain)
    return replace(penalty, scale=scale)


def params_of(coef: NDArray[Any], intercept: NDArray[Any] | None) -> Vector:
    """An objective's params (p,) of coef (o, i) and intercept (o,)."""
    w = coef.T.ravel()
    return np.asarray(w if intercept is None else np.concatenate([w, intercept]), np.float64)


def coefficients(params: Vector, objective: LogisticObjective | Family) -> tuple[Array, Array]:
    """coef (o, i) and intercept (o,), zero where there is none, of an objective's params; of X's dtype."""
    i, o, dtype = objective.x.shape[1], objective.outputs, objective.x.dtype
    coef = np.ascontiguousarray(params[: i * o].reshape(i, o).T, dtype)
    return coef, params[i * o :].astype(dtype) if objective.fit_intercept else np.zeros(o, dtype)


def refuse_many_classes(solver: str, outputs: int) -> None:
    """Raise ValueError for more classes than a solver of that name can tell apart."""
    if outputs > 1 and not SOLVERS[solver].is_multinomial:
        raise ValueError(
            f"The {solver!r} solver does not support multiclass classification. Use solver="
            f"{solver_with(multinomial=True)!r}, or wrap the estimator in a OneVsRestClassifier."
        )


def refuse_non_finite(solutions: Sequence[Solution], x: Any, explain: Explain) -> None:
    """Raise ValueError that says why, if a solution is not finite.

    `x` (n, i) is what was fitted, and may be larger than memory; `explain` says what is not finite in it.
    """
    if all(np.isfinite(solution.loss) and np.isfinite(solution.params).all() for solution in solutions):
        return
    stored = x if isinstance(x, np.ndarray) else x.data
    largest = max(stored.max(initial=0), -stored.min(initial=0))
    if not np.isfinite(largest):
        explain()
    if all(np.isfinite(solution.loss) for solution in solutions):
        raise ValueError(
            f"Solver produced non-finite parameter weights. No number in the input data is larger than {largest:.3g}, "
            f"and {x.dtype} cannot hold coefficients of features as small as that. Scale them, for example by a "
            "StandardScaler."
        )
    summed = x.shape[0] if x.dtype == np.float64 else min(x.shape[0], _SUMMED)
    if largest > np.sqrt(np.finfo(x.dtype).max / summed):
        raise ValueError(
            f"{NON_FINITE}: it has numbers as large as {largest:.3g}, whose squares {x.dtype} cannot hold. Scale its "
            "features, for example by a StandardScaler."
        )
    if 0 < largest < np.sqrt(np.finfo(x.dtype).tiny):
        raise ValueError(
            f"Solver produced non-finite parameter weights. No number in the input data is larger than {largest:.3g}, "
            f"and their squares are less than {x.dtype} can hold. Scale its features, for example by a StandardScaler."
        )
    raise ValueError(f"{NON_FINITE}.")


def solve(
    model: SolverParameters,
    objective: LogisticObjective,
    penalty: Penalty,
    start: Vector | None,
    watch: Watch | None,
    explain: Explain,
) -> Solution:
    """Solve as the model's parameters say; `explain` says what is not finite in X.

    The objective has the penalty in it if that is smooth.

    Raises
    ------
    ValueError
        If X has numbers that are not finite, or computing with it gives some.
    """
    solver = SOLVERS[model.solver]
    seed = int(check_random_state(model.random_state).randint(2**31 - 1)) if solver.is_stochastic else 0
    options: dict[str, Any] = {"solver": model.solver, "max_iter": model.max_iter, "watch": watch, "seed": seed}
    if penalty.is_smooth:
        solution = minimise(objective, start, tol=solver.margin * model.tol, **options)
    else:
        solution = minimise_separable(objective, penalty.separable_over(objective), start, tol=model.tol, **options)
    refuse_non_finite([solution], objective.x, explain)
    return solution


# --- warnings -----------------------------------------------------------------------------------


def warn_of(model: SolverParameters, solution: Solution, samples: Labelled) -> None:
    """Warn of what is amiss with the solution of a fit, whose callbacks have heard already that it has ended.

    Where warnings are errors, they would not hear of it any more.
    """
    if not solution.converged:
        warn_caller(not_converged(model, solution))
    if message := hardly_resolved(samples.features, solution, samples.x.dtype):
        warn_caller(message, UserWarning)


def not_converged(model: SolverParameters, solution: Solution, where: str = "") -> str:
    """The warning that a solver has not come as close as the model's `tol`; `where` says in which of many fits."""
    solver = solution.solver or model.solver
    beginning = SOLVERS[solver].warning if solution.n_iter >= model.max_iter else WARNING
    details = ", ".join(filter(None, (where, f"max_iter={model.max_iter}")))
    return (
        f"{beginning.format(solver=solver, n_iter=solution.n_iter)} ({details}): {solution.message}. "
        f"Increase the number of iterations, or tol (now {model.tol})."
    )


def hardly_resolved(features: Features, solution: Solution, dtype: Any) -> str:
    """The warning of columns that lie so far from zero that their dtype rounds away what varies; "" without any."""
    if not solution.coarse:
        return ""
    names = features.names
    found = [f"{names[j]!r}" if names is not None else str(j) for j in solution.coarse]
    listed = ", ".join(found[:_NAMED]) + (f" and {len(found) - _NAMED} more" if len(found) > _NAMED else "")
    other = "" if dtype == np.float64 else " in float64, or pass float64"
    which = f"Column {listed} of X lies" if len(found) == 1 else f"Columns {listed} of X lie"
    return (
        f"{which} so far from zero that {dtype} rounds the values, and the intercept, to a thousandth of their "
        f"deviation or worse: coefficients and predictions have that error. Subtract the median{other}."
    )
