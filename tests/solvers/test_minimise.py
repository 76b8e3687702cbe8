"""Every solver of logistic regression goes to the same optimum, that of a plain Newton's method in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from drawn_logistic import draw, problem
from solver_names import SECOND_ORDER

from fastnn.solvers import minimise as of_minimise
from fastnn.solvers.minimise import minimise
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.smooth.newton_on_samples import sample_steps


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


def test_a_start_that_is_certain_and_wrong_is_not_used() -> None:
    x, y = draw(300, 4, 2)
    objective = problem(x, y, alpha=1.0)
    wanted = minimise(objective, tol=1e-9)
    start = np.full(5, -1e6) * np.sign(wanted.params)
    assert minimise(objective, start, tol=1e-9).loss == pytest.approx(wanted.loss, rel=1e-10)
    assert minimise(objective, wanted.params, tol=1e-8).n_iter == 0
