"""The Hessian's Cholesky factor: by LAPACK at once or by blocks, its answers are those of the matrix."""

from __future__ import annotations

import numpy as np
import pytest

from fastnn.solvers.preconditioner.cholesky import CholeskyPreconditioner, blocks_of, newton_preconditioner


def hessian_of(p: int, scale: float = 3.0) -> np.ndarray:
    """A positive definite matrix whose diagonal goes over several powers of ten."""
    x = np.random.default_rng(p).normal(size=(p + 50, p)) * np.logspace(-scale / 2, scale / 2, p)
    return x.T @ x / len(x) + np.diag(np.logspace(-scale, scale, p))


@pytest.mark.parametrize("p", [1, 5, 200, 2100])  # the last one is more than LAPACK gets at once, and no full blocks
def test_answers_are_those_of_the_matrix(p: int) -> None:
    hessian = hessian_of(p)
    preconditioner = CholeskyPreconditioner(hessian)
    wanted = np.random.default_rng(0).normal(size=(p, 2))
    right = hessian @ wanted
    scale = np.sqrt(hessian.diagonal())
    for k in range(2):
        np.testing.assert_allclose(preconditioner.solve(right[:, k]) * scale, wanted[:, k] * scale, atol=1e-7)
    np.testing.assert_allclose(preconditioner.solve(right) * scale[:, None], wanted * scale[:, None], atol=1e-7)
    root = preconditioner.root()
    np.testing.assert_allclose(root @ (root.T @ right) * scale[:, None], wanted * scale[:, None], atol=1e-7)


@pytest.mark.parametrize("p", [6, 2100])
def test_flat_directions_and_zeros_are_damped(p: int) -> None:
    """Two equal columns, and one without any curvature: the answer is finite and solves what can be solved."""
    hessian = hessian_of(p, scale=1.0)
    hessian[:, 1], hessian[1] = hessian[:, 0], hessian[0]
    hessian[1, 1] = hessian[0, 0]
    hessian[:, 2] = hessian[2] = 0.0
    right = hessian @ np.ones(p)
    answer = CholeskyPreconditioner(hessian).solve(right)
    np.testing.assert_allclose(hessian @ answer, right, rtol=1e-5, atol=1e-5)


def test_what_a_softmax_ignores_is_no_large_step() -> None:
    """The Hessian of three classes is singular along their sum, where rounding leaves a gradient."""
    p = np.array([0.2, 0.3, 0.5])
    hessian = np.kron(np.eye(2), np.diag(p) - np.outer(p, p))
    rounding = 1e-16 * np.ones(6)
    assert np.abs(newton_preconditioner(hessian.copy(), 3).solve(rounding)).max() < 1e-14


def test_blocks_divide_the_rows() -> None:
    rows = np.concatenate([np.arange(2100)[block] for block in blocks_of(2100, 1000)])
    np.testing.assert_array_equal(rows, np.arange(2100))
    assert list(blocks_of(0)) == []
