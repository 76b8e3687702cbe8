"""Logistic regression to a relative 1e-6 of the optimum, from arrays in memory: the peers' solvers beside fastnn's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from scipy.special import logsumexp
from sklearn import linear_model

import fastnn

from ..logistic_data import adult, correlated, mnist, words
from .contest import THREADS, Contestant, Effort, compete, limit_blas, optional, print_table, quietly, repeated, summary

GOAL = 1e-6
TOLERANCES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)

Fit = Callable[[float], Any]  # of a tolerance


class Problem(NamedTuple):
    """What is fitted: data that may be missing, and the solvers of scikit-learn that are quick there."""

    name: str
    draw: Callable[[], tuple[Any, np.ndarray] | None]
    solvers: tuple[str, ...] = ("lbfgs", "newton-cholesky")
    C: float = 1.0


PROBLEMS = (
    Problem("dense 100,000 x 50", partial(correlated, 100_000, 50)),
    Problem("dense 1,000,000 x 20", partial(correlated, 1_000_000, 20)),
    Problem("adult, one-hot, sparse", adult, ("lbfgs", "newton-cg", "newton-cholesky")),
    Problem("MNIST 10,000 x 784, ten classes, C = 0.01", mnist, ("lbfgs", "newton-cg"), 0.01),
    Problem("words, sparse 20,000 x 20,000", words, ("lbfgs", "newton-cg", "liblinear")),
)
QUICK_PROBLEM = Problem("dense 2,000 x 20", partial(correlated, 2_000, 20))


def objective(model: Any, x: Any, y: np.ndarray, C: float) -> float:
    """Return what is minimised: the sum of the losses and the penalty, in float64."""
    w, b = np.asarray(model.coef_, np.float64), np.asarray(model.intercept_, np.float64)
    z = x.astype(np.float64) @ w.T + b
    z = np.hstack([np.zeros_like(z), z]) if z.shape[1] == 1 else z
    losses = logsumexp(z, axis=1) - z[np.arange(len(y)), y]
    return float(losses.sum() + np.square(w).sum() / (2 * C))


def loosest(fit: Fit, value: Callable[[Any], float], optimum: float) -> tuple[float, float] | None:
    """Return the largest tolerance with which a fit reaches the goal, and what it reaches; or None."""
    for tolerance in TOLERANCES:
        excess = value(fit(tolerance)) / optimum - 1
        if excess <= GOAL:
            return tolerance, excess
    return None


def fits(problem: Problem, x: Any, y: np.ndarray, threads: int) -> Iterator[tuple[str, Fit]]:
    """Yield all who can fit, by name."""
    settings = {"C": problem.C, "max_iter": 10_000}

    def fit(make: Callable[..., Any], tolerance: float) -> Any:
        return quietly(lambda: make(tol=tolerance, **settings).fit(x, y))

    yield "fastnn", partial(fit, partial(fastnn.LogisticRegression, n_threads=threads))
    for name, module in (("scikit-learn", linear_model), ("scikit-learn-intelex", optional("sklearnex.linear_model"))):
        for solver in problem.solvers if module else ():
            yield f"{name} {solver}", partial(fit, partial(module.LogisticRegression, solver=solver))


def contestants(
    problem: Problem, x: Any, y: np.ndarray, effort: Effort, reached: dict[str, float]
) -> Iterator[Contestant]:
    """Yield all who reach the goal, each with the largest tolerance that is enough; `reached` gets how near."""
    exact = quietly(lambda: fastnn.LogisticRegression(C=problem.C, tol=1e-9, max_iter=1000).fit(x.astype(float), y))

    def value(model: Any) -> float:
        return objective(model, x, y, problem.C)

    optimum = value(exact)
    for threads in THREADS:
        prepare = limit_blas(threads)  # fastnn's solvers have a few BLAS calls too
        prepare()
        for name, fit in fits(problem, x, y, threads):
            found = loosest(fit, value, optimum)
            if found is None:
                print(f"<!-- {name} does not come within {GOAL:g} of the optimum -->")
                continue
            tolerance, reached[f"{name}, {threads}"] = found
            yield repeated(name, threads, partial(fit, tolerance), effort, prepare)


def rows(effort: Effort) -> Iterator[list[str]]:
    """Yield the table's rows: every problem in both dtypes."""
    for problem in [QUICK_PROBLEM] if effort.quick else PROBLEMS:
        data = problem.draw()
        if data is None:
            print(f"<!-- no data for {problem.name}: set FASTNN_DATA -->")
            continue
        for dtype in ("float64",) if effort.quick else ("float32", "float64"):
            reached: dict[str, float] = {}
            x, y = data[0].astype(dtype), data[1]
            cells = summary(compete(contestants(problem, x, y, effort, reached), effort))
            peer = cells[2].partition("(")[2].rstrip(")")
            excess = f"{max(reached['fastnn, 1'], 0):.0e}, {max(reached[peer], 0):.0e}"
            yield [f"{problem.name}, {dtype}", *cells[:3], excess, cells[3]]


def logistic(effort: Effort) -> None:
    """Print the table."""
    header = ["problem", "fastnn, 1 thread", "2 threads", "best peer, threads", "above the optimum: both", "ratio"]
    print_table(f"Logistic regression: fit to {GOAL:g} of the optimum", header, rows(effort))
