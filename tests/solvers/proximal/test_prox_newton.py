"""Proximal Newton steps: optima are exact, sparse, the same for every number of threads, and those of others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from available import BACKENDS, ELASTIC_NET
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression as Theirs

from fastnn.solvers.objective.duality_gap import duality_gap
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.objective.types import Solution
from fastnn.solvers.proximal import subproblem
from fastnn.solvers.proximal.prox_newton import prox_newton

FORMS = ["dense", "sparse"]


def data_of(n: int, i: int, classes: int, seed: int = 0, spread: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Half of X is zero; features have scales of up to 10**spread; the first few matter."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, i)) * (rng.random((n, i)) < 0.5)
    z = 2 * x[:, :4] @ rng.normal(size=(min(i, 4), classes))
    y = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
    return x * 10.0 ** rng.uniform(-spread, spread, i), y.astype(np.int32)


class Problem:
    """The mean loss with a penalty, and its solution."""

    def __init__(
        self, x: Any, y: np.ndarray, l1: Any = 0.0, l2: Any = 0.0, bounds: Any = (-np.inf, np.inf), **how: Any
    ) -> None:
        classes = int(y.max()) + 1
        self.objective = LogisticObjective(x, y, 1 if classes == 2 else classes, **how)
        o, split = self.objective.outputs, x.shape[1] * self.objective.outputs
        of_w = Separable.of(split, l1, l2, *bounds).table
        biases = Separable.of(o * self.objective.fit_intercept).table
        self.penalty = Separable(np.hstack([of_w, biases]))

    def solve(self, tol: float = 1e-11, max_iter: int = 500, **how: Any) -> Solution:
        return prox_newton(self.objective, self.penalty, tol=tol, max_iter=max_iter, **how)

    def excess(self, solution: Solution) -> np.ndarray:
        """The smallest subgradient at a solution: zero at an optimum."""
        return self.penalty.excess(solution.params, self.objective(solution.params)[1])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("with_hessian", [True, False])
@pytest.mark.parametrize("ratio", [1.0, 0.5])
def test_reaches_the_optimum(form: str, classes: int, with_hessian: bool, ratio: float, monkeypatch: Any) -> None:
    if not with_hessian:
        monkeypatch.setattr(subproblem, "MOST_WITH_HESSIAN", 0)
    x, y = data_of(150, 40, classes)
    problem = Problem(csr_matrix(x) if form == "sparse" else x, y, ratio * 0.01, (1 - ratio) * 0.01)
    solution = problem.solve()
    assert solution.converged
    # The gap grows with the error of the gradient, and with an L2 share with its square.
    assert problem.excess(solution).max() < (1e-10 if ratio == 1 else 1e-8)
    assert 0 < (solution.params == 0).sum() < 40 * problem.objective.outputs
    theirs = Theirs(**ELASTIC_NET, solver="saga", l1_ratio=ratio, C=1 / 0.01 / 150, tol=1e-9, max_iter=20_000).fit(x, y)
    w = solution.params[: 40 * problem.objective.outputs].reshape(40, -1)
    np.testing.assert_allclose(w.T, theirs.coef_, atol=2e-5)


@pytest.mark.parametrize("with_hessian", [True, False])
def test_more_features_than_rows_and_scales_of_twelve_orders(with_hessian: bool, monkeypatch: Any) -> None:
    if not with_hessian:
        monkeypatch.setattr(subproblem, "MOST_WITH_HESSIAN", 0)
    x, y = data_of(100, 300, 2, spread=6.0)
    scale = np.sqrt(np.square(x).mean(axis=0))
    problem = Problem(x, y, 0.03 * scale)
    solution = problem.solve(tol=1e-9)
    plain = Problem(x / scale, y, 0.03).solve(tol=1e-9)
    assert solution.converged
    assert solution.loss == pytest.approx(plain.loss, rel=1e-10)
    np.testing.assert_array_equal(solution.params == 0, plain.params == 0)
    np.testing.assert_allclose(solution.params[:-1] * scale, plain.params[:-1], atol=1e-6)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("with_hessian", [True, False])
def test_the_same_bits_for_every_number_of_threads(form: str, with_hessian: bool, monkeypatch: Any) -> None:
    if not with_hessian:
        monkeypatch.setattr(subproblem, "MOST_WITH_HESSIAN", 0)
    x, y = data_of(3000, 60, 3)
    x = csr_matrix(x) if form == "sparse" else x
    found = [Problem(x, y, 0.01, n_threads=threads).solve(tol=1e-3).params for threads in (1, 2, 3, 7)]
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


@pytest.mark.parametrize("form", FORMS)
def test_weights_are_repetitions(form: str) -> None:
    x, y = data_of(60, 10, 3)
    weight = np.random.default_rng(1).integers(0, 4, 60)
    repeated = Problem(np.repeat(x, weight, axis=0), np.repeat(y, weight), 0.02).solve()
    x = csr_matrix(x) if form == "sparse" else x
    weighted = Problem(x, y, 0.02, sample_weight=weight.astype(float)).solve()
    np.testing.assert_allclose(weighted.params, repeated.params, atol=1e-9)


@pytest.mark.parametrize("backend", BACKENDS)
def test_backends_agree(backend: str) -> None:
    x, y = data_of(80, 12, 2)
    problem = Problem(x, y, 0.02, 0.01, backend=backend)
    np.testing.assert_allclose(problem.solve().params, Problem(x, y, 0.02, 0.01).solve().params, atol=1e-10)


def test_indices_of_64_bits(monkeypatch: Any) -> None:
    monkeypatch.setattr(subproblem, "MOST_WITH_HESSIAN", 0)
    x, y = data_of(80, 12, 2)
    wide, narrow = csr_matrix(x), csr_matrix(x)
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    np.testing.assert_array_equal(Problem(wide, y, 0.02).solve().params, Problem(narrow, y, 0.02).solve().params)


@pytest.mark.parametrize("with_hessian", [True, False])
def test_elements_that_are_stored_in_parts(with_hessian: bool, monkeypatch: Any) -> None:
    if not with_hessian:
        monkeypatch.setattr(subproblem, "MOST_WITH_HESSIAN", 0)
    x, y = data_of(80, 12, 2)
    whole = csr_matrix(x)
    parts = csr_matrix((np.repeat(whole.data / 3, 3), np.repeat(whole.indices, 3), whole.indptr * 3), whole.shape)
    found, wanted = Problem(parts, y, 0.02).solve(), Problem(whole, y, 0.02).solve()
    assert found.converged
    np.testing.assert_allclose(found.params, wanted.params, atol=1e-9)


def test_without_an_intercept_and_from_a_start() -> None:
    x, y = data_of(120, 15, 2)
    problem = Problem(x, y, 0.02, fit_intercept=False)
    cold = problem.solve()
    warm = problem.solve(start=cold.params)
    assert cold.params.shape == (15,)
    assert problem.excess(cold).max() < 1e-10
    assert warm.n_iter <= 1 < cold.n_iter
    np.testing.assert_allclose(warm.params, cold.params, atol=1e-12)


@pytest.mark.parametrize("seed", range(40))
def test_an_optimum_is_an_end_to_begin_with(seed: int) -> None:
    """Where the means of the features make the gradient's rounding as large as a gap that would be enough."""
    x, y = data_of(400, 6, 3, seed)
    scale = np.logspace(-2, 2, 6)
    problem = Problem(x * scale + np.linspace(0, 30, 6), y, np.repeat(0.02 * scale, 3))
    best = problem.solve(tol=1e-7)
    again = problem.solve(tol=1e-7, start=best.params, max_iter=20)
    assert again.converged, again.message
    assert again.loss == pytest.approx(best.loss, rel=1e-13)


