"""neuron_epoch: every backend learns what the textbook says, row by row and in batches."""

from __future__ import annotations

import _thread
import threading
from typing import Any

import numpy as np
import pytest
from patience import patient

from fastnn import kernels
from fastnn.activations import ACTIVATIONS, Activation
from fastnn.kernels.select import kernels_for

ELEMENTWISE = [name for name, activation in ACTIVATIONS.items() if not activation.by_row]
# One vector, eight of the widest instruction set (where weights leave the registers), and beyond; odd sizes.
WIDTHS = (0, 1, 2, 15, 16, 17, 63, 64, 65, 100, 127, 128, 129, 300)
TOLERANCE = {np.float32: 1e-4, np.float64: 1e-10}


def data(activation: str, n: int, i: int, dtype: Any) -> dict[str, Any]:
    """Arguments of neuron_epoch by name, learning rates apart; weights are 0, 1 or 2."""
    rng = np.random.default_rng([n, i, *activation.encode()])
    x, y = rng.normal(size=(n, i)), rng.normal(size=n)
    if activation == "sign":
        y = np.sign(y)
    if activation == "sigmoid":
        y = (y > 0).astype(float)
    weight, params = rng.integers(0, 3, n), rng.normal(size=i + 1) / 4
    arrays = {"params": params, "x": x, "y": y, "sample_weight": weight}
    return {"activation": ACTIVATIONS[activation], **{name: a.astype(dtype) for name, a in arrays.items()}}


