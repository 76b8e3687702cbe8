"""network_forward and network_gradient of every backend."""

from __future__ import annotations

import numpy as np
import pytest
from gradcheck import assert_gradient
from networks import LAYERS, problem
from scipy import sparse

from fastnn import kernels as public
from fastnn.kernels.select import kernels_for
from fastnn.layers import Dense
from fastnn.plan import Plan

TOLERANCE = {np.float32: 2e-5, np.float64: 1e-12}
every_network = pytest.mark.parametrize("name", LAYERS)


def _close(found, wanted, dtype) -> None:
    scale = max(1.0, float(np.abs(wanted).max(initial=0)))
    np.testing.assert_allclose(found, wanted, TOLERANCE[dtype], TOLERANCE[dtype] * scale)


@every_network
@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 131])
def test_forward(backend, dtype, name, n):
    given, wanted_of = problem(name, dtype, n), problem(name, np.float64, n)
    out = np.full((n, given.plan.widths[-1]), np.nan, dtype)
    kernels_for(backend).network_forward(given.plan, given.params, given.x, out)
    wanted = np.empty(out.shape)
    forward = kernels_for("reference").network_forward
    doubles = (given.params.astype(np.float64), given.x.astype(np.float64))
    forward(wanted_of.plan, *doubles, wanted)
    _close(out, wanted, dtype)


def test_forward_is_its_layers(backend, dtype):
    """The network kernel gives what its layers give one by one, to rounding."""
    given = problem("odd widths", dtype)
    weights, biases = given.plan.unpack(given.params)
    a = given.x
    for w, b, activation in zip(weights, biases, given.plan.activations, strict=True):
        a = public.dense_forward(a, w, b, activation, backend=backend)
    out = public.network_forward(given.plan, given.params, given.x, backend=backend)
    np.testing.assert_allclose(out, a, TOLERANCE[dtype], TOLERANCE[dtype])


@pytest.mark.parametrize("widths", [(1,), (3,), (16,), (33,), (64, 2)], ids=str)
@pytest.mark.parametrize("activation", ["relu", "tanh", "softmax"])
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
def test_forward_of_sparse_rows(dtype, widths, activation, bias):
    """Bit for bit what dense rows give, also with long indices and each row by itself; some rows are empty."""
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(131, 47)) * (rng.uniform(size=(131, 47)) < 0.1)).astype(dtype)
    x[[0, 7, 130]] = 0
    plan = Plan.from_layers([Dense(o, activation, bias) for o in widths], x.shape[1], "squared_error", dtype)
    params = rng.normal(size=plan.n_params).astype(dtype)
    native = kernels_for("native")
    wanted = np.empty((len(x), widths[-1]), dtype)
    native.network_forward(plan, params, x, wanted)
    short, long = sparse.csr_array(x), sparse.csr_array(x)
    short.indices, short.indptr = short.indices.astype(np.int32), short.indptr.astype(np.int32)
    long.indices, long.indptr = long.indices.astype(np.int64), long.indptr.astype(np.int64)
    for rows, n_threads in ((short, 1), (long, 1), (short, 3)):
        found = np.full_like(wanted, np.nan)
        native.network_forward(plan, params, native.SparseRows(rows), found, n_threads)
        np.testing.assert_array_equal(found, wanted)
    found = np.full_like(wanted, np.nan)
    for r in range(len(x)):
        native.network_forward(plan, params, native.SparseRows(short[r : r + 1]), found[r : r + 1])
    np.testing.assert_array_equal(found, wanted)


@every_network
@pytest.mark.parametrize("n", [1, 17, 131])
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_gradient_agrees(backend, dtype, name, n, weighted):
    given = problem(name, dtype, n)
    weight = given.weight if weighted else None
    found = np.full(given.plan.n_params, np.nan, dtype)
    wanted = np.empty_like(found)
    arguments = (given.plan, given.params, given.x, given.y, weight, 0.3)
    loss = kernels_for(backend).network_gradient(*arguments, found)
    wanted_loss = kernels_for("reference").network_gradient(*arguments, wanted)
    _close(found, wanted, dtype)
    _close(loss, wanted_loss, dtype)


