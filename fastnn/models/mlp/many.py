"""Several networks trained at once over one copy of the samples: seeds, settings, folds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from contextlib import nullcontext
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn import config_context, get_config
from sklearn.utils import check_array

from fastnn.errors import out_of_range, wrong_type
from fastnn.models.common.arrays import laid_out_or_sparse, prepare_X
from fastnn.models.common.given import MatrixLike
from fastnn.models.common.warnings import collected_warnings, warn_caller
from fastnn.models.mlp.base import BaseMLP
from fastnn.tensors import as_host
from fastnn.threads import get_num_threads, threads
from fastnn.validation import as_integers, check_counts
from fastnn.workers import cancellation, finished

__all__ = ["fit_many"]

MLP = TypeVar("MLP", bound=BaseMLP)
Rows = NDArray[np.int64] | None


def fit_many(
    estimators: Iterable[MLP],
    X: MatrixLike,
    y: MatrixLike,
    sample_weight: ArrayLike | None = None,
    *,
    rows: Iterable[ArrayLike | None] | None = None,
    n_jobs: int | None = None,
) -> list[MLP]:
    """Train several networks at once, each by one thread, over one copy of X.

    Each becomes what its own `fit` would have made of it, bit by bit.

    Parameters
    ----------
    estimators : iterable of MLPClassifier and MLPRegressor
        They are fitted themselves; take `sklearn.base.clone` for copies.
    X : array-like or sparse matrix of shape (n_samples, n_features)
        Read once; an array of float32 or float64 in C order is used where it lies.
    y : array-like of shape (n_samples,), or array-like or sparse matrix of shape (n_samples, n_outputs)
        Labels or targets.
    sample_weight : array-like of shape (n_samples,), default=None
        The weight of each sample, at least 0; None for equal ones.
    rows : iterable of array-like of int or None, default=None
        For each estimator the samples that it is trained on, as the folds of a cross-validation
        give them; None for all. X is not copied for them, except by ``solver="lbfgs"``.
    n_jobs : int, default=None
        At most so many fits at a time; None for `fastnn.get_num_threads()`. With more than one, an
        estimator without `n_threads` uses one thread.

    Returns
    -------
    list
        The estimators, in their order.

    Raises
    ------
    ValueError, TypeError
        If an argument is not possible; then nothing has been fitted. If an estimator cannot be
        fitted, its own error is raised, with a note that says which one it is, after all others
        have been fitted; it is as it was before.

    Notes
    -----
    Ctrl-C ends all fits in the epoch that they are in, and propagates. Each keeps its last
    finished epoch; those that have none are as they were.

    Examples
    --------
    >>> from fastnn import MLPClassifier, fit_many
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> models = [MLPClassifier(8, "tanh", solver="lbfgs", random_state=seed) for seed in range(3)]
    >>> len(fit_many(models, X, y))
    3
    """
    models = list(estimators)
    _check_estimators(models)
    X = as_host("X", X)
    x = check_array(prepare_X(X), accept_sparse="csr", dtype=[np.float64, np.float32], order="C")
    x = laid_out_or_sparse(x)
    every = _read_rows(rows, len(models), x.shape[0])
    n_jobs = get_num_threads() if n_jobs is None else n_jobs
    check_counts(n_jobs=n_jobs)
    cancelled = cancellation()
    alone = min(n_jobs, len(models)) < 2
    config = get_config()

    def fit(task: tuple[MLP, Rows]) -> list[tuple[str, type[Warning]]]:
        model, own = task
        with nullcontext() if alone else threads(1), config_context(**config), collected_warnings() as warned:
            model._fit_shared(X, x, y, sample_weight, own, cancelled)
        return warned

    _tell(models, finished(fit, list(zip(models, every, strict=True)), n_jobs, cancelled))
    return models


def _tell(models: Sequence[BaseMLP], futures: Sequence[Future[list[tuple[str, type[Warning]]]]]) -> None:
    """Give the warnings of all, and raise the first error, with notes on whose it is."""
    errors: dict[int, BaseException] = {}
    for k, future in enumerate(futures):
        error = future.exception()
        if error is not None:
            errors[k] = error
            continue
        for message, category in future.result():
            warn_caller(f"estimators[{k}]: {message}", category)
    if not errors:
        return
    first, *others = errors
    errors[first].add_note(f"This is estimators[{first}] of {len(models)}, {models[first]!r}.")
    for k in others:
        errors[first].add_note(f"estimators[{k}] failed too, with {type(errors[k]).__name__}: {errors[k]}")
    raise errors[first]


# --- what is given ------------------------------------------------------------------------------


def _check_estimators(models: Sequence[Any]) -> None:
    drawn: dict[int, int] = {}
    for k, model in enumerate(models):
        if not isinstance(model, BaseMLP):
            raise wrong_type(f"estimators[{k}]", model, "an MLPClassifier or an MLPRegressor")
        if any(model is other for other in models[:k]):
            raise ValueError(f"estimators[{k}] is there twice: give copies, as sklearn.base.clone makes them.")
        state = model.random_state
        if isinstance(state, np.random.RandomState) and drawn.setdefault(id(state), k) != k:
            raise ValueError(
                f"estimators[{drawn[id(state)]}] and estimators[{k}] draw from one RandomState, so that which one "
                "draws first would decide. Give each an integer as its random_state."
            )


def _read_rows(rows: Iterable[Any] | None, n_models: int, n: int) -> list[Rows]:
    """The rows of every model, checked."""
    if rows is None:
        return [None] * n_models
    every = [None if each is None else _read_indices(f"rows[{k}]", each, n) for k, each in enumerate(rows)]
    if len(every) != n_models:
        raise ValueError(f"rows has {len(every)} entries, wanted {n_models}: one for each estimator.")
    return every


def _read_indices(name: str, value: Any, n: int) -> NDArray[np.int64]:
    indices = as_integers(name, value)
    if indices.ndim != 1 or len(indices) == 0:
        raise ValueError(f"{name} has shape {indices.shape}, wanted (m,) with at least one row.")
    if not 0 <= indices.min() <= indices.max() < n:
        outside = int(indices.min() if indices.min() < 0 else indices.max())
        raise out_of_range(f"a number in {name}", outside, f"0 to {n - 1}: X has {n} rows")
    return np.ascontiguousarray(indices)
