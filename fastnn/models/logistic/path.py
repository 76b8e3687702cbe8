"""Logistic regression along a path of penalties, from the strongest to the weakest."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn.errors import out_of_range
from fastnn.kernels.contract import Array
from fastnn.models.common.given import MatrixLike
from fastnn.models.common.parameter_checks import check_parameters
from fastnn.models.common.warnings import warn_caller
from fastnn.models.logistic.cv.fit import fit_family
from fastnn.models.logistic.estimator import LogisticRegression
from fastnn.models.logistic.problem import coefficients, read_samples, refuse_non_finite, weigh_classes
from fastnn.solvers.path.family import Family

__all__ = ["LogisticPath", "logistic_regression_path"]


class LogisticPath(NamedTuple):
    """The models of a path.

    Attributes
    ----------
    Cs : ndarray of shape (c,)
        Inverse strengths of the penalty, in the order asked for.
    coefs : ndarray of shape (c, o, n_features)
        o is 1 for two classes, else the number of classes.
    intercepts : ndarray of shape (c, o)
        Zero without `fit_intercept`.
    n_iter : ndarray of shape (c,) of int32
        The iterations that each model took, from the solution of its stronger neighbour.
    classes : ndarray of shape (n_classes,)
        The labels of y, sorted.
    """

    Cs: NDArray[np.float64]
    coefs: Array
    intercepts: Array
    n_iter: NDArray[np.int32]
    classes: NDArray[Any]


def logistic_regression_path(
    X: MatrixLike,
    y: ArrayLike,
    *,
    Cs: ArrayLike = 10,
    l1_ratio: float = 0.0,
    fit_intercept: bool = True,
    class_weight: Mapping[Any, float] | str | None = None,
    sample_weight: ArrayLike | None = None,
    tol: float = 1e-4,
    max_iter: int = 100,
    backend: str = "auto",
    n_threads: int | None = None,
) -> LogisticPath:
    """Fit logistic regressions of many penalties over one X, each from the solution of its stronger neighbour.

    Parameters
    ----------
    X : array-like or sparse matrix of shape (n_samples, n_features)
        Not copied where `LogisticRegression.fit` would not copy it.
    y : array-like of shape (n_samples,)
        Labels of at least two classes.
    Cs : int or array-like (c,), default=10
        Inverse strengths of the penalty, each above 0; an integer means as many from 1e-4 to 1e4.
    l1_ratio : float, default=0.0
        The share of L1 in the penalty, in [0, 1].
    fit_intercept : bool, default=True
        Whether the models have an intercept, which has no penalty.
    class_weight : dict or "balanced", default=None
        ``{class: weight}``, or weights inversely proportional to the classes' frequencies. They multiply
        `sample_weight`.
    sample_weight : array-like of shape (n_samples,), default=None
        The weight of each sample, at least 0; None for equal ones.
    tol : float, default=1e-4
        Each fit stops where `LogisticRegression` of this `tol` does.
    max_iter : int, default=100
        The most iterations of each fit; it warns where they do not suffice.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Which implementation passes over X; "auto" is "native".
    n_threads : int, default=None
        At most so many threads; None for `fastnn.get_num_threads()`. Results never depend on it.

    Returns
    -------
    LogisticPath
        The models in the order of `Cs`, their coefficients as arrays.

    Raises
    ------
    ValueError
        If a parameter is not possible, X or y cannot be used, or y has one class only.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from fastnn import logistic_regression_path
    >>> path = logistic_regression_path(*load_breast_cancer(return_X_y=True), Cs=[1e-5, 1e-3], l1_ratio=1)
    >>> [int((coef != 0).sum()) for coef in path.coefs]
    [1, 2]
    """
    grid = np.logspace(-4, 4, int(Cs)) if isinstance(Cs, (int, np.integer)) else np.asarray(Cs, np.float64)
    if grid.ndim != 1 or len(grid) == 0 or not (grid > 0).all():
        raise out_of_range("Cs", Cs, "an integer of at least 1, or numbers above 0")
    model = LogisticRegression(
        l1_ratio=l1_ratio,
        fit_intercept=fit_intercept,
        class_weight=class_weight,
        tol=tol,
        max_iter=max_iter,
        backend=backend,
        n_threads=n_threads,
    )
    check_parameters(model, model._parameters)
    samples = weigh_classes(read_samples(model, X, y, sample_weight), class_weight)
    solutions, _ = fit_family(model, samples, samples.x, grid, l1_ratio, ())
    refuse_non_finite(solutions, samples.x, partial(read_samples, model, X, y, None, check_finite=True))
    for C, solution in zip(grid, solutions, strict=True):
        if not solution.converged:
            warn_caller(f"C={C:g}: {solution.message}. Increase max_iter (now {max_iter}), or tol (now {tol}).")
    family = Family(samples.x, samples.y, samples.outputs, samples.sample_weight, fit_intercept)
    pairs = [coefficients(solution.params, family) for solution in solutions]
    n_iter = np.array([solution.n_iter for solution in solutions], np.int32)
    return LogisticPath(grid, np.array([w for w, _ in pairs]), np.array([b for _, b in pairs]), n_iter, samples.classes)
