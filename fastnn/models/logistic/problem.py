"""From what LogisticRegression.fit is given to the problem that a solver takes, and back to coefficients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from fastnn.kernels.contract import Array
from fastnn.models.common.class_weight import require_computable, times_weight, weights_of_classes
from fastnn.models.common.estimator import Estimator, by_rows, readable, readable_target, warn_caller
from fastnn.models.common.targets import as_labels, encode, require_two_classes
from fastnn.models.logistic.convergence import hardly_resolved, not_converged
from fastnn.models.logistic.inference.deviations import deviations
from fastnn.models.logistic.penalty import Penalty
from fastnn.solvers.minimise import minimise, minimise_separable
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.types import Solution, Vector, Watch
from fastnn.solvers.path.family import Family
from fastnn.solvers.table import SOLVERS, solver_with
from fastnn.training.loop import NON_FINITE

__all__ = [
    "Labelled",
    "coefficients",
    "params_of",
    "read_samples",
    "refuse_many_classes",
    "refuse_non_finite",
    "solve",
    "standardised",
    "weigh_classes",
]


# Elements of a column of CSC, on average, below which it becomes rows once a fit. A gradient by column takes 1.4 times
# that by row with 60 of them, 1.8 times with 16, and the conversion as long as 4 to 8 gradients by row, of which a fit
# makes dozens (20,000 x 20,000, 60: 100 + 13 ms by row, 185 ms by column; 20,000 x 2,000, 400: 365 + 6 and 580 ms).
# With 4,000 and more, by column is as quick or quicker (200,000 x 500: 540 + 29 and 384 ms), and X stays as it is.
_FULL_COLUMN = 1000

_SUMMED = 256  # rows at most of which products are summed in float32, before the sums go on in float64


class Labelled(NamedTuple):
    """What a logistic regression learns from: X (n, i), an ndarray, CSR or CSC; y (n,) as numbers of the classes."""

    x: Any
    y: NDArray[np.int32]
    classes: NDArray[Any]
    sample_weight: Array | None

    @property
    def outputs(self) -> int:
        """One sigmoid for two classes, else as many as there are classes."""
        return 1 if len(self.classes) == 2 else len(self.classes)


def read_samples(model: Estimator, X: Any, y: Any, sample_weight: Any) -> Labelled:
    """Check what `fit` is given, and set the attributes that say what X was.

    A plain ndarray with labels that are integers is taken as it is: whether its numbers are finite
    shows in the first pass over it, and `solve` sees to that.

    Raises
    ------
    ValueError
        If X, y or sample_weight cannot be used, or y has one class only.
    """
    if _is_plain(X) and _are_plain_labels(y, len(X)):
        model.n_features_in_ = X.shape[1]
        model.__dict__.pop("feature_names_in_", None)
        x, labels = X, y
    else:
        x, labels = _validated(model, X, y)
        labels = as_labels(labels)
    classes, index = encode(labels)
    require_two_classes(classes)
    return Labelled(x, index, classes, model._read_weight(sample_weight, x))


def _is_plain(X: Any) -> bool:
    if type(X) is not np.ndarray or X.ndim != 2 or X.dtype not in (np.float32, np.float64):
        return False
    return bool(X.size > 0 and X.dtype.isnative and X.flags.c_contiguous and X.flags.aligned)


def _are_plain_labels(y: Any, n: int) -> bool:
    return type(y) is np.ndarray and y.dtype.kind in "iub" and y.dtype.isnative and y.shape == (n,)


def _validated(model: Estimator, X: Any, y: Any) -> tuple[Any, Any]:
    dtypes = [np.float64, np.float32]
    y = readable_target(y)
    x, y = validate_data(model, readable(X), y, reset=True, accept_sparse=["csr", "csc"], dtype=dtypes, order="C")
    if isinstance(x, np.ndarray):
        return np.require(x, x.dtype, ["C", "A"]), y
    return (by_rows(x) if x.nnz < _FULL_COLUMN * x.shape[1] else x), y


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


def standardised(model: Any, penalty: Penalty, samples: Labelled, given: tuple[Any, Any]) -> Penalty:
    """The penalty for coefficients of standardised features, where the model wants it so.

    `given` is X and y as `fit` got them.

    Raises
    ------
    ValueError
        If X has numbers that are not finite, or whose squares are not.
    """
    if not model.standardize:
        return penalty
    scale = deviations(samples.x, samples.sample_weight)
    if not np.isfinite(scale * scale).all():
        refuse_non_finite(model, [Solution(scale, np.nan, 0, False)], samples.x, given)
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


def refuse_many_classes(model: Any, samples: Labelled) -> None:
    """Raise ValueError for more classes than a solver of that name can tell apart."""
    if samples.outputs > 1 and not SOLVERS[model.solver].is_multinomial:
        raise ValueError(
            f"The {model.solver!r} solver does not support multiclass classification. Use solver="
            f"{solver_with(multinomial=True)!r}, or wrap the estimator in a OneVsRestClassifier."
        )


def refuse_non_finite(model: Any, solutions: Sequence[Solution], x: Any, given: tuple[Any, Any]) -> None:
    """Raise ValueError that says why, if a solution is not finite.

    `x` (n, i) is what was fitted, and may be larger than memory; `given` is X and y as `fit` got them.
    """
    if all(np.isfinite(solution.loss) and np.isfinite(solution.params).all() for solution in solutions):
        return
    stored = x if isinstance(x, np.ndarray) else x.data
    largest = max(stored.max(initial=0), -stored.min(initial=0))
    if not np.isfinite(largest):
        _validated(model, *given)  # says what is not finite, and where
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
    model: Any,
    objective: LogisticObjective,
    penalty: Penalty,
    start: Vector | None,
    given: tuple[Any, Any],
    watch: Watch | None,
) -> Solution:
    """Solve as the model's parameters say; `given` is X and y as `fit` got them.

    The objective has the penalty in it if that is smooth.

    Raises
    ------
    ValueError
        If X has numbers that are not finite, or computing with it gives some.

    Warns
    -----
    ConvergenceWarning
        If the solver could not come as close as `tol`.
    """
    solver = SOLVERS[model.solver]
    seed = int(check_random_state(model.random_state).randint(2**31 - 1)) if solver.is_stochastic else 0
    options = {"solver": model.solver, "max_iter": model.max_iter, "watch": watch, "seed": seed}
    if penalty.is_smooth:
        solution = minimise(objective, start, tol=solver.margin * model.tol, **options)
    else:
        solution = minimise_separable(objective, penalty.separable_over(objective), start, tol=model.tol, **options)
    refuse_non_finite(model, [solution], objective.x, given)
    if not solution.converged:
        warn_caller(not_converged(model, solution))
    if message := hardly_resolved(model, solution, objective.x.dtype):
        warn_caller(message, UserWarning)
    return solution
