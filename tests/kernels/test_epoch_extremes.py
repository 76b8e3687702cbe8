"""fit_epoch where all that counts is finite, but not what lies beside it."""

from __future__ import annotations

from math import copysign, inf, sqrt

import numpy as np
import pytest
from networks import OPTIMIZERS, Problem, assert_same_fit, problem

from fastnn.activations import Activation
from fastnn.kernels.select import kernels_for
from fastnn.layers import Dense, Dropout
from fastnn.optimizers import SGD
from fastnn.plan import Plan

ROOT = Activation(
    "root",
    value=lambda z: copysign(sqrt(abs(z)), z),
    slope=lambda z, a: inf if z == 0 else 0.5 / sqrt(abs(z)),
)


@pytest.mark.parametrize("n", [64, 1100], ids=["tiles", "strips"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "clipped by norm"])
def test_weights_whose_square_is_infinite_without_penalty(backend, optimizer, n):
    given, rule = problem("relu", np.float32, n), OPTIMIZERS[optimizer]
    given.plan.unpack(given.params)[0][0][2] = 1e20  # of an input that is always 0
    given.x[:, 2] = 0
    found = given.fit(kernels_for(backend), rule, batch_size=n)
    assert np.isfinite(found[2]).all()
    assert_same_fit(found, given.fit(kernels_for("reference"), rule, batch_size=n), np.float32)
    data = (given.plan, given.params, given.x, given.y, None, 0.0, np.empty_like(given.params))
    assert np.isfinite(kernels_for(backend).network_gradient(*data))


@pytest.mark.parametrize("n", [64, 1100], ids=["tiles", "strips"])
def test_a_slope_that_is_infinite_at_zero(users_backend, dtype, n, rng):
    """No z is 0, but padding is."""
    layers = [Dense(7, ROOT), Dropout(0.2), Dense(5, ROOT), Dense(3, ROOT)]
    plan = Plan.from_layers(layers, 6, "squared_error", dtype)
    x, y = (rng.normal(size=(n, width)).astype(dtype) for width in (6, 3))
    given = Problem(plan, plan.initial_params(0), x, y, rng.random(n).astype(dtype))
    found = given.fit(kernels_for(users_backend), SGD(), batch_size=n)
    assert np.isfinite(found[2]).all()
    assert_same_fit(found, given.fit(kernels_for("reference"), SGD(), batch_size=n), dtype)
