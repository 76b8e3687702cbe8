"""Whether a solver has come as near to an optimum as `tol` asks, or as scikit-learn's best solver."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from hard_data import Case
from optimum import Optimum, Problem, excess, rounding
from sklearn.linear_model import LogisticRegression as Theirs
from solver_names import SLOW

from fastnn import LogisticRegression
from fastnn.solvers.table import SOLVERS

PEERS = ("lbfgs", "newton-cg", "newton-cholesky")  # the best of these in scikit-learn is what any solver is asked for
TOLERANCES = (1e-4, 1e-8)
FAR = 1e-3  # an excess that no tolerance explains
MAX_ITER = 1000  # of ours; theirs keeps its default, of which newton-cg can already take seconds
THEIR_MAX_ITER = 100
HUGE = 1e14  # their newton-cg takes many seconds from here on, and comes to nothing


@dataclass(frozen=True)
class Fit:
    """How a fit ended: the model's excess, its iterations, and the beginning of a warning or an error."""

    excess: float
    n_iter: int
    said: str = ""


@dataclass(frozen=True)
class Verdict:
    """A fit of ours, the least excess of scikit-learn, and the excess that is always acceptable."""

    ours: Fit
    theirs: float
    limit: float

    @property
    def is_near(self) -> bool:
        return self.ours.excess <= self.limit or self.ours.excess <= self.theirs

    @property
    def is_silently_far(self) -> bool:
        """Whether it is far from the optimum, even if scikit-learn is too, and does not say so."""
        return not self.ours.excess <= max(FAR, self.limit) and "converge" not in self.ours.said

    def is_acceptable(self, solver: str) -> bool:
        """Near the optimum; a slow solver may say that it is not."""
        return self.is_near or (solver in SLOW and "converge" in self.ours.said)


def can_solve(solver: str, problem: Problem) -> bool:
    """Whether a solver of that name knows the problem."""
    row = SOLVERS[solver]
    return (row.is_multinomial or problem.n_classes == 2) and ("none" in row.penalties or bool(np.isfinite(problem.C)))


def judge(case: Case, solver: str, tol: float, *, always_compare: bool = False) -> Verdict:
    """Fit, and scikit-learn too where the fit alone does not settle it or the comparison is wanted."""
    problem, optimum = promised(case, solver)
    least = max(1e-8, 1e-3 * tol, rounding(problem, optimum, np.float64 if solver == "liblinear" else case.dtype))
    ours = fit(LogisticRegression, problem, optimum, solver, tol)
    is_needed = always_compare or not ours.excess <= least
    theirs = best_of_theirs(case, solver == "liblinear", tol) if is_needed else np.nan
    return Verdict(ours, theirs, least)


def promised(case: Case, solver: str) -> tuple[Problem, Optimum]:
    """The problem whose optimum a solver of that name promises, and the optimum."""
    if solver == "liblinear" and case.problem.fit_intercept:
        return case.penalised_intercept
    return case.problem, case.optimum


@lru_cache(maxsize=8)
def best_of_theirs(case: Case, is_liblinear: bool, tol: float) -> float:
    """The least excess of scikit-learn's solvers of the same problem."""
    problem, optimum = promised(case, "liblinear" if is_liblinear else "auto")
    solvers = ("liblinear",) if is_liblinear else PEERS
    if np.abs(problem.dense).max() > HUGE:
        solvers = tuple(each for each in solvers if each != "newton-cg")
    return min(fit(Theirs, problem, optimum, each, tol).excess for each in solvers)


def fit(kind: Any, problem: Problem, optimum: Optimum, solver: str, tol: float) -> Fit:
    """A fit's end; a warning or an error is part of it."""
    max_iter = MAX_ITER if kind is LogisticRegression else THEIR_MAX_ITER
    model = kind(solver=solver, tol=tol, max_iter=max_iter, random_state=0, **problem.parameters)
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore"):
        warnings.simplefilter("always")
        try:
            model.fit(problem.x, problem.y, problem.sample_weight)
        except (ValueError, ArithmeticError) as error:
            return Fit(np.inf, 0, f"{type(error).__name__}: {error}")
    said = "; ".join(dict.fromkeys(f"{each.category.__name__}: {each.message}" for each in caught))
    return Fit(excess(model, problem, optimum), int(np.max(model.n_iter_)), said)
