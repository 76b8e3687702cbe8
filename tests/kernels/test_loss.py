"""loss_and_gradient and link of every backend."""

from __future__ import annotations

from math import exp, log, log1p

import numpy as np
import pytest
from gradcheck import assert_gradient
from loss_targets import targets
from oracle import check
from shapes import pairs

from fastnn import losses
from fastnn.kernels.select import kernels_for

ALL = (*losses.LOSSES.values(), losses.huber(0.3), losses.pinball(0.9))
IDS = (*losses.LOSSES, "huber 0.3", "pinball 0.9")
every_loss = pytest.mark.parametrize("loss", ALL, ids=IDS)


@every_loss
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_loss_at_all_sizes(backend, dtype, loss, weighted, rng):
    for shape in pairs(dtype):
        z, y = 2 * rng.normal(size=shape), targets(rng, loss, shape)
        weight = rng.integers(0, 4, shape[0]) / 2 if weighted else None
        check(backend, "loss_and_gradient", dtype, z=z, y=y, sample_weight=weight, loss=loss)


@every_loss
def test_many_rows(backend, dtype, loss, rng):
    """More rows than one block of partial sums."""
    z, y = rng.normal(size=(1100, 3)), targets(rng, loss, (1100, 3))
    check(backend, "loss_and_gradient", dtype, z=z, y=y, sample_weight=None, loss=loss)


@every_loss
def test_link_at_all_sizes(backend, dtype, loss, rng):
    for shape in pairs(dtype):
        check(backend, "link", dtype, z=3 * rng.normal(size=shape), loss=loss)


@every_loss
def test_zero_weights_give_zero(backend, dtype, loss, rng):
    z, y = rng.normal(size=(5, 3)), targets(rng, loss, (5, 3))
    check(backend, "loss_and_gradient", dtype, z=z, y=y, sample_weight=np.zeros(5), loss=loss)


@every_loss
def test_nan_flows(backend, dtype, loss, rng):
    z, y = rng.normal(size=(6, 21)), targets(rng, loss, (6, 21))
    z[1, 3] = np.nan
    check(backend, "loss_and_gradient", dtype, z=z, y=y, sample_weight=None, loss=loss)
    check(backend, "link", dtype, z=z, loss=loss)
    z[1, 3], y[4, 20] = 0.5, np.nan
    check(backend, "loss_and_gradient", dtype, z=z, y=y, sample_weight=None, loss=loss)


@every_loss
def test_gradient(backend, loss, rng):
    """d_z is the gradient of the weighted mean, away from kinks."""
    kernels = kernels_for(backend)
    z, y = rng.normal(size=(5, 4)), targets(rng, loss, (5, 4))
    z = np.where(np.abs(z - y) < 0.05, z + 0.1, z)
    z = np.where(np.abs(1 - y * z) < 0.05, z + 0.2, z)
    weight = rng.random(5)

    def value(at):
        return kernels.loss_and_gradient(at, y, weight, loss, np.empty_like(at))

    d_z = np.empty_like(z)
    kernels.loss_and_gradient(z, y, weight, loss, d_z)
    assert_gradient(d_z, value, z, loss.name)


# (loss, z of one row, y of that row, loss, d_z): exact, or from the formula's limit.
EXTREMES = [
    ("squared_error", [1e10], [0.0], 5e19, [1e10]),
    ("binary_cross_entropy", [1e20], [1.0], 0.0, [0.0]),
    ("binary_cross_entropy", [1e20], [0.0], 1e20, [1.0]),
    ("binary_cross_entropy", [-1e20], [0.0], 0.0, [0.0]),
    ("binary_cross_entropy", [-1e20], [1.0], 1e20, [-1.0]),
    ("binary_cross_entropy", [0.0], [0.5], log(2), [0.0]),
    ("binary_cross_entropy", [-40.0], [0.0], exp(-40), [exp(-40)]),
    ("binary_cross_entropy", [40.0], [1.0], log1p(exp(-40)), [-exp(-40)]),
    ("cross_entropy", [1e20, 0.0], [1.0, 0.0], 0.0, [0.0, 0.0]),
    ("cross_entropy", [1e20, 0.0], [0.0, 1.0], 1e20, [1.0, -1.0]),
    ("cross_entropy", [1e20, -1e20, 0.0], [1.0, 0.0, 0.0], 0.0, [0.0, 0.0, 0.0]),
    ("cross_entropy", [-1e20, -1e20], [0.5, 0.5], log(2), [0.0, 0.0]),
    ("absolute", [1e20], [0.0], 1e20, [1.0]),
    ("absolute", [2.0], [2.0], 0.0, [0.0]),
    ("huber", [-1e20], [0.0], 1.35e20, [-1.35]),
    ("log_cosh", [1e20], [0.0], 1e20, [1.0]),
    ("log_cosh", [-1e-3], [0.0], 1e-6 / 2 - 1e-12 / 12, [-np.tanh(1e-3)]),
    ("poisson", [-1e20], [0.0], 0.0, [0.0]),
    ("poisson", [-1e20], [2.0], 2e20, [-2.0]),
    ("pinball", [1e20], [0.0], 0.5e20, [0.5]),
    ("hinge", [1e20], [1.0], 0.0, [0.0]),
    ("hinge", [1e20], [-1.0], 1e20, [1.0]),
]


@pytest.mark.parametrize("case", EXTREMES, ids=str)
def test_extremes(backend, dtype, case):
    name, z, y, wanted, wanted_d_z = case
    z, y = np.array([z], dtype), np.array([y], dtype)
    d_z = np.full_like(z, np.nan)
    loss = kernels_for(backend).loss_and_gradient(z, y, None, losses.get(name), d_z)
    eps = float(np.finfo(dtype).eps)
    # The reference must be exact; log-cosh keeps what 1e-3 in float32 has, squared.
    rtol = 4 * 2.3e-16 if backend == "reference" and dtype is np.float64 else 4 * eps
    atol = 1e-14 if name in ("log_cosh", "binary_cross_entropy") else 0.0
    if backend != "reference":
        atol = max(atol, eps / 2)
    np.testing.assert_allclose(loss, wanted, rtol + 2e-10 * (name == "log_cosh"), atol)
    np.testing.assert_allclose(d_z[0], wanted_d_z, rtol, atol)


def test_probabilities_of_two_softmax_outputs_are_those_of_one_sigmoid(backend, dtype, rng):
    z = rng.normal(size=(50, 1)).astype(dtype)
    one, two = np.empty_like(z), np.empty((50, 2), dtype)
    kernels = kernels_for(backend)
    kernels.link(z, losses.get("binary_cross_entropy"), one)
    kernels.link(np.hstack([0 * z, z]), losses.get("cross_entropy"), two)
    np.testing.assert_allclose(two[:, 1:], one, rtol=8 * np.finfo(dtype).eps)


def test_compiled_kernels_take_names(dtype, rng):
    """A name means the loss with its default parameter, as the registry has it."""
    z, y = rng.normal(size=(2, 9, 3)).astype(dtype) * 3
    native = kernels_for("native")
    for name, loss in losses.LOSSES.items():
        found, wanted = np.empty_like(z), np.empty_like(z)
        by_name = native.loss_and_gradient(z, y, None, name, found)
        assert by_name == native.loss_and_gradient(z, y, None, loss, wanted)
        np.testing.assert_array_equal(found, wanted)
