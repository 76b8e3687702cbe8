"""The second-order solvers find minima that are known, quickly, and say truly whether they did."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from fastnn.solvers.objective.types import Goal, Solution
from fastnn.solvers.preconditioner.preconditioners import DiagonalPreconditioner, diagonal_of
from fastnn.solvers.smooth.lbfgs import lbfgs
from fastnn.solvers.smooth.newton_cg import newton_cg
from fastnn.solvers.smooth.newton_cholesky import newton_cholesky


def lbfgs_by_diagonal(objective: Any, *given: Any, **options: Any) -> Solution:
    return lbfgs(objective, *given, preconditioner_at=diagonal_of(objective), **options)


SOLVERS = {
    "newton_cholesky": newton_cholesky,
    "newton_cholesky, factors kept": partial(newton_cholesky, hessian_cost=5.0),
    "newton_cg": newton_cg,
    "lbfgs": lbfgs_by_diagonal,
}


class Valley:
    """sum of c log cosh(a . (x - centre)): convex, far from quadratic, its minimum at the centre."""

    resolution, outputs = 1e-15, 1

    def __init__(self, scales: np.ndarray, centre: np.ndarray) -> None:
        rng = np.random.default_rng(0)
        self.a = rng.normal(size=(4 * len(centre), len(centre))) * scales
        self.centre = centre
        self.evaluations = 0

    def __call__(self, params: np.ndarray) -> tuple[float, np.ndarray]:
        self.evaluations += 1
        r = self.a @ (params - self.centre)
        return float((np.logaddexp(r, -r) - np.log(2)).sum() + 1), self.a.T @ np.tanh(r)

    def _hessian(self, params: np.ndarray) -> np.ndarray:
        r = self.a @ (params - self.centre)
        return (self.a.T * (1 - np.tanh(r) ** 2)) @ self.a

    def with_diagonal(self, params: np.ndarray) -> Any:
        return (*self(params), self._hessian(params).diagonal())

    def with_hessian(self, params: np.ndarray) -> Any:
        return (*self(params), self._hessian(params))

    def with_product(self, params: np.ndarray) -> Any:
        hessian = self._hessian(params)
        return (*self(params), lambda vector: hessian @ vector)


@pytest.fixture(params=SOLVERS)
def solve(request: pytest.FixtureRequest) -> Any:
    return SOLVERS[request.param]


@pytest.mark.parametrize("scales", [1.0, np.logspace(-2, 2, 5)], ids=["alike", "apart"])
def test_finds_the_bottom(solve: Any, scales: Any) -> None:
    centre = np.array([0.3, -0.2, 0.1, 0.4, -0.3]) / scales
    start = np.zeros(5)
    objective = Valley(scales, centre)
    losses: list[float] = []
    watch = lambda iteration, params, loss: losses.append(loss)  # noqa: E731
    solution = solve(objective, start, goal=Goal(1e-9), max_iter=100, watch=watch)
    assert solution.converged
    assert len(losses) == solution.n_iter <= 40
    assert solution.loss == pytest.approx(1.0, abs=1e-12)
    np.testing.assert_allclose(solution.params * scales, centre * scales, atol=1e-8)
    assert not start.any()
    assert losses == sorted(losses, reverse=True)


def test_ends_where_rounding_hides_the_rest(solve: Any) -> None:
    """A tolerance of zero cannot be reached; that is no failure."""
    objective = Valley(np.ones(3), np.full(3, 0.1))
    solution = solve(objective, np.zeros(3), goal=Goal(0.0), max_iter=500)
    assert solution.converged
    assert objective.evaluations < 200
    np.testing.assert_allclose(solution.params, 0.1, atol=1e-7)


@pytest.mark.parametrize("max_iter", [0, 1, 2])
def test_stops_at_the_limit_and_says_so(solve: Any, max_iter: int) -> None:
    scales = np.logspace(-2, 2, 5)
    solution = solve(Valley(scales, 0.5 / scales), np.zeros(5), goal=Goal(1e-12), max_iter=max_iter)
    assert not solution.converged
    assert solution.n_iter == max_iter
    assert "limit" in solution.message


def test_flat_directions_do_no_harm(solve: Any) -> None:
    """Two columns that are the same, and one of zeros."""
    objective = Valley(np.ones(4), np.zeros(4))
    objective.a[:, 1] = objective.a[:, 0]
    objective.a[:, 2] = 0
    objective.centre = np.array([0.5, 0.25, 0.0, -0.5])
    solution = solve(objective, np.zeros(4), goal=Goal(1e-8), max_iter=100)
    assert solution.converged
    assert solution.loss == pytest.approx(1.0, abs=1e-10)
    assert np.abs(solution.params).max() < 10


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_numbers_that_are_not_finite_are_told(solve: Any) -> None:
    objective = Valley(np.ones(2), np.zeros(2))
    objective.a[0, 0] = np.nan
    solution = solve(objective, np.ones(2), goal=Goal(1e-8), max_iter=10)
    assert not solution.converged
    assert np.isnan(solution.loss)
    assert "not finite" in solution.message


def test_a_gradient_that_points_the_wrong_way() -> None:
    objective = Valley(np.ones(2), np.zeros(2))
    honest = Valley.__call__
    objective.__class__ = type(
        "Liar", (Valley,), {"__call__": lambda self, p: (honest(self, p)[0], -honest(self, p)[1])}
    )
    for solve in SOLVERS.values():
        solution = solve(objective, np.ones(2), goal=Goal(1e-8), max_iter=10)
        assert not solution.converged
        assert "No step" in solution.message


class Outlier:
    """Rows of a logistic regression, one of which lies far out on its own side: the others say what the slope is."""

    resolution, outputs = 4e-15, 1

    def __init__(self, far: float) -> None:
        rng = np.random.default_rng(0)
        x = rng.normal(size=1000)
        self.sign = np.where(rng.random(1000) < 1 / (1 + np.exp(-2 * x)), 1.0, -1.0)
        self.x = x * self.sign
        self.x[0] = far
        self.share = 1.0

    def __call__(self, params: np.ndarray) -> tuple[float, np.ndarray]:
        z = self.x * params[0]
        with np.errstate(over="ignore"):
            wrong = 1 / (1 + np.exp(z))
        return float(np.logaddexp(0, -z).mean()), np.array([-(self.x * wrong).mean()])

    def with_hessian(self, params: np.ndarray) -> Any:
        with np.errstate(over="ignore"):
            wrong = 1 / (1 + np.exp(self.x * params[0]))
        return (*self(params), np.array([[(self.x**2 * wrong * (1 - wrong)).mean()]]))

    def with_diagonal(self, params: np.ndarray) -> Any:
        loss, d_params, hessian = self.with_hessian(params)
        return loss, d_params, hessian[0]

    def with_product(self, params: np.ndarray) -> Any:
        loss, d_params, hessian = self.with_hessian(params)
        return loss, d_params, lambda vector: hessian @ vector

    def largest_change(self, step: np.ndarray) -> float:
        return float(np.abs(self.x * step[0]).max())


@pytest.mark.parametrize("far", [1e3, 1e6, 1e12])
def test_a_row_far_out_is_no_end(solve: Any, far: float) -> None:
    """While it is not on its side, all that Newton's step promises is its share of the loss, a thousandth at most."""
    solution = solve(Outlier(far), np.zeros(1), goal=Goal(1e-6, 1e-10), max_iter=100)
    assert solution.converged
    assert solution.n_iter < 60
    without = solve(Outlier(1.0), np.zeros(1), goal=Goal(1e-9), max_iter=100)
    np.testing.assert_allclose(solution.params, without.params, atol=0.01)


