"""dense_forward, dense_backward_input and dense_backward_params of every backend."""

from __future__ import annotations

import numpy as np
import pytest
from oracle import check
from shapes import triples

from fastnn import activations
from fastnn.kernels.select import kernels_for


@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("activation", ["identity", "relu", "tanh", "softmax"])
def test_forward_at_all_sizes(backend, dtype, activation, bias, rng):
    for n, i, o in triples(dtype):
        b = rng.normal(size=o) if bias else None
        x, w = rng.normal(size=(n, i)), rng.normal(size=(i, o))
        check(backend, "dense_forward", dtype, x=x, w=w, b=b, activation=activation)


@pytest.mark.parametrize("activation", activations.ACTIVATIONS)
def test_forward_with_every_activation(backend, dtype, activation, rng):
    x, w, b = rng.normal(size=(19, 11)), rng.normal(size=(11, 21)), rng.normal(size=21)
    check(backend, "dense_forward", dtype, x=x, w=w, b=b, activation=activation)


def test_backward_input_at_all_sizes(backend, dtype, rng):
    for n, i, o in triples(dtype):
        d_z, w = rng.normal(size=(n, o)), rng.normal(size=(i, o))
        check(backend, "dense_backward_input", dtype, d_z=d_z, w=w)


def test_backward_params_at_all_sizes(backend, dtype, rng):
    for n, i, o in triples(dtype):
        x, d_z = rng.normal(size=(n, i)), rng.normal(size=(n, o))
        check(backend, "dense_backward_params", dtype, x=x, d_z=d_z)


def test_a_nan_stays_in_its_row(backend, dtype, rng):
    x, w, b = rng.normal(size=(21, 9)), rng.normal(size=(9, 35)), rng.normal(size=35)
    x[3, 4], x[17, 0] = np.nan, np.inf
    for activation in ("identity", "relu", "sigmoid", "softmax"):
        check(backend, "dense_forward", dtype, x=x, w=w, b=b, activation=activation)


def test_a_nan_in_the_gradient_flows(backend, dtype, rng):
    x, d_z, w = rng.normal(size=(21, 9)), rng.normal(size=(21, 35)), rng.normal(size=(9, 35))
    d_z[5, 20] = np.nan
    check(backend, "dense_backward_input", dtype, d_z=d_z, w=w)
    check(backend, "dense_backward_params", dtype, x=x, d_z=d_z)


def test_a_row_does_not_depend_on_its_batch(dtype, rng):
    """Bit for bit, in compiled code: every n, and every place in the batch."""
    x = rng.normal(size=(70, 37)).astype(dtype)
    w, b = rng.normal(size=(37, 29)).astype(dtype), rng.normal(size=29).astype(dtype)
    native = kernels_for("native")
    whole = np.empty((70, 29), dtype)
    native.dense_forward(x, w, b, activations.get("tanh"), whole)
    for first, last in [(0, 1), (0, 5), (3, 20), (64, 70), (69, 70)]:
        part = np.empty((last - first, 29), dtype)
        native.dense_forward(x[first:last], w, b, activations.get("tanh"), part)
        np.testing.assert_array_equal(part, whole[first:last])


@pytest.mark.parametrize(("i", "o"), [(37, 29), (130, 33), (5, 7), (1, 16), (16, 1), (64, 64)])
def test_few_rows_of_d_x_are_those_of_many(dtype, i, o, rng):
    """Few rows take w as it lies, many a packed copy of it: bit for bit the same, for every number of threads."""
    d_z, w = rng.normal(size=(40, o)).astype(dtype), rng.normal(size=(i, o)).astype(dtype)
    native, whole = kernels_for("native"), np.full((40, i), np.nan, dtype)
    native.dense_backward_input(d_z, w, whole)
    for first, last in [(0, 1), (7, 9), (3, 6), (36, 40), (20, 25), (0, 13)]:
        for n_threads in (1, 2):
            part = np.full((last - first, i), np.nan, dtype)
            native.dense_backward_input(d_z[first:last], w, part, n_threads)
            np.testing.assert_array_equal(part, whole[first:last])


def test_threads_do_not_change_a_bit(dtype, rng):
    x = rng.normal(size=(400, 150)).astype(dtype)
    w, b = rng.normal(size=(150, 90)).astype(dtype), rng.normal(size=90).astype(dtype)
    d_z = rng.normal(size=(400, 90)).astype(dtype)
    native = kernels_for("native")
    found = []
    for n_threads in (1, 2, 3):
        out, d_x = np.empty((400, 90), dtype), np.empty_like(x)
        d_w, d_b = np.empty_like(w), np.empty_like(b)
        native.dense_forward(x, w, b, activations.get("silu"), out, n_threads)
        native.dense_backward_input(d_z, w, d_x, n_threads)
        native.dense_backward_params(x, d_z, d_w, d_b, n_threads)
        found.append([out, d_x, d_w, d_b])
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(one, two)