def test_a_penalty_too_strong_leaves_the_intercept_alone() -> None:
    x, y = data_of(90, 8, 2)
    solution = Problem(x, y, 1.0).solve()
    share = y.mean()
    np.testing.assert_allclose(solution.params, [*np.zeros(8), np.log(share / (1 - share))], atol=1e-9)


def test_constant_and_duplicated_columns_do_no_harm() -> None:
    x, y = data_of(100, 6, 2)
    wide = np.hstack([x, x, np.full((100, 1), 7.0), np.zeros((100, 1))])
    for form in (wide, csr_matrix(wide)):
        problem = Problem(form, y, 0.02)
        solution = problem.solve()
        assert solution.converged
        assert solution.loss == pytest.approx(Problem(x, y, 0.02).solve().loss, rel=1e-12)
        np.testing.assert_array_equal(solution.params[12:14], 0.0)


def test_a_column_far_from_zero_keeps_its_digits() -> None:
    x, y = data_of(200, 5, 2)
    far = x + np.array([1e6, 0, -1e5, 0, 0])
    near, moved = Problem(x, y, 0.01).solve().params, Problem(far, y, 0.01).solve().params
    np.testing.assert_allclose(moved[:-1], near[:-1], atol=1e-7)


@pytest.mark.parametrize("l1", [0.0, 0.02])
def test_bounds_hold_and_are_optimal(l1: float) -> None:
    x, y = data_of(150, 10, 3)
    problem = Problem(x, y, l1, 0.01, bounds=(-0.2, 0.3))
    solution = problem.solve()
    w = solution.params[:30]
    assert solution.converged
    assert w.min() == -0.2
    assert w.max() == 0.3
    assert problem.excess(solution).max() < 1e-10
    assert Problem(x, y, l1, 0.01).excess(solution).max() > 1e-3


