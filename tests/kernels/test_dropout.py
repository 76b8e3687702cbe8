"""Dropout, of every backend: the same mask everywhere, and a gradient that is right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gradcheck import numerical_gradient
from networks import problem
from oracle import check
from shapes import sizes

from fastnn import kernels as public
from fastnn.kernels.select import kernels_for
from fastnn.optimizers import SGD

NUMBERS = {"seed": 3, "step": 5, "layer": 1, "first_row": 4}


def factors(shape: tuple[int, int], rate: float, backend: str = "auto", **numbers: int) -> np.ndarray:
    """0 or 1 / (1 - rate) for every element."""
    return public.dropout(np.ones(shape), rate, backend=backend, **NUMBERS | numbers)


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.99])
def test_dropout(backend, dtype, rate, rng):
    for o in (*sizes(dtype), 77):
        for n in (0, 1, 5):
            check(backend, "dropout", dtype, x=rng.normal(size=(n, o)), rate=rate, **NUMBERS)


def test_what_is_dropped_is_zero_also_where_it_was_not_finite(backend, dtype):
    x = np.full((20, 50), np.inf, dtype)
    x[::2] = np.nan
    out = public.dropout(x, 0.5, backend=backend, **NUMBERS)
    kept = factors(x.shape, 0.5) > 0
    np.testing.assert_array_equal(out, np.where(kept, x, 0))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_share_and_mean(rate):
    mask = factors((400, 500), rate)
    assert set(np.unique(mask)) == {0.0, 1 / (1 - rate)}
    deviation = np.sqrt(rate * (1 - rate) / mask.size)
    assert abs((mask == 0).mean() - rate) < 4 * deviation
    for axis in (0, 1):  # no row and no column is favoured
        assert np.abs((mask == 0).mean(axis=axis) - rate).max() < 5 * np.sqrt(rate * (1 - rate) / 400)


def test_masks_do_not_resemble_each_other():
    one = factors((300, 300), 0.5)
    others = [{"seed": 4}, {"step": 6}, {"layer": 2}, {"first_row": 304}]
    others += [{"seed": 4, "layer": 0}]
    pairs = [factors((300, 300), 0.5, **numbers) for numbers in others]
    pairs += [np.roll(one, 1, axis=0), np.roll(one, 1, axis=1), one.T]
    for other in pairs:
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 5 / 300


def test_a_row_has_its_mask_by_its_number():
    np.testing.assert_array_equal(factors((10, 33), 0.5)[6:], factors((4, 33), 0.5, first_row=10))


def test_threads_do_not_change_a_bit(dtype, rng):
    x = rng.normal(size=(1001, 333)).astype(dtype)
    wanted = public.dropout(x, 0.5, n_threads=1, **NUMBERS)
    for n_threads in (2, 3, 7):
        np.testing.assert_array_equal(public.dropout(x, 0.5, n_threads=n_threads, **NUMBERS), wanted)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rate": 1.0}, "rate=1.0 is not possible"),
        ({"rate": -0.1}, "rate=-0.1 is not possible"),
        ({"seed": -1}, "seed=-1 is not possible"),
        ({"step": 0}, "step=0 is not possible"),
        ({"layer": -1}, "layer=-1 is not possible"),
        ({"first_row": 2**63}, "first_row=9223372036854775808 is not possible"),
    ],
)
def test_refused(backend, changes: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        public.dropout(np.ones((2, 3)), **{"rate": 0.5, **NUMBERS} | changes, backend=backend)


# --- in training --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["dropout", "dropout of row functions"])
def test_gradient(backend, name):
    """A plain step goes down the gradient of the loss that it reports, its mask fixed."""
    given, kernels = problem(name, np.float64, 11), kernels_for(backend)
    options = {"batch_size": 11, "seed": 8, "weight": given.weight}
    params, _, _ = given.fit(kernels, SGD(momentum=0.0), **options)

    def loss(flat: np.ndarray) -> float:
        start, given.params = given.params, flat
        value = given.fit(kernels, SGD(momentum=0.0), **options)[2][0][0]
        given.params = start
        return value

    wanted = numerical_gradient(loss, given.params)
    np.testing.assert_allclose((given.params - params) / 0.02, wanted, rtol=1e-6, atol=1e-8)


def test_seed_and_step_choose_the_mask(backend):
    given, kernels = problem("dropout", np.float64, 32), kernels_for(backend)
    losses = [given.fit(kernels, SGD(), seed=seed)[2][0] for seed in (1, 1, 2)]
    assert losses[0] == losses[1] != losses[2]


def test_prediction_and_gradient_drop_nothing(backend):
    with_dropout = problem("dropout", np.float64, 32)
    without = problem("dropout", np.float64, 32)
    object.__setattr__(without.plan, "dropout", (0.0,) * 4)
    found = []
    for given in (with_dropout, without):
        d_params = np.empty_like(given.params)
        data = (given.params, given.x, given.y)
        loss = public.network_gradient(given.plan, *data, out=d_params, backend=backend)[0]
        found.append((loss, d_params, public.network_forward(given.plan, *data[:2], backend=backend)))
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)
