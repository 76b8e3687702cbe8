"""Clipping of gradients and averaging of parameters, of every backend."""

from __future__ import annotations

import numpy as np
import pytest
from networks import problem
from oracle import check
from shapes import sizes

from fastnn import kernels as public
from fastnn.kernels.select import kernels_for
from fastnn.optimizers import SGD, OptimizerState


def test_clip_by_value(backend, dtype, rng):
    for size in (*sizes(dtype), 5003):
        check(backend, "clip_by_value", dtype, d_params=rng.normal(size=size), limit=0.5)


@pytest.mark.parametrize("limit", [1e-3, 0.7, 1e9])
def test_clip_by_norm(backend, dtype, limit, rng):
    for size in (*sizes(dtype), 5003):
        check(backend, "clip_by_norm", dtype, d_params=rng.normal(size=size), limit=limit)


def test_ema_step(backend, dtype, rng):
    for size in (*sizes(dtype), 5003):
        average, params = rng.normal(size=(2, size))
        check(backend, "ema_step", dtype, average=average, params=params, decay=0.9)


def test_not_finite(backend, dtype):
    """A NaN stays; infinity is clipped by value, and by norm leaves nothing of the rest."""
    kernels = kernels_for(backend)
    values = np.array([np.nan, np.inf, -np.inf, 2.0, -0.25], dtype)
    kernels.clip_by_value(values, 0.5)
    np.testing.assert_array_equal(values, np.array([np.nan, 0.5, -0.5, 0.5, -0.25], dtype))
    values = np.array([np.inf, 1.0], dtype)
    assert kernels.clip_by_norm(values, 1.0) == np.inf
    np.testing.assert_array_equal(values, np.array([np.nan, 0.0], dtype))


def test_a_norm_whose_square_is_too_large_for_float32(backend):
    values = np.array([3e30, 4e30], np.float32)
    assert kernels_for(backend).clip_by_norm(values, 10.0) == pytest.approx(5e30)
    np.testing.assert_allclose(values, [6.0, 8.0], rtol=1e-6)


def test_threads_do_not_change_a_bit(dtype, rng):
    values = rng.normal(size=300_007).astype(dtype)
    found = []
    for n_threads in (1, 2, 3, 7):
        mine = values.copy()
        found.append((public.clip_by_norm(mine, limit=1.0, n_threads=n_threads), mine))
    for norm, mine in found[1:]:
        assert norm == found[0][0]
        np.testing.assert_array_equal(mine, found[0][1])


def test_public_kernels(backend, dtype):
    d_params = np.array([3.0, -4.0, 0.0], dtype)
    assert public.clip_by_norm(d_params, limit=1.0, backend=backend) == pytest.approx(5.0)
    np.testing.assert_allclose(d_params, [0.6, -0.8, 0.0], rtol=1e-6)
    assert public.clip_by_value(d_params, limit=0.5, backend=backend) is d_params
    np.testing.assert_allclose(d_params, [0.5, -0.5, 0.0], rtol=1e-6)
    average = np.ones(3, dtype)
    assert public.ema_step(average, d_params, decay=0.75, backend=backend) is average
    np.testing.assert_allclose(average, [0.875, 0.625, 0.75], rtol=1e-6)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: public.clip_by_value(np.ones(3), limit=0.0), "limit=0.0 is not possible"),
        (lambda: public.clip_by_norm(np.ones(3), limit=float("nan")), "limit=nan is not possible"),
        (lambda: public.ema_step(np.ones(3), np.ones(3), decay=1.0), "decay=1.0 is not possible"),
        (lambda: public.ema_step(np.ones(3), np.ones(4), decay=0.5), "params"),
        (lambda: SGD(clip_norm=0.0), "clip_norm=0.0, wanted a finite number above 0"),
        (lambda: SGD(clip_value=-1.0), "clip_value=-1.0, wanted"),
        (lambda: SGD(ema=1.0), "ema=1.0, wanted a number in"),
    ],
)
def test_refused(run, message):
    with pytest.raises(ValueError, match=message):
        run()


@pytest.mark.parametrize("batch_size", [16, 4000])
def test_an_epoch_clips_the_gradient_with_its_penalty(backend, batch_size):
    """One plain step moves the parameters by the rate times the clipped gradient."""
    given = problem("relu", np.float64, 16 if batch_size == 16 else 2500)
    d_params = np.empty_like(given.params)
    kernels_for(backend).network_gradient(given.plan, given.params, given.x, given.y, None, 0.4, d_params)
    norm = np.linalg.norm(d_params)
    rule = SGD(momentum=0.0, clip_norm=norm / 4)
    params = given.fit(kernels_for(backend), rule, batch_size=batch_size, alpha=0.4)[0]
    np.testing.assert_allclose((given.params - params) / 0.02, d_params / 4, rtol=1e-6, atol=1e-10)
    largest = np.abs(d_params).max()
    rule = SGD(momentum=0.0, clip_value=largest / 4)
    params = given.fit(kernels_for(backend), rule, batch_size=batch_size, alpha=0.4)[0]
    wanted = np.clip(d_params, -largest / 4, largest / 4)
    np.testing.assert_allclose((given.params - params) / 0.02, wanted, rtol=1e-6, atol=1e-10)


def test_the_average_follows_the_parameters(backend):
    given, rule, average = problem("relu", np.float64, 64), SGD(ema=0.5), None
    for epochs in range(1, 5):  # each is one step
        params, state, _ = given.fit(kernels_for(backend), rule, epochs=epochs, batch_size=64)
        average = ((given.params if average is None else average) + params) / 2
        np.testing.assert_allclose(rule.averaged(state), average, rtol=1e-12, atol=1e-14)
    assert SGD().averaged(OptimizerState.zeros(SGD(), params)) is None
