"""The table of solvers: what a row says is what LogisticRegression does, and a new solver is one row."""

from __future__ import annotations

import re
from dataclasses import FrozenInstanceError
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning

from fastnn import LogisticRegression, LogisticRegressionCV
from fastnn.solvers.minimise import minimise, minimise_separable
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.objective.types import Solution, SolverOptions, Vector
from fastnn.solvers.smooth.logistic import solve_by_cheapest
from fastnn.solvers.table import SOLVERS, Solver, lists_solvers, solver_named, solver_with

X, Y = load_iris(return_X_y=True)
Y2 = (Y == 2).astype(int)
PENALTIES: dict[str, dict[str, Any]] = {
    "l2": {},
    "none": {"C": np.inf},
    "l1": {"l1_ratio": 1.0},
    "elasticnet": {"l1_ratio": 0.5},
}


def test_rows_have_their_names_and_stay_what_they_are() -> None:
    assert all(name == solver.name for name, solver in SOLVERS.items())
    with pytest.raises(FrozenInstanceError):
        SOLVERS["auto"].margin = 1.0  # type: ignore[misc]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("name", SOLVERS)
def test_a_penalty_is_taken_or_refused_as_the_row_says(name: str, penalty: str) -> None:
    model = LogisticRegression(solver=name, random_state=0, **PENALTIES[penalty])
    if penalty in SOLVERS[name].penalties:
        assert np.isfinite(model.fit(X, Y2).coef_).all()
        return
    with pytest.raises(ValueError, match=rf"(?i)solver.*{solver_with(penalty)!r}") as refused:
        model.fit(X, Y2)
    assert name in str(refused.value)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", SOLVERS)
def test_bounds_more_classes_and_dual_are_taken_or_refused_as_the_row_says(name: str) -> None:
    solver = SOLVERS[name]
    cases = [
        (solver.takes_bounds, {"bounds": (-0.1, 0.1)}, Y2, "knows no bounds. Use solver='auto'"),
        (solver.is_multinomial, {}, Y, "does not support multiclass classification. Use solver='auto'"),
        (solver.takes_dual, {"dual": True}, Y2, "supports only dual=False"),
        (not solver.penalises_intercept, {"standardize": True}, Y2, "penalises the intercept"),
    ]
    for is_taken, parameters, y, message in cases:
        model = LogisticRegression(solver=name, random_state=0, **parameters)
        if is_taken:
            model.fit(X, y)
        else:
            with pytest.raises(ValueError, match=message) as refused:
                model.fit(X, y)
            assert name in str(refused.value)


@pytest.mark.parametrize("name", SOLVERS)
def test_too_few_iterations_warn_as_the_row_says(name: str) -> None:
    beginning = SOLVERS[name].warning.format(solver=name, n_iter=1)
    with pytest.warns(ConvergenceWarning, match=re.escape(beginning)):
        LogisticRegression(solver=name, max_iter=1, tol=1e-12).fit(X, Y2)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", SOLVERS)
def test_random_numbers_are_drawn_as_the_row_says(name: str) -> None:
    state = np.random.RandomState(0)
    LogisticRegression(solver=name, random_state=state, max_iter=2).fit(X, Y2)
    assert (state.randint(2**31 - 1) != np.random.RandomState(0).randint(2**31 - 1)) == SOLVERS[name].is_stochastic


def test_a_name_that_is_not_there_is_refused_with_the_nearest() -> None:
    objective = LogisticObjective(X, Y2.astype(np.int32), 1)
    with pytest.raises(ValueError, match="Unknown solver 'newton-gc'. Did you mean 'newton-cg'"):
        minimise(objective, solver="newton-gc")
    with pytest.raises(ValueError, match="Unknown solver 'sagas'. Did you mean 'saga'"):
        minimise_separable(objective, Separable.of(objective.n_params), solver="sagas")
    assert solver_named("saga") is SOLVERS["saga"]


