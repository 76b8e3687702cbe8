"""The perceptron rule."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fastnn.activations import get
from fastnn.optimizers import SGD, OptimizerState
from fastnn.plan import Plan
from fastnn.training.perceptron import PerceptronEngine


def engine_and_state(n_inputs: int, dtype: Any) -> tuple[PerceptronEngine, np.ndarray, Any]:
    plan = Plan((n_inputs, 1), (get("identity"),), (True,), "hinge", np.dtype(dtype))
    params = np.zeros(n_inputs + 1, dtype)
    return PerceptronEngine(plan), params, OptimizerState.zeros(SGD(), params)


def epoch(engine: Any, params: Any, state: Any, x: Any, y: Any, **options: Any) -> float:
    order, size = options.get("order"), options.get("batch_size", 1)
    rates = np.full(-(-(len(x) if order is None else len(order)) // size), options.get("rate", 1.0))
    data = (x, y[:, None], options.get("weight"), order, size)
    mistakes: float = engine.epoch(params, *data, SGD(), state, rates, 0.0)[0]
    return mistakes


def by_the_book(x: Any, y: Any, rate: float = 1.0) -> tuple[np.ndarray, float, int]:
    w, b, mistakes = np.zeros(x.shape[1]), 0.0, 0
    for row, target in zip(x, y, strict=True):
        if target * (row @ w + b) <= 0:
            w, b, mistakes = w + rate * target * row, b + rate * target, mistakes + 1
    return w, b, mistakes


def test_one_row_after_the_other(rng: np.random.Generator, dtype: Any) -> None:
    x = rng.integers(-5, 6, size=(300, 4)).astype(dtype)  # whole numbers: no rounding
    y = np.where(x @ [1, -2, 0, 1] + rng.normal(size=300) > 0, 1, -1).astype(dtype)
    engine, params, state = engine_and_state(4, dtype)
    loss = epoch(engine, params, state, x, y)
    w, b, mistakes = by_the_book(x, y)
    np.testing.assert_array_equal(params, [*w, b])
    assert loss == mistakes / 300
    assert state.step == 300


def test_an_order_is_the_same_as_rows_in_that_order(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(90, 3)), np.sign(rng.normal(size=90))
    order = rng.permutation(90)[:70]
    engine, one, state = engine_and_state(3, float)
    epoch(engine, one, state, x, y, order=order)
    other = np.zeros(4)
    epoch(engine, other, state, x[order], y[order])
    np.testing.assert_array_equal(one, other)


def test_mini_batches_take_the_mean(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(10, 3)), np.sign(rng.normal(size=10))
    engine, params, state = engine_and_state(3, float)
    loss = epoch(engine, params, state, x, y, batch_size=10, rate=0.5)
    np.testing.assert_allclose(params, [*(0.5 * y @ x / 10), 0.5 * y.mean()])
    assert loss == 1.0  # from zero every row is a mistake


def test_weights_are_rows_taken_so_many_times(rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(20, 3)), np.sign(rng.normal(size=20))
    weight = rng.integers(0, 4, 20).astype(float)
    repeat = weight.astype(int)
    engine, one, state = engine_and_state(3, float)
    other = one.copy()
    for _ in range(5):
        losses = (
            epoch(engine, one, state, x, y, batch_size=20, weight=weight),
            epoch(engine, other, state, x.repeat(repeat, 0), y.repeat(repeat), batch_size=repeat.sum()),
        )
        np.testing.assert_allclose(one, other)
        assert losses[0] == pytest.approx(losses[1])


def test_mistakes_on_separable_data_are_bounded(rng: np.random.Generator) -> None:
    """Novikoff (1962): at most (R / margin)**2 of them, however long it goes on."""
    x = rng.normal(size=(200, 5))
    direction = rng.normal(size=5)
    direction /= np.linalg.norm(direction)
    distance = x @ direction
    x, distance = x[abs(distance) > 0.2], distance[abs(distance) > 0.2]
    y = np.sign(distance)
    engine, params, state = engine_and_state(5, float)
    mistakes = 0.0
    for _ in range(1000):
        loss = epoch(engine, params, state, x, y)
        mistakes += loss * len(x)
        if loss == 0:
            break
    assert loss == 0
    radius = np.sqrt((x**2).sum(axis=1) + 1).max()  # the bias is a weight of an input that is 1
    assert mistakes <= (radius / abs(distance).min()) ** 2