def test_a_promise_decides_where_the_gradient_is_small(solve: Any) -> None:
    """Two columns that differ little: the gradient by their difference is a thousandth of that by them."""
    objective = Valley(np.ones(2), np.array([0.4, -0.4]))
    objective.a[:, 1] = objective.a[:, 0] + 1e-4 * objective.a[:, 1]
    near = solve(objective, np.zeros(2), goal=Goal(1e-3, 1e-12), max_iter=200)
    assert near.converged
    assert near.gain <= 1e-12
    # What L-BFGS knows of second derivatives it has met on its way.
    assert near.loss == pytest.approx(1.0, abs=1e-8 if solve is lbfgs_by_diagonal else 1e-11)
    assert solve(objective, np.zeros(2), goal=Goal(1e-3), max_iter=200).loss > 1.0 + 1e-10


def test_newton_cg_remembers_nothing_of_a_step() -> None:
    """Two steps at once are the same as one and then, from there, another one."""
    scales = np.logspace(-1, 1, 5)
    objective = Valley(scales, 0.5 / scales)
    both = newton_cg(objective, np.zeros(5), goal=Goal(1e-12), max_iter=2)
    first = newton_cg(objective, np.zeros(5), goal=Goal(1e-12), max_iter=1)
    second = newton_cg(objective, first.params, goal=Goal(1e-12), max_iter=1)
    np.testing.assert_allclose(second.params, both.params, rtol=1e-12)


@pytest.mark.parametrize(("renewal_interval", "wanted"), [(1, 4), (3, 2)])
def test_newton_cg_may_keep_its_preconditioner(renewal_interval: int, wanted: int) -> None:
    asked = []

    def preconditioner_at(params: np.ndarray) -> Any:
        asked.append(params)
        return DiagonalPreconditioner(np.ones(5))

    objective = Valley(np.ones(5), np.full(5, 2.0))
    newton_cg(
        objective,
        np.zeros(5),
        goal=Goal(0.0),
        max_iter=4,
        preconditioner_at=preconditioner_at,
        renewal_interval=renewal_interval,
    )
    assert len(asked) == wanted
