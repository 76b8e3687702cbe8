"""The gradient that training follows, with every option, by differences of the loss that it reports."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gradcheck import assert_gradient
from loss_cases import ALL, IDS, targets

from fastnn.activations import get
from fastnn.losses import Loss
from fastnn.optimizers import SGD, OptimizerState
from fastnn.plan import Plan
from fastnn.training.engine import Engine

WIDTHS = (3, 4, 3, 2)
N = 7


OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "l2": {"alpha": 0.7},
    "l1": {"l1": 0.7},
    "both": {"alpha": 0.3, "l1": 0.7},
    "dropout": {"dropout": (0.0, 0.5, 0.3)},
    "dropout of inputs": {"dropout": (0.4, 0.0, 0.5), "alpha": 0.3},
    "weights": {"weighted": True, "alpha": 0.7, "l1": 0.2, "dropout": (0.0, 0.4, 0.0)},
}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
@pytest.mark.parametrize("backend", ["native", "reference"])
@pytest.mark.parametrize("loss", ALL, ids=IDS)
def test_a_step_follows_the_gradient(loss: Loss, backend: str, options: dict[str, Any]) -> None:
    """A step of plain SGD with the rate 1 is the gradient itself; masks depend on the step, and so stay."""
    options = dict(options)
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(N, 3)), targets(rng, loss, (N, WIDTHS[-1]))
    weight = rng.uniform(0.2, 2, N) if options.pop("weighted", False) else None
    functions = (get("tanh"), get("silu"), get("identity"))
    plan = Plan(WIDTHS, functions, (True,) * 3, loss, np.dtype(np.float64), options.pop("dropout", ()))
    engine, optimizer = Engine(plan, backend), SGD(1.0, momentum=0, nesterov=False)

    def step(params: np.ndarray) -> float:
        state = OptimizerState.zeros(optimizer, params)
        data = (x, y, weight, None, N, optimizer, state, np.ones(1))
        return sum(engine.epoch(params, *data, **{"alpha": 0.0, **options}, seed=9))

    start = plan.initial_params(2)
    after = start.copy()
    step(after)
    assert_gradient(start - after, lambda params: step(params.copy()), start, f"{loss.name}, {options}")


@pytest.mark.parametrize("backend", ["native", "reference"])
def test_what_is_clipped_is_the_gradient_with_its_penalty(backend: str) -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(N, 3)), 5 * rng.normal(size=(N, 2))
    plan = Plan(WIDTHS, ("tanh", "tanh", "identity"), (True,) * 3, "squared_error", np.dtype(np.float64))
    engine, start = Engine(plan, backend), plan.initial_params(2)

    def step(**around: float) -> np.ndarray:
        optimizer, params = SGD(1.0, momentum=0, nesterov=False, **around), start.copy()
        state = OptimizerState.zeros(optimizer, params)
        engine.epoch(params, x, y, None, None, N, optimizer, state, np.ones(1), alpha=3.0, l1=2.0)
        return start - params

    gradient = step()
    assert np.linalg.norm(gradient) > 1.0
    np.testing.assert_allclose(step(clip_norm=0.5), gradient * (0.5 / np.linalg.norm(gradient)), atol=1e-12)
    np.testing.assert_allclose(step(clip_value=0.1), np.clip(gradient, -0.1, 0.1), atol=1e-12)
    np.testing.assert_array_equal(step(clip_norm=100.0), gradient)
