"""Users' losses as tile functions: losses, and their derivatives by the raw output."""

from __future__ import annotations

import math

import numpy as np
import pytest
from compiled_tiles import differences, run_loss

pytestmark = pytest.mark.jit

DTYPES = [np.float32, np.float64]


def _huber(z, y):
    r = z - y
    return 0.5 * r * r if abs(r) <= 1.35 else 1.35 * (abs(r) - 0.675)


LOSSES = {
    "squared": lambda z, y: 0.5 * (z - y) ** 2,
    "huber": _huber,
    "log_cosh": lambda z, y: abs(z - y) + math.log1p(math.exp(-2 * abs(z - y))) - math.log(2),
    "poisson": lambda z, y: math.exp(z) - y * z,
    "cauchy": lambda z, y: math.log1p((z - y) ** 2),
    "cross-entropy": lambda z, y: max(z, 0.0) - z * y + math.log1p(math.exp(-abs(z))),
    "weighted by the target": lambda z, y: (1 + y * y) * (z - y) ** 2 if y > 0 else abs(z),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", LOSSES)
def test_losses(name, dtype):
    function, rng = LOSSES[name], np.random.default_rng(1)
    z, y = rng.normal(size=(2, 333)).astype(dtype)
    losses, d_z = run_loss(function, z, y)
    pairs = list(zip(z.astype(np.float64), y.astype(np.float64), strict=True))
    unit = np.finfo(dtype).eps
    expected = np.array([function(*each) for each in pairs])
    np.testing.assert_allclose(losses, expected, rtol=10 * unit, atol=10 * unit)
    steps = 1e-3, 5e-4
    fine, coarse = ([differences(lambda x, y=y: function(x, y), np.array([x]), h)[0] for x, y in pairs] for h in steps)
    is_smooth = np.isclose(fine, coarse, 1e-5, 1e-5)
    assert is_smooth.mean() > 0.95
    tolerance = 1e-7 + 40 * unit
    np.testing.assert_allclose(d_z[is_smooth], np.array(fine)[is_smooth], rtol=tolerance, atol=tolerance)


def test_a_given_slope_of_a_loss_is_used():
    z, y = np.linspace(-2, 2, 9), np.ones(9)
    _, d_z = run_loss(LOSSES["squared"], z, y, lambda z, y: 5 * (z - y))
    np.testing.assert_allclose(d_z, 5 * (z - y))
