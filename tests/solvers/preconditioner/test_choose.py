"""Preconditioners are near the Hessian, whichever is chosen, and what a sample says is no chance."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from drawn_logistic import draw, problem
from random_sparse import random_array

from fastnn.solvers.objective.cost_model import gram_cost
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
