"""Every solver of logistic regression goes to the same optimum, that of a plain Newton's method in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from random_sparse import random_array
from solver_names import SECOND_ORDER

from fastnn.kernels.select import kernels_for
from fastnn.solvers import minimise as of_minimise
from fastnn.solvers.minimise import minimise
from fastnn.solvers.objective.cost_model import factor_cost, gram_cost, hessian_cost, newton_pays
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.types import Goal
from fastnn.solvers.preconditioner.choose import preconditioner_for
from fastnn.solvers.preconditioner.preconditioners import (
    DiagonalPreconditioner,
    PartialPreconditioner,
    SharedPreconditioner,
    diagonal_of,
)
from fastnn.solvers.preconditioner.sampled_hessian import SampledHessian
from fastnn.solvers.smooth.lbfgs import lbfgs
from fastnn.solvers.smooth.newton_on_samples import sample_steps


def draw(n: int, i: int, classes: int, density: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([n, i, classes, seed])
    x = rng.normal(size=(n, i)) @ (np.eye(i) + 0.3 * rng.normal(size=(i, i)) / i**0.5)
    x[rng.uniform(size=x.shape) > density] = 0
    z = x @ rng.normal(size=(i, classes)) / i**0.5 + rng.gumbel(size=(n, classes))
    y = z.argmax(axis=1).astype(np.int32)
    y[:classes] = np.arange(classes)
    return x, y


def problem(x: Any, y: np.ndarray, **settings: Any) -> LogisticObjective:
    classes = int(y.max()) + 1
    return LogisticObjective(x, y, 1 if classes == 2 else classes, **settings)


def optimum(objective: LogisticObjective) -> float:
    """The least loss, by Newton's method with NumPy's own solver, in the reference's passes."""
    x = objective.x if isinstance(objective.x, np.ndarray) else objective.x.toarray()
    settings = {"sample_weight": objective.sample_weight, "fit_intercept": objective.fit_intercept}
    strength = objective.strength[: x.shape[1] * objective.outputs : objective.outputs] * objective.total
    plain = LogisticObjective(
        x.astype(float), objective.y, objective.outputs, alpha=strength, backend="reference", **settings
    )
    scaled = plain.rescaled()
    params = np.zeros(plain.n_params)
    for _ in range(100):
        loss, d_params, hessian = scaled.with_hessian(params)
        step = np.linalg.lstsq(hessian, d_params, rcond=1e-14)[0]
        while scaled(params - step)[0] > loss + 1e-15 * abs(loss) and np.abs(step).max() > 1e-14:
            step = step / 2
        params = params - step
        if np.abs(step).max() < 1e-13:
            break
    return scaled(params)[0]


GRID: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "binary": ({"n": 300, "i": 5, "classes": 2}, {"alpha": 1.0}),
    "binary, no penalty": ({"n": 400, "i": 4, "classes": 2}, {"alpha": 0.0}),
    "binary, no intercept": ({"n": 200, "i": 7, "classes": 2}, {"alpha": 0.1, "fit_intercept": False}),
    "strong penalty": ({"n": 200, "i": 7, "classes": 2}, {"alpha": 1e3}),
    "a penalty for each": ({"n": 200, "i": 3, "classes": 2}, {"alpha": np.array([0.0, 1.0, 100.0])}),
    "three classes": ({"n": 300, "i": 6, "classes": 3}, {"alpha": 1.0}),
    "three classes, no penalty": ({"n": 400, "i": 3, "classes": 3}, {"alpha": 0.0}),
    "more features than rows": ({"n": 40, "i": 90, "classes": 2}, {"alpha": 1.0}),
    "many classes": ({"n": 500, "i": 8, "classes": 12}, {"alpha": 0.5}),
    "sparse": ({"n": 500, "i": 30, "classes": 2, "density": 0.1}, {"alpha": 1.0}),
    "sparse, four classes": ({"n": 400, "i": 20, "classes": 4, "density": 0.2}, {"alpha": 1.0}),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("scales", ["alike", "apart"])
@pytest.mark.parametrize("case", GRID)
def test_solvers_agree(case: str, scales: str, weighted: bool) -> None:
    """Also where features are as small as 1e-6 and as large as 1e6."""
    shape, settings = GRID[case]
    x, y = draw(**shape)
    if scales == "apart":
        x = x * np.logspace(-6, 6, x.shape[1])
    if weighted:
        weight = np.random.default_rng(1).uniform(size=len(y)) * (np.arange(len(y)) % 5 > 0)
        settings = settings | {"sample_weight": weight}
    wanted = optimum(problem(x, y, **settings))
    for solver in SECOND_ORDER:
        objective = problem(sp.csr_array(x) if "density" in shape else x, y, **settings)
        solution = minimise(objective, solver=solver, tol=1e-9, max_iter=5000)
        assert solution.converged, solver
        assert solution.n_iter < 1000
        close = pytest.approx(wanted, rel=1e-8, abs=5e-9)  # the latter where nearly nothing is left of the loss
        assert solution.loss == close, solver
        assert objective(solution.params)[0] == close, solver


