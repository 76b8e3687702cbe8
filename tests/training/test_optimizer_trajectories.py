"""Training with each optimizer follows the formulas of its paper, written here a second time and by themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone

from fastnn import Adadelta, Adamax, Dense, Lion, MLPClassifier, Network
from fastnn.optimizers import Optimizer

Array = NDArray[np.float64]
Steps = Iterator[Array]
EPOCHS = 12


def adamax(gradient: Callable[[Array], Array], w: Array, rule: Adamax) -> Steps:
    """torch.optim.Adamax: the infinity norm of the gradients so far, with epsilon inside of the maximum."""
    exp_avg, exp_inf = np.zeros_like(w), np.zeros_like(w)
    for t in range(1, EPOCHS + 1):
        g = gradient(w)
        exp_avg = rule.beta_1 * exp_avg + (1 - rule.beta_1) * g
        exp_inf = np.max([exp_inf * rule.beta_2, abs(g) + rule.epsilon], axis=0)
        w = w - rule.learning_rate / (1 - rule.beta_1**t) * exp_avg / exp_inf
        yield w


def adadelta(gradient: Callable[[Array], Array], w: Array, rule: Adadelta) -> Steps:
    """Zeiler's algorithm 1, and torch.optim.Adadelta with its factor of the step."""
    square_avg, acc_delta = np.zeros_like(w), np.zeros_like(w)
    for _ in range(EPOCHS):
        g = gradient(w)
        square_avg = rule.rho * square_avg + (1 - rule.rho) * g**2
        delta = (acc_delta + rule.epsilon) ** 0.5 / (square_avg + rule.epsilon) ** 0.5 * g
        acc_delta = rule.rho * acc_delta + (1 - rule.rho) * delta**2
        w = w - rule.learning_rate * delta
        yield w


def lion(gradient: Callable[[Array], Array], w: Array, rule: Lion) -> Steps:
    """Algorithm 2 of Chen et al.: the update first, then the momentum, each with a beta of its own."""
    momentum = np.zeros_like(w)
    for _ in range(EPOCHS):
        g = gradient(w)
        update = np.sign(rule.beta_1 * momentum + (1 - rule.beta_1) * g)
        momentum = rule.beta_2 * momentum + (1 - rule.beta_2) * g
        w = w - rule.learning_rate * (update + rule.weight_decay * w)
        yield w


RULES: list[tuple[Any, Optimizer]] = [
    (adamax, Adamax(0.05)),
    (adamax, Adamax(0.05, beta_1=0.5, beta_2=0.6, epsilon=0.01)),
    (adadelta, Adadelta()),
    (adadelta, Adadelta(20.0, rho=0.6, epsilon=1e-4)),
    (lion, Lion(0.01)),
    (lion, Lion(0.02, beta_1=0.5, beta_2=0.8, weight_decay=2.0)),
]
by_rule = pytest.mark.parametrize(("steps", "rule"), RULES, ids=[repr(rule) for _, rule in RULES])


def network(backend: str, dtype: Any = np.float64) -> Network:
    layers = [Dense(19, "tanh"), Dense(3)]
    return Network(layers, 5, loss="squared_error", dtype=dtype, backend=backend, random_state=3)


def samples(rng: np.random.Generator) -> tuple[Array, Array]:
    return rng.normal(size=(40, 5)), rng.normal(size=(40, 3))


@by_rule
def test_a_trajectory(backend: str, steps: Any, rule: Optimizer, rng: np.random.Generator) -> None:
    """Full batches, so that a step is an epoch; the gradient is the network's own."""
    model, (x, y) = network(backend), samples(rng)
    start, judge = model.params.copy(), network("reference")

    def gradient(w: Array) -> Array:
        judge.params[...] = w
        return judge.loss_and_gradient(x, y)[1]

    *_, wanted = steps(gradient, start, rule)
    model.fit(x, y, epochs=EPOCHS, batch_size=40, optimizer=rule, shuffle=False)
    assert abs(wanted - start).max() > 1e-3
    np.testing.assert_allclose(model.params, wanted, rtol=1e-7, atol=1e-9)


@by_rule
def test_clipped_and_averaged(backend: str, steps: Any, rule: Any, rng: np.random.Generator) -> None:
    """By norm, which a whole gradient decides, and with the parameters' average in their place at the end."""
    model, (x, y) = network(backend), samples(rng)
    judge, average = network("reference"), model.params.copy()

    def gradient(w: Array) -> Array:
        judge.params[...] = w
        d_params = judge.loss_and_gradient(x, y)[1]
        return d_params * min(1.0, 0.05 / float(np.linalg.norm(d_params)))

    for w in steps(gradient, model.params.copy(), rule):
        average = 0.8 * average + 0.2 * w
    around = type(rule)(*rule_values(rule), clip_norm=0.05, ema=0.8)
    model.fit(x, y, epochs=EPOCHS, batch_size=40, optimizer=around, shuffle=False)
    np.testing.assert_allclose(model.params, average, rtol=1e-7, atol=1e-9)


def rule_values(rule: Optimizer) -> tuple[float, ...]:
    return (rule.learning_rate, *rule.hyper)


@by_rule
def test_threads_and_batches_do_not_change_a_bit(steps: Any, rule: Optimizer, rng: np.random.Generator) -> None:
    x, y = rng.normal(size=(3000, 5)), rng.normal(size=(3000, 3))
    found = []
    for n_threads in (1, 2, 3):
        model = Network([Dense(64, "relu"), Dense(3)], 5, loss="squared_error", n_threads=n_threads, random_state=0)
        found.append(model.fit(x, y, epochs=2, batch_size=500, optimizer=rule).params.copy())
    for other in found[1:]:
        np.testing.assert_array_equal(other, found[0])


@by_rule
def test_training_goes_on_where_it_was(steps: Any, rule: Optimizer, rng: np.random.Generator, tmp_path: Any) -> None:
    """After partial_fit, after saving and loading, and in a clone that begins again."""
    x = rng.normal(size=(200, 4))
    y = (x.sum(axis=1) > 0).astype(int)
    settings: dict[str, Any] = {"hidden_layer_sizes": (9,), "solver": rule, "random_state": 0, "shuffle": False}
    whole = MLPClassifier(**settings)
    for _ in range(4):
        whole.partial_fit(x, y, classes=[0, 1])
    parts = clone(MLPClassifier(**settings))
    parts.partial_fit(x, y, classes=[0, 1]).partial_fit(x, y)
    parts.save(tmp_path / "half.safetensors")
    again = MLPClassifier.load(tmp_path / "half.safetensors")
    assert again.solver == rule
    again.partial_fit(x, y).partial_fit(x, y)
    for one, other in zip(again.coefs_, whole.coefs_, strict=True):
        np.testing.assert_array_equal(one, other)
