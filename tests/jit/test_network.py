"""Networks in nopython code have the bits of `Network`, whatever their layers are."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from activation_cases import ALL
from jit_loops import batch, call, give_back, rows

from fastnn import Dense, Network
from fastnn.activations import Activation
from fastnn.losses import LOSSES

pytestmark = pytest.mark.jit

# One layer, one output, one input, odd widths, whole vectors, several panels with a loop and without, a loop over inputs.
SHAPES = [(5, 3), (3, 1), (1, 2), (10, 16, 16, 1), (64, 32, 10), (7, 33, 1, 6), (300, 5), (4, 150, 2), (3, 700, 2)]
LARGE = [(70, 64, 3), (5, 1000, 1)]


def network(widths, activation="relu", dtype="float32", *, loss="squared_error", last="identity", bias=True):
    """A network with random biases too."""
    layers = [Dense(width, activation, bias=bias) for width in widths[1:-1]]
    made = Network([*layers, Dense(widths[-1], last)], widths[0], loss, dtype=dtype, random_state=0)
    made.params += np.random.default_rng(1).normal(0, 0.1, made.params.shape).astype(dtype)
    return made


def samples(rng, n, i, dtype):
    return rng.normal(size=(n, i)).astype(dtype)


def assert_bits(net, x, want):
    """A row in nopython code, and a batch there and in Python, give these bits."""
    for run in (rows, batch, type(net).batch):
        out = np.full_like(want, np.nan)
        run(net, x, out)
        np.testing.assert_array_equal(out, want)


@pytest.mark.parametrize("widths", SHAPES + LARGE, ids=str)
def test_bits_of_shapes(widths, dtype, rng):
    model = network(widths, dtype=dtype)
    x = samples(rng, 19, widths[0], dtype)
    assert_bits(model.jit("raw"), x, model.forward(x))


@pytest.mark.parametrize("name", ALL)
def test_bits_of_activations(name, dtype, rng):
    model = network((4, 21, 3), ALL[name], dtype, last=ALL[name])
    x = 3 * samples(rng, 9, 4, dtype)
    assert_bits(model.jit("forward"), x, model.forward(x))


@pytest.mark.parametrize("o", [1, 2, 10, 40])
@pytest.mark.parametrize("loss", ["squared_error", "binary_cross_entropy", "cross_entropy", "poisson"])
def test_bits_of_links(loss, o, dtype, rng):
    model = network((4, 6, o), "tanh", dtype, loss=loss)
    x = samples(rng, 9, 4, dtype)
    assert_bits(model.jit(), x, model.predict(x))


def test_every_link_has_a_test():
    tested = {LOSSES[name].link for name in ("squared_error", "binary_cross_entropy", "cross_entropy", "poisson")}
    assert tested == {loss.link for loss in LOSSES.values()}


@pytest.mark.parametrize("o", [1, 3])
def test_calls(o, dtype, rng):
    """One row or several; one output is no axis."""
    model = network((4, 6, o), dtype=dtype)
    net, x = model.jit(), samples(rng, 9, 4, dtype)
    want = model.predict(x)[:, 0] if o == 1 else model.predict(x)
    for given in (call(net, x), net(x), [call(net, row) for row in x], [net(row) for row in x]):
        np.testing.assert_array_equal(given, want, strict=isinstance(given, np.ndarray))


def test_without_biases(dtype, rng):
    model = network((4, 21, 3), dtype=dtype, bias=False)
    x = samples(rng, 9, 4, dtype)
    assert_bits(model.jit(), x, model.predict(x))


def square(z):
    return z * z


def twice(z, a):
    return 2 * z


def test_users_own_activation(dtype, rng):
    model = network((4, 21, 3), Activation("square", value=square, slope=twice), dtype)
    x = samples(rng, 9, 4, dtype)
    assert_bits(model.jit(), x, model.predict(x))


def test_numbers_that_are_none_flow_through(dtype):
    model = network((3, 9, 2), dtype=dtype)
    x = np.array([[np.nan, 0, 1], [np.inf, 1, -1], [-0.0, -0.0, 0.0], [1e30, -1e30, 1]], dtype)
    assert_bits(model.jit(), x, model.predict(x))


def test_one_array_for_both(dtype, rng):
    for widths in ((200, 200), (7, 7), (7, 5, 7)):
        model = network(widths, dtype=dtype)
        x = samples(rng, 4, widths[0], dtype)
        want = model.forward(x)
        rows(model.jit(), x, x)
        np.testing.assert_array_equal(x, want)


def test_other_weights_compile_nothing(rng):
    first, second = network((6, 11, 2)), network((6, 11, 2))
    second.params *= 2
    x = samples(rng, 5, 6, "float32")
    rows(first.jit(), x, np.empty((5, 2), np.float32))
    compiled = len(rows.signatures)
    assert_bits(second.jit(), x, second.predict(x))
    assert len(rows.signatures) == compiled


def test_it_does_not_change_with_the_model(rng):
    model = network((6, 11, 2))
    x = samples(rng, 5, 6, "float32")
    want, net = model.predict(x), model.jit()
    model.params[:] = 0
    assert_bits(net, x, want)
    with pytest.raises(AttributeError, match="does not change"):
        net.architecture = None


def test_it_lives_as_long_as_it_is_used(rng):
    """Compiled code has references of its own, and gives them back."""
    model = network((6, 11, 2))
    x = samples(rng, 5, 6, "float32")
    returned = give_back(model.jit())  # nothing else holds it meanwhile
    assert_bits(returned, x, model.predict(x))
    before = sys.getrefcount(returned._block)
    for _ in range(50):
        rows(returned, x, np.empty((5, 2), np.float32))
        give_back(returned)
        call(returned, x[0])
    assert sys.getrefcount(returned._block) == before