def test_float32_is_solved_to_its_rounding() -> None:
    x, y = data_of(400, 20, 2)
    solution = Problem(x.astype(np.float32), y, 0.01).solve(tol=1e-12)
    assert solution.converged
    assert solution.loss == pytest.approx(Problem(x, y, 0.01).solve().loss, rel=1e-6)


def test_the_gap_bounds_the_distance_from_the_optimum() -> None:
    x, y = data_of(100, 8, 2)
    problem = Problem(x, y, 0.02, 0.003)
    best = problem.solve()
    rng = np.random.default_rng(2)
    for scale in (0.0, 1e-3, 1e-1, 1.0):
        params = best.params + scale * rng.normal(size=9)
        loss, gradient = problem.objective(params)
        # The bound holds where the intercept is at its best.
        for _ in range(50):
            params[-1] -= 4 * gradient[-1]
            loss, gradient = problem.objective(params)
        z = x @ params[:-1] + params[-1]
        wrong = 1 / (1 + np.exp(np.where(y == 1, z, -z)))
        value = loss + problem.penalty.value(params)
        gap = duality_gap(value, params, gradient, problem.penalty, wrong[:, None], problem.objective)
        assert gap >= value - best.loss - 1e-12
        assert gap < (1e-9 if scale == 0 else 10.0)


def test_separable_rows_and_too_few_steps_are_reported() -> None:
    x, y = data_of(150, 40, 2)
    problem = Problem(x, y, 0.01)
    solution = problem.solve(max_iter=1)
    assert not solution.converged
    assert solution.n_iter == 1
    assert "duality gap" in solution.message
    assert not problem.solve(max_iter=0).params.any()


def test_watch_sees_every_step() -> None:
    x, y = data_of(150, 40, 2)
    seen: list[tuple[int, float]] = []
    solution = Problem(x, y, 0.01).solve(watch=lambda step, params, value: seen.append((step, value)))
    assert [step for step, _ in seen] == list(range(1, solution.n_iter + 1))
    values = [value for _, value in seen]
    assert values == sorted(values, reverse=True) or np.ptp(values[-3:]) < 1e-12
    assert values[-1] == solution.loss
