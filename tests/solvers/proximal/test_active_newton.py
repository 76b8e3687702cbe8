"""Newton's step on a support: it ends at the model's minimum, and never beyond a sign or a bound."""

from __future__ import annotations

import numpy as np
import pytest

from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.proximal.active_newton import feasible_share, support_newton_step


def model_of(count: int, rank: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A Hessian of that rank, and a gradient in its range."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(count, rank)) / rank**0.5
    return root @ root.T, root @ rng.normal(size=rank)


def step_on(
    hessian: np.ndarray, d_params: np.ndarray, penalty: Separable, params: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    return support_newton_step(lambda v: hessian @ v, hessian.diagonal().copy(), penalty, params, d_params, 1e-24)


def value(hessian: np.ndarray, d_params: np.ndarray, penalty: Separable, params: np.ndarray, step: np.ndarray) -> float:
    return float(d_params @ step + step @ hessian @ step / 2 + penalty.value(params + step))


def test_the_step_ends_at_the_minimum_on_the_support() -> None:
    hessian, d_params = model_of(8, 20)
    penalty = Separable.of(8, 0.01, 0.02)
    params = np.array([5.0, -5, 5, 0, 5, 0, -5, 5]) * 100  # far from a change of sign
    step, change = step_on(hessian, d_params, penalty, params)
    np.testing.assert_array_equal(step[params == 0], 0.0)
    np.testing.assert_allclose(change, hessian @ step, rtol=1e-9, atol=1e-9)
    on = params != 0
    ahead = (hessian + 0.02 * np.eye(8))[np.ix_(on, on)]
    slope = (d_params + 0.02 * params + 0.01 * np.sign(params))[on]
    if feasible_share(params, -np.linalg.solve(ahead, slope) @ np.eye(8)[on], penalty) == 1:
        np.testing.assert_allclose(step[on], -np.linalg.solve(ahead, slope), rtol=1e-8)
    assert value(hessian, d_params, penalty, params, step) < penalty.value(params)


@pytest.mark.parametrize("seed", range(5))
def test_no_sign_changes_no_bound_is_passed_and_the_model_falls(seed: int) -> None:
    hessian, d_params = model_of(12, 40, seed)
    penalty = Separable.of(12, 0.05, lower=-0.3, upper=0.3)
    params = np.clip(np.random.default_rng(seed).normal(size=12) * 0.2, -0.3, 0.3)
    step, change = step_on(hessian, d_params, penalty, params)
    ahead = params + step
    assert (ahead * params >= -1e-15).all()
    assert np.abs(ahead).max() <= 0.3 + 1e-15
    np.testing.assert_array_equal(step[np.abs(params) == 0.3], 0.0)
    np.testing.assert_allclose(change, hessian @ step, atol=1e-12)
    assert value(hessian, d_params, penalty, params, step) < penalty.value(params)


def test_where_the_loss_is_flat_the_way_is_to_the_next_zero() -> None:
    """Two equal columns of equal sign: the penalty alone acts along their sum with different strengths."""
    hessian, params = np.ones((2, 2)), np.array([1.0, 1.0])
    penalty = Separable.of(2, [0.1, 0.3])
    step, _ = step_on(hessian, np.array([-0.2, -0.2]), penalty, params)
    assert np.isfinite(step).all()
    assert value(hessian, np.array([-0.2, -0.2]), penalty, params, step) < penalty.value(params)
    np.testing.assert_allclose(params + step, [2.0, 0.0], atol=1e-9)


def test_nothing_moves_without_a_support() -> None:
    hessian, d_params = model_of(4, 9)
    step, change = step_on(hessian, d_params, Separable.of(4, 0.1), np.zeros(4))
    assert not step.any()
    assert not change.any()
