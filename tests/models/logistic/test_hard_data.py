"""Logistic regression on hard data: every solver comes to the optimum, or says that it has not."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hard_data import Case, cases, labels, milliseconds, rare
from judge import TOLERANCES, can_solve, judge
from optimum import Problem, excess, find_optimum, objective_at
from sklearn.datasets import load_breast_cancer, load_digits, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegressionCV as TheirsCV
from solver_names import ALL, PRECISE

from fastnn import LogisticRegression, LogisticRegressionCV

QUICK = [case for case in cases() if case.is_quick]


@pytest.mark.parametrize("tol", TOLERANCES)
@pytest.mark.parametrize("solver", ALL)
@pytest.mark.parametrize("family", dict.fromkeys(case.family for case in QUICK))
def test_a_solver_comes_to_the_optimum_or_says_that_it_has_not(family: str, solver: str, tol: float) -> None:
    failed = []
    for case in QUICK:
        if case.family == family and can_solve(solver, case.problem):
            verdict = judge(case, solver, tol)
            if not verdict.is_acceptable(solver) or verdict.is_silently_far:
                failed.append(f"{case.name}: {verdict.ours}, {verdict.theirs:.1e} by scikit-learn")
    assert not failed, "\n".join(failed)


@pytest.mark.parametrize("case", [case for case in QUICK if "C=inf" in case.name or "i=3" in case.name][::4], ids=str)
def test_nothing_near_the_reference_is_below_it(case: Case) -> None:
    problem, optimum = case.problem, case.optimum
    rng = np.random.default_rng(0)
    assert abs(excess_of_moved(problem, optimum, np.zeros(len(optimum.intercept)))) < 1e-8
    for size in (1e-4, 1e-2):
        assert excess_of_moved(problem, optimum, size * rng.standard_normal(len(optimum.intercept))) > -1e-13


def excess_of_moved(problem: Problem, optimum: Any, move: np.ndarray) -> float:
    """The relative excess where coefficients and, around the medians, raw outputs are a little larger."""
    coef = optimum.coef * (1 + move[:, None])
    intercept = optimum.intercept * (1 + move) + move * problem.fit_intercept
    return objective_at(problem, coef, intercept) / optimum.objective - 1


# --- three examples in full ---------------------------------------------------------------------


def one_outlier(size: float = 1e9) -> Problem:
    """A slope of 2, and one row far out on the side of its class."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((1000, 1))
    y = labels(rng, 2 * x[:, 0])
    x[0], y[0] = size, 1
    return Problem(x, y)


@pytest.mark.parametrize("solver", PRECISE)
def test_an_outlier_that_agrees_leaves_the_slope_of_the_others(solver: str) -> None:
    problem = one_outlier()
    optimum = find_optimum(problem)
    others = find_optimum(replace(problem, x=problem.x[1:], y=problem.y[1:]))
    assert optimum.coef == pytest.approx(others.coef, rel=1e-6)
    model = LogisticRegression(solver=solver, max_iter=1000).fit(problem.x, problem.y)
    assert model.coef_ == pytest.approx(optimum.coef, rel=1e-2)
    assert excess(model, problem, optimum) < 1e-7


@pytest.mark.parametrize("solver", PRECISE)
def test_moments_in_milliseconds(solver: str) -> None:
    problem = milliseconds()
    optimum = find_optimum(problem)
    model = LogisticRegression(solver=solver, max_iter=1000).fit(problem.x, problem.y)
    assert excess(model, problem, optimum) < 1e-7
    p = model.predict_proba(problem.x)[:, 1]
    assert p.mean() == pytest.approx(problem.y.mean(), rel=1e-2)
    assert np.corrcoef(p, problem.y)[0, 1] > 0.5


@pytest.mark.parametrize("solver", PRECISE)
def test_the_mean_probability_of_rare_events_is_their_rate(solver: str) -> None:
    problem = rare(3e-5)
    assert (len(problem.y), problem.y.sum()) == (100_000, 3)
    model = LogisticRegression(solver=solver, max_iter=1000).fit(problem.x, problem.y)
    assert model.predict_proba(problem.x)[:, 1].mean() == pytest.approx(3e-5, rel=1e-3)


# --- cross-validation ---------------------------------------------------------------------------


@pytest.mark.parametrize("solver", PRECISE)
@pytest.mark.parametrize("make", [one_outlier, milliseconds], ids=["outlier", "milliseconds"])
def test_cross_validation_refits_at_the_optimum(make: Any, solver: str) -> None:
    problem = make()
    model = cross_validated(LogisticRegressionCV, problem.x, problem.y, Cs=[1.0], solver=solver)
    assert excess(model, problem, find_optimum(problem)) < 1e-7


@pytest.mark.sklearn_1_9
@pytest.mark.parametrize("name", ["breast cancer", "wine", "digits, two classes"])
def test_cross_validations_paths_are_scikit_learns(name: str) -> None:
    x, y = real_data(name)
    folds = {"Cs": 10, "cv": 3, "tol": 1e-8}
    # Their lbfgs ends 1e-2 from the optimum at this tol, where C is 1e4.
    theirs = cross_validated(TheirsCV, x, y, **{**folds, "tol": 1e-12}, solver="newton-cholesky")
    for solver in ("auto", "lbfgs"):
        ours = cross_validated(LogisticRegressionCV, x, y, **folds, solver=solver)
        np.testing.assert_allclose(
            centred(ours.coefs_paths_), centred(theirs.coefs_paths_), rtol=1e-4, atol=1e-4, err_msg=solver
        )


def real_data(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Standardised."""
    load = {"breast cancer": load_breast_cancer, "wine": load_wine}.get(name, load_digits)
    x, y = load(return_X_y=True)
    if name == "digits, two classes":
        y = y % 2
    return (x - x.mean(axis=0)) / np.where(x.std(axis=0) > 0, x.std(axis=0), 1), y


def cross_validated(kind: Any, x: np.ndarray, y: np.ndarray, **parameters: Any) -> Any:
    """A fitted model with the new attributes; max_iter 1000 unless given."""
    parameters = {"max_iter": 1000, "l1_ratios": (0,), "scoring": "neg_log_loss", "cv": 3, **parameters}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore" if kind is TheirsCV else "error", ConvergenceWarning)
        return kind(use_legacy_attributes=False, **parameters).fit(x, y)


def centred(paths: np.ndarray) -> np.ndarray:
    """Intercepts of many classes are free to move together, and nothing depends on it."""
    paths = paths.copy()
    if paths.shape[3] > 1:
        paths[..., -1] -= paths[..., -1].mean(axis=3, keepdims=True)
    return paths