@every_network
def test_gradient_by_differences(backend, name):
    given = problem(name, np.float64, 6)
    kernels, scratch = kernels_for(backend), np.empty(given.plan.n_params)
    data = (given.x, given.y, given.weight + 0.25, 0.7)

    def value(params):
        return kernels.network_gradient(given.plan, params, *data, scratch)

    d_params = np.empty(given.plan.n_params)
    kernels.network_gradient(given.plan, given.params, *data, d_params)
    assert_gradient(d_params, value, given.params, name)


def test_the_penalty_is_half_alpha_squares_over_rows(backend):
    given = problem("relu", np.float64, 20)
    arguments = (given.plan, given.params, given.x, given.y)
    plain, d_plain = public.network_gradient(*arguments, backend=backend)
    penalised, d_penalised = public.network_gradient(*arguments, alpha=0.5, backend=backend)
    weights, biases = given.plan.unpack(given.params)
    squares = sum((w**2).sum() for w in weights)
    assert penalised - plain == pytest.approx(0.5 * 0.5 * squares / 20, rel=1e-12)
    d_weights, d_biases = given.plan.unpack(d_penalised - d_plain)
    for w, b, d_w, d_b in zip(weights, biases, d_weights, d_biases, strict=True):
        np.testing.assert_allclose(d_w, 0.5 * w / 20, atol=1e-14)
        np.testing.assert_allclose(d_b, 0 * b, atol=1e-14)


def test_integer_weights_are_repeated_rows(backend):
    given = problem("relu", np.float64, 30)
    repeats = np.arange(30) % 4
    rows = np.repeat(np.arange(30), repeats)
    arguments = (given.plan, given.params)
    weighted = public.network_gradient(*arguments, given.x, given.y, repeats, alpha=0.2, backend=backend)
    repeated = public.network_gradient(*arguments, given.x[rows], given.y[rows], alpha=0.2, backend=backend)
    assert weighted[0] == pytest.approx(repeated[0], rel=1e-12)
    np.testing.assert_allclose(weighted[1], repeated[1], rtol=1e-10, atol=1e-13)


def test_threads_do_not_change_a_bit(dtype):
    given = problem("odd widths", dtype, 20_000)
    native, outs, gradients = kernels_for("native"), [], []
    for n_threads in (1, 2, 3):
        outs.append(np.empty((20_000, 2), dtype))
        gradients.append(np.empty(given.plan.n_params, dtype))
        native.network_forward(given.plan, given.params, given.x, outs[-1], n_threads)
        data = (given.plan, given.params, given.x, given.y, None, 0.1)
        native.network_gradient(*data, gradients[-1], n_threads)
    for found in (outs, gradients):
        np.testing.assert_array_equal(found[0], found[1])
        np.testing.assert_array_equal(found[0], found[2])


def test_sign_cannot_be_trained(backend):
    plan = Plan.from_layers([Dense(3, "sign"), Dense(1)], 2, "squared_error", np.float64)
    params, x, y = np.zeros(plan.n_params), np.zeros((4, 2)), np.zeros((4, 1))
    with pytest.raises(ValueError, match="'sign', which has no slope"):
        public.network_gradient(plan, params, x, y, backend=backend)
    assert public.network_forward(plan, params, x, backend=backend).shape == (4, 1)


@pytest.mark.parametrize("name", ["native", "reference"])
def test_a_plan_is_compiled_for_jit_by_jit_alone(name):
    """Not by the check that it is a plan: that would need Numba, and time."""
    plan = Plan.from_layers([Dense(1)], 2, "squared_error", np.float64)
    public.network_forward(plan, np.zeros(3), np.zeros((4, 2)), backend=name)
    assert "jitted" not in vars(plan)
