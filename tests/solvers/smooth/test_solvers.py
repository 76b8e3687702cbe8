"""Solvers find the minimum of functions whose minimum is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fastnn.solvers.objective.types import Objective
from fastnn.solvers.smooth.gradient_descent import gradient_descent
from fastnn.solvers.smooth.scipy_lbfgs import scipy_lbfgs

EPS = np.finfo(float).eps
SOLVERS = {
    "gradient_descent": gradient_descent,
    "scipy_lbfgs": lambda *given, **options: scipy_lbfgs(*given, relative_decrease=EPS, **options),
}


@pytest.fixture(params=SOLVERS)
def solve(request: pytest.FixtureRequest) -> Any:
    return SOLVERS[request.param]


def bowl(scales: np.ndarray, centre: np.ndarray) -> Objective:
    def objective(params: np.ndarray) -> tuple[float, np.ndarray]:
        away = params - centre
        return float(0.5 * (scales * away**2).sum() + 1), scales * away

    return objective


def test_finds_the_bottom_of_a_bowl(solve: Any) -> None:
    centre = np.array([1.0, -2.0, 3.0])
    start = np.zeros(3)
    objective = bowl(np.array([1.0, 10.0, 100.0]), centre)
    solution = solve(objective, start, tol=1e-7, max_iter=3000)
    assert solution.converged
    np.testing.assert_allclose(solution.params, centre, atol=1e-6)
    assert solution.loss == pytest.approx(1.0)
    assert not start.any()


def test_starts_where_it_is_told(solve: Any) -> None:
    centre = np.array([1.0, -2.0])
    solution = solve(bowl(np.ones(2), centre), centre.copy(), tol=1e-9, max_iter=10)
    assert solution.converged
    assert solution.n_iter == 0


@pytest.mark.parametrize("max_iter", [0, 1, 4])
def test_stops_at_the_limit_and_says_so(solve: Any, max_iter: int) -> None:
    scales = np.logspace(0, 6, 7)
    watched: list[int] = []
    solution = solve(
        bowl(scales, np.ones(7)),
        np.zeros(7),
        tol=1e-12,
        max_iter=max_iter,
        watch=lambda iteration, params, loss: watched.append(iteration),
    )
    assert not solution.converged
    assert solution.n_iter == max_iter
    assert solution.message
    assert watched == list(range(1, max_iter + 1))


def test_the_loss_falls_in_every_iteration(solve: Any) -> None:
    losses: list[float] = []
    solve(
        bowl(np.logspace(0, 3, 5), np.ones(5)),
        np.zeros(5),
        tol=1e-8,
        max_iter=30,
        watch=lambda iteration, params, loss: losses.append(loss),
    )
    assert losses == sorted(losses, reverse=True)


def test_gradient_descent_gives_up_where_no_step_helps() -> None:
    """A gradient that points the wrong way."""
    solution = gradient_descent(lambda params: (float(params @ params), -2 * params), np.ones(2), tol=1e-3, max_iter=50)
    assert not solution.converged
    assert "No step" in solution.message


def test_scipy_lbfgs_counts_evaluations() -> None:
    calls = 0

    def objective(params: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal calls
        calls += 1
        return bowl(np.logspace(0, 6, 9), np.ones(9))(params)

    solution = scipy_lbfgs(objective, np.zeros(9), tol=0, max_iter=1000, max_evaluations=7, relative_decrease=0)
    assert not solution.converged
    assert calls <= 8