def rates(n: int, batch_size: int, i: int) -> np.ndarray:
    return np.linspace(0.4, 0.2, -(-n // batch_size)) / (i + 1)


def run(backend: str, given: dict[str, Any], batch_size: int, **more: Any) -> tuple[float, np.ndarray, np.ndarray]:
    """Loss, parameters and their sum after an epoch."""
    params, total = given["params"].copy(), np.zeros(len(given["params"]))
    order = given.get("order")
    n = len(given["x"]) if order is None else len(order)
    changed = {"params": params, "total": total, "batch_size": batch_size}
    changed["learning_rates"] = rates(n, batch_size, len(params) - 1)
    loss = kernels.neuron_epoch(**given | changed | more, backend=backend)
    return loss, params, total


def by_the_book(given: dict[str, Any], learning_rates: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Online learning in float64, with the activations' scalar definitions."""
    f: Activation = given["activation"]
    params = given["params"].astype(float)
    total, loss_sum = np.zeros_like(params), 0.0
    for x, y, weight, rate in zip(given["x"], given["y"], given["sample_weight"], learning_rates, strict=True):
        z = float(x @ params[:-1] + params[-1])
        assert f.value is not None
        assert f.slope is not None
        a = f.value(z)
        if f.name == "sign":
            loss, d_z = float(y * z <= 0), -y * (y * z <= 0)
        elif f.name == "sigmoid":
            loss, d_z = np.logaddexp(0, z) - y * z, a - y
        else:
            loss, d_z = (a - y) ** 2 / 2, (a - y) * f.slope(z, a)
        params -= rate * weight * d_z * np.append(x, 1)
        total += params
        loss_sum += weight * loss
    return loss_sum / given["sample_weight"].sum(), params, total


def assert_same(found: Any, wanted: Any, dtype: Any) -> None:
    for one, other in zip(found, wanted, strict=True):
        scale = float(np.abs(other).max(initial=0))
        np.testing.assert_allclose(one, other, rtol=0, atol=TOLERANCE[dtype] * scale)


@pytest.mark.parametrize("activation", ELEMENTWISE)
def test_online_is_what_the_textbook_says(backend, dtype, activation):
    given = data(activation, 120, 5, dtype)
    assert_same(run(backend, given, 1), by_the_book(given, rates(120, 1, 5)), dtype)


@pytest.mark.parametrize("batch_size", [1, 7, 300, 1000])
@pytest.mark.parametrize("i", WIDTHS)
def test_widths(dtype, i, batch_size):
    given = data("tanh", 700, i, dtype)
    order = np.random.default_rng(i).permutation(700)[:650]
    for changes in ({}, {"order": order}, {"sample_weight": None}):
        one, other = (run(backend, given | changes, batch_size) for backend in ("native", "reference"))
        assert_same(one, other, dtype)
    without = run("native", given, batch_size, total=None)
    np.testing.assert_array_equal(without[1], run("native", given, batch_size)[1])


@pytest.mark.parametrize("activation", ELEMENTWISE)
@pytest.mark.parametrize("batch_size", [1, 32])
def test_backends_agree(backend, activation, batch_size):
    given = data(activation, 150, 20, float)
    assert_same(run(backend, given, batch_size), run("reference", given, batch_size), np.float64)


def test_the_perceptron_rule_is_exact_where_nothing_is_rounded(backend, dtype, rng):
    x = rng.integers(-5, 6, size=(300, 4)).astype(dtype)
    y = np.where(x @ [1, -2, 0, 1] + rng.normal(size=300) > 0, 1, -1).astype(dtype)
    w, b, mistakes = np.zeros(4), 0.0, 0
    for row, target in zip(x, y, strict=True):
        if target * (row @ w + b) <= 0:
            w, b, mistakes = w + target * row, b + target, mistakes + 1
    params = np.zeros(5, dtype)
    loss = kernels.neuron_epoch("sign", params, x, y, learning_rates=np.ones(300), backend=backend)
    np.testing.assert_array_equal(params, [*w, b])
    assert loss == mistakes / 300


def test_a_batch_of_weighted_rows_is_one_of_repeated_rows(backend, rng):
    for activation in ("sign", "sigmoid", "relu"):
        given = data(activation, 40, 3, float)
        repeat = given["sample_weight"].astype(int)
        repeated = {name: given[name].repeat(repeat, axis=0) for name in ("x", "y")}
        found = run(backend, given, 40)
        assert_same(found, run(backend, given | repeated | {"sample_weight": None}, int(repeat.sum())), np.float64)


@pytest.mark.parametrize("batch_size", [1, 8])
def test_rows_of_zero_weight_teach_nothing(backend, dtype, batch_size):
    given = data("sigmoid", 32, 4, dtype)
    given["sample_weight"] = np.zeros(32, dtype)
    loss, params, total = run(backend, given, batch_size)
    assert loss == 0
    np.testing.assert_array_equal(params, given["params"])
    np.testing.assert_allclose(total, (32 // batch_size) * params.astype(float), rtol=1e-6)


def test_a_batch_of_one_row_is_not_online(backend, dtype):
    """Its mean does not depend on the weight."""
    given = data("identity", 1, 3, dtype)
    found = [run(backend, given | {"sample_weight": np.array([weight], dtype)}, 8)[1] for weight in (1, 5)]
    assert_same(found[:1], found[1:], dtype)
    assert np.abs(found[0] - run(backend, given | {"sample_weight": np.array([5], dtype)}, 1)[1]).max() > 0.1


def test_no_rows(backend, dtype):
    given = data("relu", 0, 3, dtype)
    loss, params, total = run(backend, given, 1)
    assert loss == 0
    np.testing.assert_array_equal(params, given["params"])
    assert not total.any()


@pytest.mark.parametrize("batch_size", [1, 16])
@pytest.mark.parametrize("what", ["x", "learning_rates"])
def test_what_is_not_finite_changes_nothing(backend, dtype, batch_size, what):
    given = data("identity", 64, 3, dtype)
    learning_rates = rates(64, batch_size, 3)
    if what == "x":
        given["x"][60, 1] = np.nan
    else:
        learning_rates[-1] = np.inf  # only the last step goes astray: no loss has seen it
    total = np.ones(4)
    params = given["params"].copy()
    options = {"batch_size": batch_size, "learning_rates": learning_rates, "total": total, "backend": backend}
    assert np.isnan(kernels.neuron_epoch(**given | {"params": params}, **options))
    np.testing.assert_array_equal(params, given["params"])
    np.testing.assert_array_equal(total, np.ones(4))


def test_threads_do_not_change_a_bit(dtype):
    given = data("sigmoid", 9000, 40, dtype)
    for batch_size in (1, 5000, 9000):
        first, *others = (run("native", given, batch_size, n_threads=threads) for threads in (1, 2, 3, 7))
        for other in others:
            for one, two in zip(first, other, strict=True):
                np.testing.assert_array_equal(one, two)


def test_extremes_are_exact(backend, dtype):
    """A hundred thousand times over the line: the loss is z itself, or nothing."""
    x = np.array([[1e5], [-1e5]], dtype)
    for y, wanted in ((np.array([1, 0], dtype), 0.0), (np.array([0, 1], dtype), 1e5)):
        params = np.array([1, 0], dtype)
        loss = kernels.neuron_epoch("sigmoid", params, x, y, learning_rates=np.zeros(2), backend=backend)
        assert loss == wanted


@pytest.mark.parametrize("batch_size", [1, 33])
def test_a_function_of_ones_own(users_backend, dtype, batch_size):
    own = Activation("sign", value=lambda z: z / (1 + abs(z)), slope=lambda z, a: 1 / (1 + abs(z)) ** 2)
    given = data("softsign", 100, 3, dtype)
    assert_same(run(users_backend, given | {"activation": own}, batch_size), run("native", given, batch_size), dtype)


@pytest.mark.parametrize("batch_size", [1, 10**6])
def test_ctrl_c_ends_it_soon_and_changes_nothing(batch_size):
    n = 10**6
    x = np.ones((1, 32)).repeat(n, axis=0)
    params, y, order = np.zeros(33), np.zeros(n), np.zeros(40 * n, np.int64)
    steps = -(-len(order) // batch_size)
    timer = threading.Timer(patient(0.1), _thread.interrupt_main)
    with pytest.raises(KeyboardInterrupt):
        timer.start()
        kernels_for("native").neuron_epoch(
            "identity", params, x, y, None, order, batch_size, np.full(steps, 1e-3), None
        )
    timer.join()
    assert not params.any()


FAULTS = [
    ({"activation": "softmax"}, ValueError, "activation='softmax' works on whole rows"),
    ({"activation": "sigmod"}, ValueError, "Did you mean 'sigmoid'"),
    ({"params": np.zeros(4)}, ValueError, r"params has shape \(4,\), wanted \(4,\)|wanted \(6,\): w for the 5 inputs"),
    ({"params": np.zeros(6, np.float32)}, ValueError, "has dtype float32, wanted float64"),
    ({"params": [0.0] * 6}, TypeError, "wanted an ndarray, which is updated in place"),
    ({"y": np.zeros((20, 1))}, ValueError, "y has shape"),
    ({"order": [0, 20], "learning_rates": [1.0, 1.0]}, ValueError, "has rows from 0 to 20"),
    ({"learning_rates": [0.1]}, ValueError, "wanted one for each of the 20 steps"),
    ({"batch_size": 0}, ValueError, "batch_size=0"),
    ({"total": np.zeros(5)}, ValueError, "total has shape"),
    ({"total": np.zeros(6, np.float32)}, ValueError, "total of shape .* has dtype float32"),
]


@pytest.mark.parametrize(("changes", "error", "message"), FAULTS, ids=[fault[2] for fault in FAULTS])
def test_refuses(backend, changes, error, message):
    given = {"learning_rates": np.ones(20), **data("relu", 20, 5, float)}
    with pytest.raises(error, match=message):
        kernels.neuron_epoch(**given | changes, backend=backend)


def test_the_compiled_kernel_checks_for_itself():
    core, given = kernels_for("native"), data("relu", 20, 5, float)
    good = {**given, "order": None, "batch_size": 1, "learning_rates": np.ones(20), "total": None}
    bad = {
        "activation": "softmax",
        "params": np.zeros(5),
        "y": np.zeros(19),
        "order": np.array([20]),
        "learning_rates": np.ones(3),
        "batch_size": 0,
        "total": np.zeros(3),
    }
    assert np.isfinite(core.neuron_epoch(*good.values()))
    for name, value in bad.items():
        with pytest.raises(ValueError):
            core.neuron_epoch(*(good | {name: value}).values())