def test_documentation_lists_the_table() -> None:
    text = " ".join(str(LogisticRegression.__doc__).split())
    assert "{solvers}" not in text
    for name, solver in SOLVERS.items():
        assert f'- "{name}": {solver.description}. Takes ' in text


def test_a_class_without_documentation_stays_without() -> None:
    """Python with -OO strips it."""
    bare = type("Bare", (), {})
    assert lists_solvers(bare).__doc__ is None


def toy(objective: LogisticObjective, start: Vector, options: SolverOptions) -> Solution:
    """Newton's method without any line search."""
    params = start
    for iteration in range(1, options.max_iter + 1):
        loss, d_params, hessian = objective.with_hessian(params)
        if np.abs(d_params).max() <= options.tol:
            return Solution(params, loss, iteration - 1, True)
        params = params - np.linalg.lstsq(hessian, d_params, rcond=1e-12)[0]
        if options.watch is not None:
            options.watch(iteration, params, loss)
    return Solution(params, objective(params)[0], options.max_iter, False, "The toy is broken")


@pytest.mark.parametrize("y", [Y, Y2], ids=["three", "two"])
def test_a_new_solver_is_one_row(y: np.ndarray, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """Checks of parameters, errors and warnings know it by that row alone."""
    model = LogisticRegression(solver="toy", tol=1e-9, verbose=1)
    with pytest.raises(ValueError, match="Got 'toy' instead"):
        model.fit(X, y)
    row = Solver("toy", "a toy", toy, takes_bounds=False, is_multinomial=y is Y, margin=1e-3, warning="Toys break")
    monkeypatch.setitem(SOLVERS, "toy", row)
    wanted = LogisticRegression(tol=1e-10).fit(X, y)
    np.testing.assert_allclose(model.fit(X, y).coef_, wanted.coef_, atol=1e-8)
    np.testing.assert_allclose(model.intercept_, wanted.intercept_, atol=1e-8)
    assert capsys.readouterr().out.count("Iteration") == model.n_iter_[0] > 1
    with pytest.raises(ValueError, match="one of 'auto'.*'toy'"):
        LogisticRegression(solver="toys").fit(X, y)
    with pytest.raises(ValueError, match="toy supports only 'l2' or None penalties.*Use solver='auto'"):
        LogisticRegression(solver="toy", l1_ratio=1.0).fit(X, y)
    with pytest.raises(ValueError, match="toy knows no bounds"):
        LogisticRegression(solver="toy", bounds=(0, 1)).fit(X, y)
    with pytest.warns(ConvergenceWarning, match="Toys break.*The toy is broken"):
        LogisticRegression(solver="toy", max_iter=1).fit(X, y)
    if y is Y2:
        with pytest.raises(ValueError, match="'toy' solver does not support multiclass"):
            LogisticRegression(solver="toy").fit(X, Y)
    parameters = {"Cs": [0.1, 1.0], "l1_ratios": (0,), "scoring": "accuracy", "use_legacy_attributes": False}
    assert LogisticRegressionCV(solver="toy", **parameters).fit(X, y).C_ in (0.1, 1.0)


def test_a_new_solver_may_do_every_penalty_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def zeros(
        objective: LogisticObjective, penalty: Separable, start: Vector | None, options: SolverOptions
    ) -> Solution:
        seen.append((penalty.table[0].max(), start, options.seed))
        return Solution(np.zeros(objective.n_params), 1.0, 3, True)

    row = Solver("zeros", "zeros", solve_by_cheapest, zeros, penalties=("l1", "l2"), is_stochastic=True)
    monkeypatch.setitem(SOLVERS, "zeros", row)
    model = LogisticRegression(solver="zeros", l1_ratio=1.0, random_state=0).fit(X, Y2)
    assert not model.coef_.any()
    assert seen == [(pytest.approx(1 / len(X)), None, np.random.RandomState(0).randint(2**31 - 1))]
    assert model.fit(X, Y2).n_iter_[0] == 3