@pytest.mark.parametrize("classes", [2, 3])
def test_float32_comes_as_near_as_its_passes_can(classes: int) -> None:
    x, y = draw(1000, 6, classes)
    wanted = optimum(problem(x.astype(np.float32).astype(float), y, alpha=1.0))
    precise = problem(x.astype(np.float32).astype(float), y, alpha=1.0)
    for solver in SECOND_ORDER:
        solution = minimise(problem(x.astype(np.float32), y, alpha=1.0), solver=solver, tol=1e-9, max_iter=1000)
        assert solution.converged, solver
        assert precise(solution.params)[0] == pytest.approx(wanted, rel=1e-8), solver


@pytest.mark.parametrize("solver", SECOND_ORDER)
def test_difficult_columns(solver: str) -> None:
    """Constant, duplicated, empty; and one that is nearly another."""
    x, y = draw(300, 4, 2)
    x = np.hstack([x, np.ones((300, 1)), x[:, :1], np.zeros((300, 1)), x[:, 1:2] * (1 + 1e-9)])
    for alpha in (0.0, 1.0):
        solution = minimise(problem(x, y, alpha=alpha), solver=solver, tol=1e-8, max_iter=2000)
        assert solution.converged
        assert solution.loss == pytest.approx(optimum(problem(x, y, alpha=alpha)), rel=1e-8)
        assert np.abs(solution.params).max() < 1e3


@pytest.mark.parametrize(
    ("n", "i", "classes", "alpha", "solver"),
    [
        (20, 30, 2, 0.0, "lbfgs"),
        (20, 30, 3, 1e-30, "lbfgs"),
        (20, 30, 2, 1.0, ""),
        (20, 30, 2, np.repeat([0.0, 1.0], 15), ""),
        (20, 19, 2, 0.0, ""),
        (20, 20, 2, 0.0, "lbfgs"),
    ],
)
def test_newton_cholesky_hands_over_where_rows_are_too_few(
    n: int, i: int, classes: int, alpha: Any, solver: str
) -> None:
    objective = problem(*draw(n, i, classes), alpha=alpha)
    assert minimise(objective, solver="newton-cholesky", max_iter=50).solver == solver
    assert minimise(objective, solver="newton-cholesky", max_iter=2, tol=1e-12).n_iter == 2 - bool(solver)
    assert minimise(objective, solver="newton-cholesky", max_iter=0).n_iter == 0


def test_the_same_bits_for_every_number_of_threads() -> None:
    x, y = draw(30_000, 20, 2)
    for form in (x, x.astype(np.float32), sp.csr_array(x * (x > 0.5))):
        found = [minimise(problem(form, y, alpha=1.0, n_threads=threads)).params for threads in (1, 2, 3)]
        assert all(np.array_equal(found[0], each) for each in found)


