"""Logistic regression to a relative 1e-6 of the optimum: scikit-learn's solvers beside fastnn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import fastnn

from .cases import generator
from .contest import THREADS, Contestant, Effort, compete, limit_blas, print_table, quietly, repeated, summary

PROBLEMS = [(20_000, 50), (100_000, 50), (1_000_000, 20)]  # (n, features), the smallest first
QUICK_PROBLEM = (2_000, 20)
SOLVERS = ("lbfgs", "newton-cholesky")
GOAL = 1e-6
TOLERANCES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)

Fit = Callable[[float], Any]  # of a tolerance


def data_of(n: int, features: int) -> tuple[np.ndarray, np.ndarray]:
    """Return features of different scales that are correlated, as real ones are, and labels that they half explain."""
    rng = generator()
    mix = np.eye(features) + 0.3 * rng.normal(size=(features, features)) / features**0.5
    x = rng.normal(size=(n, features)) @ mix * np.logspace(-0.5, 0.5, features)
    z = x @ rng.normal(size=features) / features**0.5
    return x, (z + rng.logistic(size=n) > 0).astype(int)


def objective(model: Any, x: np.ndarray, y: np.ndarray) -> float:
    """Return what is minimised at C = 1: the sum of the losses and half the squared coefficients."""
    z = x @ model.coef_[0] + model.intercept_[0]
    return float(np.logaddexp(0, np.where(y == 1, -z, z)).sum() + 0.5 * np.square(model.coef_).sum())


def loosest(fit: Fit, x: np.ndarray, y: np.ndarray, optimum: float) -> float | None:
    """Return the largest tolerance with which a fit reaches the goal, or None."""
    for tolerance in TOLERANCES:
        if objective(fit(tolerance), x, y) <= optimum * (1 + GOAL):
            return tolerance
    return None


def fits(x: np.ndarray, y: np.ndarray, threads: int) -> Iterator[tuple[str, Fit]]:
    """Yield all who can fit, by name."""
    from sklearn.linear_model import LogisticRegression

    def fit(tolerance: float) -> Any:
        return quietly(lambda: fastnn.LogisticRegression(tol=tolerance, max_iter=10_000, n_threads=threads).fit(x, y))

    yield "fastnn", fit
    for solver in SOLVERS:

        def their_fit(tolerance: float, solver: str = solver) -> Any:
            return quietly(lambda: LogisticRegression(solver=solver, tol=tolerance, max_iter=10_000).fit(x, y))

        yield f"scikit-learn {solver}", their_fit


def contestants(x: np.ndarray, y: np.ndarray, effort: Effort) -> Iterator[Contestant]:
    """Yield all who reach the goal, each with the largest tolerance that is enough."""
    from sklearn.linear_model import LogisticRegression

    exact = quietly(lambda: LogisticRegression(solver="newton-cholesky", tol=1e-10, max_iter=1000).fit(x, y))
    optimum = objective(exact, x, y)
    for threads in THREADS:
        for name, fit in fits(x, y, threads):
            tolerance = loosest(fit, x, y, optimum)
            if tolerance is None:
                print(f"<!-- {name} does not come within {GOAL:g} of the optimum -->")
                continue
            prepare = limit_blas(threads)  # fastnn's solver has a few BLAS calls too
            yield repeated(name, threads, lambda fit=fit, tol=tolerance: fit(tol), effort, prepare)


def rows(effort: Effort) -> Iterator[list[str]]:
    """Yield the table's rows."""
    for n, features in [QUICK_PROBLEM] if effort.quick else PROBLEMS:
        x, y = data_of(n, features)
        yield [f"{n:,} x {features}", *summary(compete(contestants(x, y, effort), effort))]


def logistic(effort: Effort) -> None:
    """Print the table."""
    header = ["n x features", "fastnn, 1 thread", "2 threads", "best peer, threads", "ratio"]
    print_table(f"Logistic regression: binary, float64, fit to {GOAL:g} of the optimum", header, rows(effort))
