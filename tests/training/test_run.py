"""A run that goes on: what it keeps from the call before, and what another recipe changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fastnn.optimizers import SGD, Adam, Optimizer
from fastnn.training.rates import Adaptive, ConstantRate, Rate
from fastnn.training.recipe import Recipe
from fastnn.training.run import Run


def recipe_of(optimizer: Optimizer, rate: Rate | None = None) -> Recipe:
    return Recipe(optimizer, rate or ConstantRate(0.1), batch_size=4, epochs=1)


def test_a_recipe_is_not_changed_by_its_runs() -> None:
    recipe = recipe_of(SGD(), Adaptive(0.5))
    run = Run.begin(recipe, np.zeros(3), seed=1)
    assert not run.rate.stalled()
    assert run.rate.rates(0, 1) == [0.1]
    assert recipe.rate.rates(0, 1) == [0.5]
    again = run.resumed(recipe, np.zeros(3))
    assert again.rate.rates(0, 1) == [0.1]  # set up alike, so it goes on
    again = run.resumed(recipe_of(SGD(), Adaptive(0.4)), np.zeros(3))
    assert again.rate.rates(0, 1) == [0.4]


def test_the_state_stays_with_an_optimizer_of_the_same_kind() -> None:
    params = np.zeros(3)
    run = Run.begin(recipe_of(Adam()), params, seed=1)
    run.state.step = 5
    run.state.slots[0][...] = 2
    same = run.resumed(recipe_of(Adam(beta_1=0.5)), params)
    assert (same.optimizer, same.state.step, same.seed) == (Adam(beta_1=0.5), 5, 1)
    np.testing.assert_array_equal(same.state.slots[0], 2)
    assert not np.shares_memory(same.state.slots[0], run.state.slots[0])
    for other in (SGD(), Adam(ema=0.9)):
        assert run.resumed(recipe_of(other), params).state.step == 0


def test_an_average_is_shown_and_steps_go_on_from_the_parameters() -> None:
    recipe = recipe_of(SGD(ema=0.5))
    params = np.array([1.0, 2.0])
    run = Run.begin(recipe, params, seed=0)
    run.state.slots[-1][...] = 9
    run.finish(params)
    assert params.tolist() == [9, 9]
    untouched, assigned = params.copy(), np.array([3.0, 3.0])
    run.resumed(recipe, untouched)
    assert untouched.tolist() == [1, 2]
    resumed = run.resumed(recipe, assigned)  # users have put others in their place
    assert assigned.tolist() == [3, 3]
    assert resumed.state.slots[-1].tolist() == [3, 3]


def test_the_best_parameters_take_the_place_of_the_last() -> None:
    run = Run.begin(recipe_of(SGD()), np.zeros(2), seed=0)
    params = np.array([1.0, 2.0])
    run.finish(params, best=np.array([5.0, 6.0]))
    assert params.tolist() == [5, 6]
    assert replace(run).unaveraged is None


@pytest.mark.parametrize("params", [np.arange(3.0), np.arange(2, dtype=np.float32)], ids=["more", "float32"])
def test_a_run_begins_anew_with_parameters_that_its_vectors_do_not_fit(params: np.ndarray) -> None:
    recipe, first = recipe_of(Adam(ema=0.5)), np.array([1.0, 2.0])
    run = Run.begin(recipe, first, seed=7)
    run.state.step = 5
    run.finish(first)
    wanted = params.copy()
    resumed = run.resumed(recipe, params)
    assert (resumed.seed, resumed.state.step, resumed.unaveraged) == (7, 0, None)
    np.testing.assert_array_equal(params, wanted)
    np.testing.assert_array_equal(resumed.state.slots[-1], wanted)
    assert {slot.dtype for slot in resumed.state.slots} == {params.dtype}
