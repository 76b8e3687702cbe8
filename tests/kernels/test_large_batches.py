"""Batches of more than 1,024 rows, whose gradient is a sum: over chunks, or over strips where the weights are few."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from networks import Problem, assert_same_fit

from fastnn.kernels.select import kernels_for
from fastnn.layers import Dense, Dropout, Layer
from fastnn.optimizers import SGD, Adam, Optimizer
from fastnn.plan import Plan
from fastnn.threads import threads

# Weights of 290 KB of floats, too many for strips; a row's activations are such that a chunk of doubles has 640 rows.
MANY: list[Layer] = [Dense(300, "relu"), Dense(200, "tanh"), Dense(3)]
FEW: list[Layer] = [Dense(20, "relu"), Dense(9, "tanh"), Dense(1)]
DROPPED: list[Layer] = [Dropout(0.2), Dense(20, "relu"), Dropout(0.3), Dense(9, "tanh"), Dropout(0.1), Dense(1)]


def regression(layers: list[Layer], dtype: Any, n: int, n_inputs: int = 40) -> Problem:
    """n random rows for the network."""
    rng = np.random.default_rng(n)
    plan = Plan.from_layers(layers, n_inputs, "squared_error", dtype)
    x, y = (rng.normal(size=(n, width)).astype(dtype) for width in (n_inputs, plan.widths[-1]))
    return Problem(plan, plan.initial_params(0), x, y, rng.random(n).astype(dtype))


def assert_any_team_gives_what_the_reference_gives(
    given: Problem, rule: Optimizer, dtype: Any, teams: tuple[int, ...] = (1, 2, 3, 7, 20), **options: Any
) -> None:
    """To rounding; to the bit what the other teams give."""
    found = given.fit(kernels_for("native"), rule, epochs=2, **options)
    assert_same_fit(found, given.fit(kernels_for("reference"), rule, epochs=2, **options), dtype)
    for n_threads in teams:
        with threads(n_threads):
            params, state, losses = given.fit(kernels_for("native"), rule, epochs=2, **options)
        np.testing.assert_array_equal(params, found[0])
        np.testing.assert_array_equal(state.slots, found[1].slots)
        assert losses == found[2]


@pytest.mark.parametrize("rule", [SGD(), Adam(epsilon=1e-3, clip_norm=0.5)], ids=["sgd", "clipped adam"])
def test_chunks(dtype, rule):
    given = regression(MANY, dtype, 4000)
    options = {"batch_size": 2500, "weight": given.weight, "alpha": 0.1}
    assert_any_team_gives_what_the_reference_gives(given, rule, dtype, **options)


# Several chunks of strips; fewer blocks than strips. Last layers of one output or a few are trained turned, unless they
# are the first.
@pytest.mark.parametrize(("widths", "n"), [((6, 9, 16, 1), 35_000), ((6, 16, 3), 1_100), ((5, 4), 2_000)])
@pytest.mark.parametrize("clip_norm", [None, 0.01])
def test_strips(dtype, widths, n, clip_norm):
    layers = [*(Dense(width, "tanh") for width in widths[1:-1]), Dense(widths[-1])]
    given = regression(layers, dtype, n, widths[0])
    options = {"batch_size": n, "weight": given.weight, "alpha": 0.1}
    assert_any_team_gives_what_the_reference_gives(given, SGD(0.1, clip_norm=clip_norm), dtype, **options)


@pytest.mark.parametrize("n", [1500, 18_000], ids=["one chunk", "two chunks"])
@pytest.mark.parametrize("with_order", [False, True], ids=["all rows", "an order"])
def test_dropped_strips(dtype, n, with_order):
    """Masks are those of the rows' places in the epoch, here of a second batch too."""
    given = regression(DROPPED, dtype, n)
    order = np.random.default_rng(1).integers(0, n, n + 200) if with_order else None
    options = {"batch_size": n - 300, "order": order, "seed": 3, "weight": given.weight, "alpha": 0.1}
    assert_any_team_gives_what_the_reference_gives(given, Adam(epsilon=1e-3, ema=0.9), dtype, **options)


@pytest.mark.parametrize("layers", [MANY, FEW], ids=["chunks", "strips"])
def test_gradient(dtype, layers):
    given = regression(layers, dtype, 2500)
    data = (given.plan, given.params, given.x, given.y, given.weight, 0.4)
    found, wanted = np.empty_like(given.params), np.empty_like(given.params)
    loss = kernels_for("native").network_gradient(*data, found)
    assert loss == pytest.approx(kernels_for("reference").network_gradient(*data, wanted), rel=1e-5)
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(found, wanted, rtol=100 * eps, atol=100 * eps * np.abs(wanted).max())


def test_a_batch_that_pauses():
    """An epoch looks for Ctrl-C every 20 ms, in the middle of a batch that takes longer, each team at another place."""
    n, layers = 3_000_000, [Dense(3, "tanh"), Dense(1)]
    given = regression(layers, np.float64, n, 2)
    assert_any_team_gives_what_the_reference_gives(given, SGD(0.1), np.float64, (1, 2, 3), batch_size=n)