def test_samples_of_rows_save_passes_over_all(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = draw(60_000, 10, 2)
    objective = problem(x, y, alpha=1.0)
    assert sample_steps(objective) == (17,)
    exact = minimise(objective, tol=1e-9)
    with monkeypatch.context() as patch:
        patch.setattr(of_minimise, "sample_steps", lambda objective: ())
        assert minimise(objective, tol=1e-9).loss == pytest.approx(exact.loss, rel=1e-12)
    assert minimise(objective, exact.params, tol=1e-8).n_iter <= 1


def test_samples_have_every_class_and_enough_rows() -> None:
    x, y = draw(60_000, 10, 2)
    y[:] = 0
    y[:100] = 1
    assert 17 not in sample_steps(problem(x, y))
    assert sample_steps(problem(*draw(2000, 10, 2))) == ()
    assert sample_steps(problem(*draw(20_000, 100, 2))) == (5,)
    x, y = draw(60_000, 10, 2)
    assert sample_steps(problem(x, y, sample_weight=(np.arange(len(y)) % 17 > 0).astype(float))) == (5,)


def test_a_start_that_is_certain_and_wrong_is_not_used() -> None:
    x, y = draw(300, 4, 2)
    objective = problem(x, y, alpha=1.0)
    wanted = minimise(objective, tol=1e-9)
    start = np.full(5, -1e6) * np.sign(wanted.params)
    assert minimise(objective, start, tol=1e-9).loss == pytest.approx(wanted.loss, rel=1e-10)
    assert minimise(objective, wanted.params, tol=1e-8).n_iter == 0


def test_the_cost_model_chooses() -> None:
    assert newton_pays(problem(*draw(1000, 20, 2)))
    assert newton_pays(problem(*draw(150, 4, 3)))
    assert not newton_pays(problem(np.ones((50, 4000)), np.arange(50, dtype=np.int32) % 2))
    assert not newton_pays(problem(np.ones((100, 200)), np.arange(100, dtype=np.int32) % 10))
    dense = problem(np.ones((1000, 100)), np.arange(1000, dtype=np.int32) % 2)
    thin = problem(sp.csr_array(np.eye(1000, 100)), dense.y)
    assert hessian_cost(thin) < 2 < hessian_cost(dense)
    assert gram_cost(dense, 5) < gram_cost(dense, 1)
    assert factor_cost(dense) < 10


def test_preconditioners() -> None:
    """Their answer is near the Hessian's where rows are many; the diagonal where features are."""
    x, y = draw(3000, 10, 3)
    objective = problem(x, y, alpha=1.0).rescaled()
    zeros = np.zeros(objective.n_params)
    _, d_params, hessian = objective.with_hessian(zeros)
    preconditioner = preconditioner_for(objective).at(zeros)
    assert isinstance(preconditioner, SharedPreconditioner)
    exact = np.linalg.lstsq(hessian, d_params, rcond=1e-12)[0]
    answer = preconditioner.solve(d_params)
    cosine = answer @ exact / np.linalg.norm(answer) / np.linalg.norm(exact)
    assert cosine > 0.95
    wide = problem(random_array((300, 9000), density=0.001, format="csr", rng=0), y[:300])
    assert isinstance(preconditioner_for(wide.rescaled()).at(np.zeros(wide.n_params)), DiagonalPreconditioner)


def test_shared_preconditioner_runs_on_what_the_fit_runs_on() -> None:
    """Its products are kernels of the objective's backend and threads, and the answer is that of the matrix."""
    x, y = draw(3000, 10, 3)
    objective = problem(x, y, alpha=1.0, backend="reference").rescaled()
    called: list[str] = []
    call = objective.kernel
    objective.kernel = lambda name, *a, **k: called.append(name) or call(name, *a, **k)
    params, vector = np.zeros(objective.n_params), np.arange(1.0, objective.n_params + 1)
    matrix = objective.with_shared_curvature(params)[2]
    called.clear()
    answer = preconditioner_for(objective).at(params).solve(vector)
    assert called == ["logistic_gradient", "weighted_gram", "dense_backward_params", "dense_forward"]
    np.testing.assert_allclose(answer, np.linalg.solve(matrix, vector.reshape(-1, 3)).ravel(), rtol=1e-9)


def test_sampled_preconditioner_knows_rare_features() -> None:
    """A feature that the sample has missed has the curvature of all rows, not that of the penalty alone."""
    x, y = draw(6000, 200, 3)
    x[:, 3] = 0.0
    x[1:8, 3] = 1.0  # among them none of every fifth row
    x[5, 3] = 0.0
    objective = problem(x, y, alpha=1e-3).rescaled()
    zeros = np.zeros(objective.n_params)
    assert gram_cost(objective, 1) > 2
    d_params = np.zeros(objective.n_params)
    d_params[3 * 3] = 1.0
    step = preconditioner_for(objective).at(zeros).solve(d_params)[3 * 3]
    # The least squares leave out what a softmax ignores.
    exact = np.linalg.lstsq(objective.with_hessian(zeros)[2], d_params, rcond=1e-2)[0]
    assert exact[3 * 3] / 3 < step < 3 * exact[3 * 3]


@pytest.mark.parametrize("classes", [2, 3])
def test_frequent_features_have_their_own_curvature(classes: int) -> None:
    """Many sparse features, of which most rows have a few: these alone are correlated, and it takes fewer steps."""
    rng = np.random.default_rng(0)
    common = random_array((600, 20), density=0.5, rng=rng)
    x = sp.csr_array(sp.hstack([random_array((600, 9000), density=0.001, rng=rng), common]))
    y = rng.integers(0, classes, 600, dtype=np.int32)
    objective = problem(x, y, alpha=1.0).rescaled()
    made = preconditioner_for(objective)
    preconditioner = made.at(np.zeros(objective.n_params))
    assert isinstance(preconditioner, PartialPreconditioner)
    steps = []
    for preconditioner_at in (made.at, diagonal_of(objective)):
        found = lbfgs(
            objective, np.zeros(objective.n_params), goal=Goal(1e-7), max_iter=200, preconditioner_at=preconditioner_at
        )
        assert found.converged
        steps.append(found.n_iter)
    assert steps[0] < 0.7 * steps[1]


@pytest.mark.parametrize("is_sparse", [False, True])
def test_sampled_hessian_is_no_chance(is_sparse: bool) -> None:
    """Two features that a sample met in one row are not the same; one that it missed is like the others."""
    x, y = draw(400, 6, 2)
    x[:, 3:] = 0.0
    x[7, 3:5] = 1.0
    sample = problem(sp.csr_array(x) if is_sparse else x, y, alpha=1e-6)
    np.testing.assert_array_equal(sample.data.nonzero_counts(), [400, 400, 400, 1, 1, 0])
    params = np.zeros(sample.n_params)
    own, hessian = sample.with_hessian(params)[2], SampledHessian(sample).with_hessian(params)[2]
    assert own[3, 4] > 0.99 * own[3, 3]
    assert abs(hessian[3, 4]) < 0.1 * hessian[3, 3]
    assert 0.3 * own[0, 0] < hessian[5, 5] < 3 * own[0, 0]
    np.testing.assert_allclose(hessian[:3, :3], own[:3, :3], rtol=0.05)
    assert np.linalg.eigvalsh(hessian)[0] > 0


@pytest.mark.parametrize("outputs", [1, 3])
def test_derivatives_in_any_units(outputs: int) -> None:
    x, y = draw(50, 3, max(outputs, 2))
    plain = problem(x, y, alpha=np.array([0.5, 0.0, 2.0]))
    unit = np.linspace(0.5, 2, plain.n_params)
    other = plain.in_units(unit)
    params = np.random.default_rng(0).normal(size=plain.n_params)
    loss, d_params, hessian = plain.with_hessian(params)
    for found in (other(unit * params), other.with_diagonal(unit * params), other.with_product(unit * params)):
        assert found[0] == pytest.approx(loss, rel=1e-12)
        np.testing.assert_allclose(found[1], d_params / unit, atol=1e-12)
    np.testing.assert_allclose(other.with_hessian(unit * params)[2], hessian / np.outer(unit, unit), atol=1e-12)
    diagonal = other.with_diagonal(unit * params)[2]
    np.testing.assert_allclose(diagonal, hessian.diagonal() / unit**2, atol=1e-12)
    product = other.with_product(unit * params)[2]
    np.testing.assert_allclose(product(unit), hessian @ np.ones(len(unit)) / unit, atol=1e-12)
    shared = plain.with_shared_curvature(params)[2]
    blocks = [hessian[k::outputs, k::outputs] for k in range(outputs)]
    np.testing.assert_allclose(shared, np.mean(blocks, axis=0), atol=1e-12)


def test_refuses_threads_where_there_are_none() -> None:
    x, y = draw(10, 2, 2)
    with pytest.raises(ValueError, match="only the native backend has threads"):
        problem(x, y, backend="reference", n_threads=2)


@pytest.mark.parametrize("step", [1, 2, 17, 2000])
@pytest.mark.parametrize("form", [sp.csc_array, sp.csc_matrix])
def test_a_sample_of_columns_is_that_of_rows(step: int, form: Any) -> None:
    x = random_array((1003, 17), density=0.1, rng=0, format="csr")
    y = (np.arange(1003) % 2).astype(np.int32)
    found = LogisticObjective(form(x), y, 1).sample(step)
    wanted = LogisticObjective(x, y, 1).sample(step)
    assert found.x.format == "csc"
    np.testing.assert_array_equal(found.x.toarray(), wanted.x.toarray())
    params = np.linspace(-1, 1, 18)
    np.testing.assert_allclose(found(params)[1], wanted(params)[1], atol=1e-14)


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array, sp.csc_array])
def test_every_row_is_no_sample(form: Any) -> None:
    """But the problem itself: SciPy would copy X."""
    x, y = draw(40, 3, 2)
    whole = LogisticObjective(form(x), y, 1)
    assert whole.sample(1) is whole


@pytest.mark.parametrize("form", [sp.csr_array, sp.csc_array])
def test_rows_have_elements_in_one_piece(form: Any) -> None:
    """SAGA's step is by the largest row's square, and two halves have half of it; the user's matrix stays as it is."""
    x, y = draw(40, 3, 2)
    plain = form(x)
    twice = form((np.repeat(plain.data / 2, 2), np.repeat(plain.indices, 2), plain.indptr * 2), plain.shape)
    rows = LogisticObjective(twice, y, 1, backend="reference").data.by_rows()
    np.testing.assert_array_equal(rows.toarray(), x)
    assert rows.nnz == plain.nnz and twice.nnz == 2 * plain.nnz
    table, d_params, state = np.empty((40, 1)), np.empty(3), (y, None, None, np.ones(3), 40.0, np.zeros(3))
    kernels = kernels_for("native")
    largest = kernels.saga_table(LogisticObjective(twice, y, 1).data.by_rows(), *state, table, d_params)
    assert largest == pytest.approx((x**2).sum(axis=1).max())
    assert LogisticObjective(form(x), y, 1, backend="reference").data.by_rows().nnz == plain.nnz
