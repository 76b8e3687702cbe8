"""The gradient of a row agrees with the models' own, and with differences."""

from __future__ import annotations

import numpy as np
import pytest
from activation_cases import ALL
from gradcheck import numerical_gradient
from jit_loops import gradients

from fastnn import Dense, MLPClassifier, Network

pytestmark = pytest.mark.jit

RTOL = {"float32": 1e-5, "float64": 1e-12}
WITH_SLOPE = {name: activation for name, activation in ALL.items() if activation.has_slope}


def assert_near(got, want):
    rtol = RTOL[got.dtype.name]
    np.testing.assert_allclose(got, want, rtol, rtol * np.abs(want).max())


def in_python(net, x):
    out = np.empty_like(gradients(net, x))
    for row, into in zip(x, out, strict=True):
        net.row_gradient(row, into if net.architecture.n_outputs > 1 else into[0])
    return out


@pytest.mark.parametrize("name", WITH_SLOPE)
def test_activations(name, dtype, rng):
    layers = [Dense(11, ALL[name]), Dense(20, ALL[name]), Dense(3)]
    model = Network(layers, 4, dtype=dtype, random_state=0)
    x = rng.normal(size=(6, 4)).astype(dtype)
    net, want = model.jit("raw"), model.input_gradient(x)
    assert_near(gradients(net, x), want)
    np.testing.assert_array_equal(in_python(net, x), want)


@pytest.mark.parametrize("widths", [(3, 1), (5, 2), (6, 100, 1), (300, 7, 3), (70, 64, 3), (2, 300, 2)], ids=str)
def test_shapes(widths, dtype, rng):
    model = Network([Dense(width, "tanh") for width in widths[1:]], widths[0], dtype=dtype, random_state=0)
    x = rng.normal(size=(4, widths[0])).astype(dtype)
    assert_near(gradients(model.jit("raw"), x), model.input_gradient(x).reshape(4, widths[-1], widths[0]))


@pytest.mark.parametrize("o", [1, 2, 10])
@pytest.mark.parametrize("loss", ["binary_cross_entropy", "cross_entropy", "poisson"])
def test_links(loss, o, dtype, rng):
    model = Network([Dense(7, "tanh"), Dense(o)], 4, loss, dtype=dtype, random_state=0)
    x = rng.normal(size=(6, 4)).astype(dtype)
    net, want = model.jit(), model.input_gradient(x, link=True).reshape(6, o, 4)
    assert_near(gradients(net, x), want)
    np.testing.assert_array_equal(in_python(net, x), want)


def test_both_classes_of_one_output(rng):
    x = rng.normal(size=(40, 3))
    model = MLPClassifier((4,), "tanh", max_iter=3, random_state=0).fit(x, x[:, 0] > 0)
    net, want = model.jit("predict_proba"), model.input_gradient(x, link=True)
    assert_near(gradients(net, x), np.stack([-want, want], axis=1))
    assert_near(in_python(net, x), np.stack([-want, want], axis=1))


@pytest.mark.parametrize("loss", ["squared_error", "binary_cross_entropy", "cross_entropy", "poisson"])
@pytest.mark.parametrize("activation", ["tanh", "softmax", "log_softmax", "mish"])
def test_differences(loss, activation, rng):
    model = Network([Dense(7, activation), Dense(3)], 4, loss, dtype="float64", random_state=0)
    net, x = model.jit(), rng.normal(size=(1, 4))
    for k in range(3):
        want = numerical_gradient(lambda at, k=k: net(at)[k], x[0])
        np.testing.assert_allclose(gradients(net, x)[0, k], want, 1e-7, 1e-10)
