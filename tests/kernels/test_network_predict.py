"""network_predict of the compiled module: all layers and the link in one call; network_answer looks at x too."""

from __future__ import annotations

import numpy as np
import pytest
from networks import LAYERS, problem

from fastnn import _core
from fastnn.layers import Dense
from fastnn.plan import Plan

every_network = pytest.mark.parametrize("name", LAYERS)
# Widths for either layout: lanes that are outputs, lanes that are rows.
WIDTHS = [(64, 64), (20, 64, 64, 1), (64, 32, 10), (5, 3), (33, 50, 3), (9, 40, 34)]


def _network(widths, dtype, loss="cross_entropy"):
    hidden = [Dense(units, "relu") for units in widths[1:-1]]
    plan = Plan.from_layers([*hidden, Dense(widths[-1])], widths[0], loss, dtype)
    params = plan.initial_params(np.random.RandomState(0))
    x = np.random.default_rng(1).normal(size=(333, widths[0])).astype(dtype)
    return plan, params, x


def _predict(plan, params, x, loss, columns, n_threads=1):
    out = np.full((len(x), columns), np.nan, x.dtype)
    _core.network_predict(plan, params, x, loss, out, n_threads)
    return out


@every_network
@pytest.mark.parametrize("n", [0, 1, 17, 131])
def test_it_is_forward_and_link(dtype, name, n):
    given = problem(name, dtype, n)
    plan, params, x = given.plan, given.params, given.x
    z, p = np.empty((2, n, plan.widths[-1]), dtype)
    _core.network_forward(plan, params, x, z)
    _core.link(z, plan.loss, p)
    assert _predict(plan, params, x, None, z.shape[1]).tobytes() == z.tobytes()
    assert _predict(plan, params, x, plan.loss, z.shape[1]).tobytes() == p.tobytes()


@pytest.mark.parametrize("n", [1, 15, 16, 17, 131])
def test_both_classes_of_a_sigmoid_neuron(dtype, n):
    given = problem("one neuron", dtype, n)
    z = _predict(given.plan, given.params, given.x, None, 1)
    both = np.empty((n, 2), dtype)
    _core.link(np.hstack([-z, z]), given.plan.loss, both)
    assert _predict(given.plan, given.params, given.x, given.plan.loss, 2).tobytes() == both.tobytes()
    given = problem("relu", dtype, n)  # three outputs make no pairs
    with pytest.raises(ValueError, match="out has shape"):
        _core.network_predict(given.plan, given.params, given.x, None, both)


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_a_row_does_not_depend_on_its_batch(dtype, widths):
    """Of few rows no layout can have a lane for a row, so this compares the layouts too."""
    plan, params, x = _network(widths, dtype)
    whole = _predict(plan, params, x, plan.loss, widths[-1])
    for rows in (slice(0, 1), slice(3, 10), slice(40, 100), slice(len(x) - 9, None)):
        part = _predict(plan, params, x[rows].copy(), plan.loss, widths[-1])
        assert part.tobytes() == whole[rows].tobytes()


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_threads_do_not_change_a_bit(dtype, widths):
    plan, params, x = _network(widths, dtype)
    x = np.tile(x, (200, 1))  # the smallest network too is worth a team
    wanted = _predict(plan, params, x, plan.loss, widths[-1])
    for n_threads in (2, 3, 7):
        assert _predict(plan, params, x, plan.loss, widths[-1], n_threads).tobytes() == wanted.tobytes()


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_one_bad_number_wherever_it_is(dtype, widths, bad):
    plan, params, x = _network(widths, dtype)
    for row in (0, 31, 200, len(x) - 1):
        for column in (0, widths[0] - 1):
            before, x[row, column] = x[row, column], bad
            for n_threads in (1, 2):
                assert _core.network_answer(plan, params, x, plan.loss, False, True, n_threads) is None
            x[row, column] = before
    x[...] = np.finfo(dtype).max  # what overflows on the way is not x's fault
    assert _core.network_answer(plan, params, x, plan.loss, False, True) is not None


def test_refresh():
    original = np.arange(12.0).reshape(3, 4)
    copy = np.zeros((3, 4))
    for source in (original, np.asfortranarray(original + 1), (original + 2)[::-1]):
        _core.refresh(copy, source)
        np.testing.assert_array_equal(copy, source)
    copy[0, 0] = np.nan  # unequal to itself
    _core.refresh(copy, original)
    np.testing.assert_array_equal(copy, original)
    for wrong in (original[:2], original.ravel(), original.astype(np.float32)):
        with pytest.raises(ValueError, match="original has shape"):
            _core.refresh(copy, wrong)
