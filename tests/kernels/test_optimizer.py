"""sgd_step and adam_step of every backend."""

from __future__ import annotations

import numpy as np
import pytest
from oracle import check
from shapes import sizes

from fastnn.kernels.select import kernels_for


@pytest.mark.parametrize("nesterov", [False, True], ids=["classical", "nesterov"])
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_sgd_step(backend, dtype, momentum, nesterov, rng):
    for size in (*sizes(dtype), 5003):
        params, d_params, velocity = rng.normal(size=(3, size))
        check(
            backend,
            "sgd_step",
            dtype,
            params=params,
            d_params=d_params,
            velocity=velocity,
            learning_rate=0.05,
            momentum=momentum,
            nesterov=nesterov,
        )


@pytest.mark.parametrize("step", [1, 2, 1000, 10**6])
def test_adam_step(backend, dtype, step, rng):
    for size in (*sizes(dtype), 5003):
        params, d_params, m, v = rng.normal(size=(4, size))
        check(
            backend,
            "adam_step",
            dtype,
            params=params,
            d_params=d_params,
            m=m,
            v=v**2,
            step=step,
            learning_rate=0.01,
            beta_1=0.9,
            beta_2=0.999,
            epsilon=1e-8,
        )


def test_nan_flows(backend, dtype, rng):
    params, d_params, m, v = rng.normal(size=(4, 37))
    d_params[20] = np.nan
    rate, betas = {"learning_rate": 0.1}, {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}
    sgd = {"params": params, "d_params": d_params, "velocity": m, "momentum": 0.9}
    check(backend, "sgd_step", dtype, **sgd, **rate, nesterov=True)
    adam = {"params": params, "d_params": d_params, "m": m, "v": v**2, "step": 3}
    check(backend, "adam_step", dtype, **adam, **rate, **betas)


def test_first_adam_step_is_the_learning_rate(backend, dtype):
    """Independent of the gradient's size, as the paper says."""
    params, d_params = np.zeros(4, dtype), np.array([1e-3, -1.0, 50.0, 1e4], dtype)
    m, v = np.zeros(4, dtype), np.zeros(4, dtype)
    kernels_for(backend).adam_step(params, d_params, m, v, 1, 0.01, 0.9, 0.999, 1e-12)
    np.testing.assert_allclose(params, -0.01 * np.sign(d_params), rtol=1e-5)
