"""SAGA goes to the optimum by itself where it is quick, and says so where it is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning

from fastnn import LogisticRegression
from fastnn.solvers import stochastic
from fastnn.solvers.minimise import minimise, minimise_separable
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.objective.types import Goal, Solution
from fastnn.solvers.proximal.prox_newton import prox_newton
from fastnn.solvers.saga import saga as of_saga
from fastnn.solvers.saga.saga import saga
from fastnn.solvers.saga.state import SagaState
from fastnn.solvers.saga.stopping import ByGap, ByGradient
from fastnn.solvers.smooth.newton_cholesky import newton_cholesky

FORMS = ["dense", "sparse", "sparse by columns"]


def problem(
    rng: np.random.Generator, form: str = "dense", o: int = 1, n: int = 400, **settings: Any
) -> LogisticObjective:
    """Features of different means and scales, the sparse ones mostly zero, and labels that they half explain."""
    i = 6
    x = rng.normal(size=(n, i)) * (1 if form == "dense" else rng.random((n, i)) < 0.3)
    z = x @ rng.normal(size=(i, max(o, 2))) + rng.gumbel(size=(n, max(o, 2)))
    x = x * np.logspace(-2, 2, i) + (np.linspace(0, 30, i) if form == "dense" else 0)
    rows = x.astype(settings.pop("dtype", float))
    weight = (rng.random(n) * (np.arange(n) % 4 > 0)).astype(rows.dtype) if settings.pop("weighted", False) else None
    y = z.argmax(axis=1).astype(np.int32)
    made = {"dense": np.asarray, "sparse": sp.csr_array, "sparse by columns": sp.csc_array}[form]
    return LogisticObjective(made(rows), y, o, sample_weight=weight, **settings)


def solved(objective: LogisticObjective, penalty: Separable, tol: float = 1e-10, **options: Any) -> Solution:
    """By SAGA alone, in the units that `minimise` has."""
    scaled = objective.in_units(objective.rescaled().unit)  # without a centre, as it has its own
    ratio = objective.unit / scaled.unit
    l1, l2, lower, upper = penalty.table
    scaled_penalty = Separable(np.stack([l1 * ratio, l2 * ratio**2, lower / ratio, upper / ratio]))
    options = {"rule": ByGradient(scaled, scaled_penalty, tol), "max_iter": 2000, "seed": 0} | options
    found = saga(scaled, scaled_penalty, np.zeros(objective.n_params), **options)
    return Solution(found.params * ratio, found.loss, found.n_iter, found.converged, found.message)


@pytest.mark.parametrize("form", FORMS)
def test_a_chain_goes_from_params_to_the_same_in_any_units(form: str, rng: np.random.Generator) -> None:
    objective = problem(rng, form, 3)
    objective = objective.in_units(rng.uniform(0.5, 2, objective.n_params))
    state, params = SagaState(objective, Separable.of(objective.n_params), seed=0), rng.normal(size=objective.n_params)
    state.start(params)
    np.testing.assert_allclose(state.params(), params, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("o", [1, 3])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_by_itself_it_goes_where_newtons_method_goes(
    form: str, o: int, weighted: bool, alpha: float, dtype: Any, rng: np.random.Generator
) -> None:
    objective = problem(rng, form, o, weighted=weighted, dtype=dtype)
    strength = objective.penalised(alpha).strength
    found = solved(objective, Separable.of(objective.n_params, l2=strength))
    assert found.converged, found.message
    x = objective.x.astype(float)
    weight = None if objective.sample_weight is None else objective.sample_weight.astype(float)
    precise = LogisticObjective(x, objective.y, o, sample_weight=weight, alpha=alpha).rescaled()
    wanted = newton_cholesky(precise, np.zeros(objective.n_params), goal=Goal(1e-12), max_iter=100)
    assert precise(precise.coordinates.from_user(found.params))[0] == pytest.approx(wanted.loss, rel=1e-12)
    ours, theirs = precise.coordinates.from_user(found.params), wanted.params
    np.testing.assert_allclose(precise.centred(ours), precise.centred(theirs), atol=1e-6)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("o", [1, 3])
@pytest.mark.parametrize("kind", ["l1", "elastic net", "bounds", "one free"])
def test_penalties_and_bounds_are_prox_newtons(form: str, o: int, kind: str, rng: np.random.Generator) -> None:
    objective = problem(rng, form, o, weighted=True)
    by_feature = np.repeat(np.logspace(-2, 2, 6), o)  # as large as the features
    free = np.append(by_feature, np.zeros(o))
    settings: dict[str, Any] = {
        "l1": {"l1": 0.02 * free},
        "elastic net": {"l1": 0.01 * free, "l2": 0.02 * free**2},
        "bounds": {
            "l2": 1e-3 * free**2,
            "lower": np.append(-0.1 / by_feature, np.full(o, -np.inf)),
            "upper": 0.2 / 1e-2,
        },
        "one free": {"l1": 0.02 * free * (np.arange(len(free)) >= o)},
    }[kind]
    penalty = Separable.of(objective.n_params, **settings)
    found = minimise_separable(objective, penalty, solver="saga", tol=1e-7, max_iter=2000)
    wanted = prox_newton(objective, penalty, tol=1e-7, max_iter=100)
    assert found.converged
    value = [objective(each.params)[0] + penalty.value(each.params) for each in (found, wanted)]
    assert value[0] == pytest.approx(value[1], rel=1e-10)
    held = penalty.table[0] > 0
    np.testing.assert_array_equal(found.params[held] == 0, wanted.params[held] == 0)
    assert (found.params >= penalty.table[2]).all()
    assert (found.params <= penalty.table[3]).all()


def test_the_gap_is_no_promise_that_it_breaks(rng: np.random.Generator) -> None:
    """It bounds what is left, at any point, by the table of any other point."""
    for form in FORMS:
        objective = problem(rng, form, fit_intercept=False)
        penalty = Separable.of(6, l1=0.01 * np.logspace(-2, 2, 6))
        best = prox_newton(objective, penalty, tol=1e-8, max_iter=100)
        rule, state = ByGap(objective, penalty, 1e-4), SagaState(objective, penalty, 0)
        for share in (0.0, 0.5, 0.99, 1.01):
            state.start(best.params * share)
            for moved in (0.9, 1.0):
                value, error = rule(best.params * moved, state.gradient(), state.table)
                assert error * value >= value - best.loss - 1e-12
        state.start(best.params)
        assert rule(best.params, state.gradient(), state.table)[1] < 1e-9


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("o", [1, 3])
def test_a_chain_has_other_variables_and_tells_in_the_objectives(form: str, o: int, rng: np.random.Generator) -> None:
    objective = problem(rng, form, o, weighted=True)
    objective = objective.in_units(objective.rescaled().unit)
    state = SagaState(objective, Separable.of(objective.n_params, l2=0.1), 0)
    params = rng.normal(size=objective.n_params)
    state.start(params)
    np.testing.assert_allclose(state.params(), params, rtol=1e-12)
    np.testing.assert_allclose(state.gradient(), objective(params)[1], atol=1e-12)


@pytest.mark.parametrize(("floor", "is_rounding"), [(5e-13, True), (5e-11, False)])
def test_an_error_that_rounding_holds_up_is_an_end(floor: float, is_rounding: bool, rng: np.random.Generator) -> None:
    """Before its rate, which is none any more, would say that it takes far too long."""

    class Rounded(ByGap):
        def __call__(self, *arguments: Any) -> tuple[float, float]:
            value, error = super().__call__(*arguments)
            return value, max(error, floor)

    objective = problem(rng)
    penalty = Separable.of(objective.n_params, l1=0.02 * np.append(np.logspace(-2, 2, 6), 0.0))
    rule = Rounded(objective, penalty, 1e-8)
    found = saga(objective, penalty, np.zeros(objective.n_params), rule=rule, max_iter=2000, seed=0)
    assert found.converged is is_rounding
    assert found.n_iter < 100


def test_the_seed_alone_decides(rng: np.random.Generator) -> None:
    objective = problem(rng, n=30_000)
    found = []
    for seed, threads in ((0, 1), (0, 2), (0, 3), (1, 1)):
        weight, y = objective.sample_weight, objective.y
        same = LogisticObjective(objective.x, y, 1, sample_weight=weight, alpha=1.0, n_threads=threads)
        found.append(minimise(same, solver="saga", seed=seed, tol=1e-5).params)
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
    assert (found[0] != found[3]).any()
    np.testing.assert_allclose(found[0], found[3], rtol=1e-2, atol=1e-3)


def test_rows_without_weight_have_no_turns(rng: np.random.Generator) -> None:
    objective = problem(rng, weighted=True)
    kept = objective.sample_weight > 0
    weight = np.ascontiguousarray(objective.sample_weight[kept])
    fewer = LogisticObjective(objective.x[kept], objective.y[kept], 1, sample_weight=weight)
    penalty = Separable.of(objective.n_params, l2=1e-3)
    states = [SagaState(each, penalty, 0) for each in (objective, fewer)]
    for state in states:
        state.start(np.zeros(objective.n_params))
        state.advance(1e-3)
    np.testing.assert_allclose(states[0].params(), states[1].params(), rtol=1e-9, atol=1e-12)
    assert states[0].curvature == pytest.approx(states[1].curvature)


def test_the_step_follows_what_it_measures(monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator) -> None:
    """A few rows that are far away hold the proven step down to where nothing moves."""
    objective = problem(rng)
    objective.x[::100] *= 10
    penalty = Separable.of(objective.n_params, l2=objective.penalised(1.0).strength)
    found = solved(objective, penalty, 1e-6)
    assert found.converged
    monkeypatch.setattr(of_saga, "_GROWTH", 1.0)
    assert not solved(objective, penalty, 1e-6, max_iter=found.n_iter).converged
    monkeypatch.setattr(of_saga, "_FIRST", 1e4)  # far too long a step is taken back
    assert solved(objective, penalty, 1e-6).converged


def test_the_objective_never_rises_for_who_watches(rng: np.random.Generator) -> None:
    losses: list[float] = []
    objective = problem(rng, o=3, alpha=1.0)
    found = minimise(objective, solver="saga", watch=lambda iteration, params, loss: losses.append(loss))
    assert len(losses) == found.n_iter
    assert (np.diff(losses) <= 1e-12).all()


def test_where_it_would_take_far_too_long_another_goes_on(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    """Sparse columns keep their means, and one that hardly varies is nearly the intercept."""
    objective = problem(rng, "sparse")
    x = objective.x.toarray()
    x[:, 0] = 1e4 + rng.normal(size=len(x))
    objective = LogisticObjective(sp.csr_array(x), objective.y, 1, alpha=1e-3)
    iterations: list[int] = []
    found = minimise(
        objective, solver="saga", tol=1e-7, max_iter=400, watch=lambda iteration, *_: iterations.append(iteration)
    )
    assert found.converged
    assert found.loss == pytest.approx(minimise(objective, tol=1e-9).loss, rel=1e-9)
    assert iterations == list(range(1, found.n_iter + 1))
    monkeypatch.setattr(stochastic, "_continued", lambda found, *_: found)
    alone = minimise(objective, solver="saga", tol=1e-7, max_iter=400)
    assert not alone.converged
    assert "the largest component of the gradient is" in alone.message
    assert alone.n_iter < found.n_iter


def test_numbers_that_are_not_finite_end_it(rng: np.random.Generator) -> None:
    objective = problem(rng)
    objective.x[3, 2] = np.nan
    assert not np.isfinite(minimise(objective, solver="saga").loss)
    penalty = Separable.of(objective.n_params, l1=0.1)
    assert not np.isfinite(minimise_separable(objective, penalty, solver="saga").loss)


# --- the estimator ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parameters", [{}, {"l1_ratio": 0.5}])
def test_random_state_decides_about_the_order(parameters: dict[str, Any]) -> None:
    x, y = load_iris(return_X_y=True)
    fits = [LogisticRegression(solver="saga", random_state=seed, **parameters).fit(x, y).coef_ for seed in (0, 0, 1)]
    np.testing.assert_array_equal(fits[0], fits[1])
    assert (fits[0] != fits[2]).any()
    np.testing.assert_allclose(fits[0], fits[2], atol=1e-2)


@pytest.mark.parametrize("parameters", [{}, {"l1_ratio": 1.0}])
def test_a_limit_too_low_warns(parameters: dict[str, Any]) -> None:
    x, y = load_iris(return_X_y=True)
    with pytest.warns(ConvergenceWarning, match="The max_iter was reached"):
        model = LogisticRegression(solver="saga", max_iter=2, random_state=0, **parameters).fit(x, y)
    assert model.n_iter_[0] == 2
