"""The kernels of predictors: their answers have the bits of Network's, whatever the rows and the widths."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from activation_cases import ALL
from networks import LAYERS
from oracle import assert_guards, guarded
from same_bits import assert_same_bits, with_zeros

from fastnn import Dense, Network, compile_predict

WIDTHS = [
    (1, 1),
    (30, 1),
    (20, 3),
    (64, 32, 10),
    (20, 64, 64, 2),
    (17, 33, 31, 7),
    (40, 100, 129, 5),
    (300, 257, 12),
    (9, 16, 65, 200),
]


def network(widths: tuple[int, ...], dtype: Any, activation: Any = "relu", loss: str = "cross_entropy") -> Network:
    """A network with random weights and biases."""
    loss = "binary_cross_entropy" if widths[-1] == 1 and loss == "cross_entropy" else loss
    layers = [*(Dense(o, activation) for o in widths[1:-1]), Dense(widths[-1])]
    made = Network(layers, n_inputs=widths[0], loss=loss, dtype=dtype, random_state=0)
    made.params[:] += np.random.default_rng(1).normal(0, 0.1, len(made.params))
    return made


def assert_answers(net: Network, x: np.ndarray) -> None:
    """Fail unless predictors of a network answer rows together and one by one as it does, and write nothing else."""
    p, raw = compile_predict(net, "predict"), compile_predict(net, "raw")
    want = net.predict(x)
    assert_same_bits(p(x), want)
    assert_same_bits(raw(x), net.forward(x))
    for row, answer in zip(x[:5], want[:5], strict=True):
        assert_same_bits(p(guarded(row, x.dtype, False)), answer)
    out = guarded(np.full(want.shape, np.nan), x.dtype, True)
    assert p(guarded(x, x.dtype, False), out) is out
    assert_same_bits(out, want)
    assert_guards("out", out)


@pytest.mark.parametrize("widths", WIDTHS, ids=str)
def test_every_number_of_rows(widths: tuple[int, ...], dtype: Any, rng: np.random.Generator) -> None:
    net = network(widths, dtype)
    x = rng.normal(size=(70, widths[0])).astype(dtype)
    p, want = compile_predict(net, "predict"), net.predict(x)
    for n in range(71):
        assert_same_bits(p(x[:n]), want[:n])
    assert_answers(net, x)


def test_many_rows(dtype: Any, rng: np.random.Generator) -> None:
    for widths in ((64, 32, 10), (20, 64, 64, 2), (300, 257, 12)):
        x = rng.normal(size=(1037, widths[0])).astype(dtype)
        assert_answers(network(widths, dtype), x)


@pytest.mark.parametrize("name", LAYERS)
def test_every_kind_of_layer(name: str, dtype: Any, rng: np.random.Generator) -> None:
    n_inputs, layers, loss = LAYERS[name]
    net = Network(layers, n_inputs=n_inputs, loss=loss, dtype=dtype, random_state=0)
    net.params[:] += rng.normal(0, 0.3, len(net.params))
    assert_answers(net, rng.normal(size=(19, n_inputs)).astype(dtype))


@pytest.mark.parametrize("name", ALL)
def test_every_activation(name: str, dtype: Any, rng: np.random.Generator) -> None:
    net = network((12, 21, 5), dtype, ALL[name], "squared_error")
    assert_answers(net, rng.normal(0, 3, (11, 12)).astype(dtype))


@pytest.mark.parametrize("loss", ["squared_error", "binary_cross_entropy", "cross_entropy", "poisson", "hinge"])
@pytest.mark.parametrize("o", [1, 2, 3, 16, 17, 33, 64])
def test_every_link(loss: str, o: int, dtype: Any, rng: np.random.Generator) -> None:
    if loss == "cross_entropy" and o == 1:
        o = 40
    net = network((12, o), dtype, loss=loss)
    x = rng.normal(0, 10, (9, 12)).astype(dtype)
    assert_answers(net, x)
    x[0], x[1, 3], x[2, 4] = np.finfo(dtype).max, np.nan, -np.inf  # kernels let through what is not finite
    with np.errstate(all="ignore"):
        assert_answers(net, x)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.8, 0.99, 1.0])
def test_zeros_change_no_bit(share: float, dtype: Any, rng: np.random.Generator) -> None:
    for widths in ((64, 1), (30, 1), (64, 64, 10), (300, 257, 12), (784, 100, 3)):
        assert_answers(network(widths, dtype), with_zeros(rng.normal(size=(9, widths[0])).astype(dtype), share, rng))


def test_signs_of_zeros(dtype: Any, rng: np.random.Generator) -> None:
    """Sums that end as zeros have the sign that they have with all zeros of x: -0 stays -0 only where all are -0."""
    net = Network([Dense(70)], n_inputs=80, loss="squared_error", dtype=dtype, random_state=0)
    (w,), (b,) = net.weights, net.biases
    assert b is not None
    b[:] = np.where(rng.random(70) < 0.8, -0.0, 1.0)
    w[:] = np.where(rng.random(w.shape) < 0.5, -1.0, 1.0)
    w[:, :20] = -np.abs(w[:, :20])
    w[:, 20:40] = rng.choice([-0.0, 0.0], (80, 20))
    x = with_zeros(rng.normal(size=(40, 80)).astype(dtype), 0.97, rng)
    x[0], x[1] = 0.0, -0.0
    p, want = compile_predict(net, "raw"), net.forward(x)
    signs = np.signbit(want[want == 0])
    assert signs.any() and not signs.all()
    assert_same_bits(p(x), want)
    for row, answer in zip(x, want, strict=True):
        assert_same_bits(p(row), answer)


def test_sums_that_vanish_in_between(dtype: Any) -> None:
    """A sum that rounds to -0 among subnormal numbers, and then meets zeros of x."""
    net = Network([Dense(1)], n_inputs=64, loss="squared_error", dtype=dtype, random_state=0)
    tiny = np.finfo(dtype).smallest_subnormal
    net.weights[0][:, 0] = 1
    net.weights[0][0, 0], net.biases[0][0] = 0.75, -tiny
    x = np.zeros((2, 64), dtype)
    x[:, 0] = tiny
    x[1, 1:] = -0.0
    p, want = compile_predict(net, "raw"), net.forward(x)
    for row, answer in zip(x, want, strict=True):
        assert_same_bits(p(row), answer)


@pytest.mark.parametrize("weight", [np.inf, -np.inf, np.nan])
def test_zeros_meet_weights_that_are_not_finite(weight: float, dtype: Any, rng: np.random.Generator) -> None:
    net = network((64, 32, 10), dtype)
    net.weights[0][5, 7] = weight
    with np.errstate(all="ignore"):
        assert_answers(net, with_zeros(rng.normal(size=(5, 64)).astype(dtype), 0.9, rng))


def test_threads_change_no_bit(dtype: Any, rng: np.random.Generator) -> None:
    for widths in ((64, 32, 10), (300, 257, 12)):
        net = network(widths, dtype)
        x = rng.normal(size=(3001, widths[0])).astype(dtype)
        want = net.predict(x)
        for n_threads in (2, 3, None):
            assert_same_bits(compile_predict(net, "predict", n_threads=n_threads)(x), want)


def test_eight_threads_share_a_predictor(dtype: Any, rng: np.random.Generator) -> None:
    net = network((300, 257, 12), dtype)
    p = compile_predict(net, "predict", n_threads=2)
    x = rng.normal(size=(400, 300)).astype(dtype)
    want = net.predict(x)

    def answers(k: int) -> bool:
        together = [p(x[k : k + n]) for n in (1, 8, 33, 300)]
        alone = [p(row) for row in x[:50]]
        return np.array_equal(alone, want[:50]) and all(
            np.array_equal(found, want[k : k + len(found)]) for found in together
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(answers, range(64)))
