"""A call of every kernel that takes some hundredths of a second, for what ends it in the middle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
from random_sparse import random_array

from fastnn import SGD, Adam, activations
from fastnn.kernels.select import kernels_for
from fastnn.layers import Dense
from fastnn.optimizers import OPTIMIZERS, Optimizer, OptimizerState
from fastnn.plan import Plan

CORE = kernels_for("native")
LONG = 8_000_000  # numbers that go through a function


@dataclass(frozen=True)
class Case:
    """`run` writes to what `fresh` makes."""

    fresh: Callable[[], list[Any]]
    run: Callable[..., Any]


CASES: dict[str, Callable[[], Case]] = {}
RNG = np.random.default_rng(0)


def case(make: Callable[[], Case]) -> Callable[[], Case]:
    CASES[make.__name__] = make
    return make


def nothing(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    return np.full(shape, np.nan, dtype)


@cache
def numbers(*shape: int, dtype: Any = np.float32) -> np.ndarray:
    return np.asarray(RNG.normal(size=shape), dtype)


def writing(run: Callable[..., Any], *shapes: tuple[int, ...], dtype: Any = np.float32) -> Case:
    return Case(lambda: [nothing(*shape, dtype=dtype) for shape in shapes], run)


def in_place(run: Callable[..., Any], count: int, size: int = LONG) -> Case:
    """On vectors whose elements are positive."""
    return Case(lambda: [np.abs(numbers(size)) + 1 for _ in range(count)], run)


IDENTITY, TANH = activations.get("identity"), activations.get("tanh")


@case
def dense_forward() -> Case:
    x = numbers(1500, 1500)
    return writing(lambda out: CORE.dense_forward(x, x, x[0], IDENTITY, out), x.shape)


@case
def dense_forward_narrow() -> Case:
    x, w = numbers(400_000, 60), numbers(60, 60)
    return writing(lambda out: CORE.dense_forward(x, w, None, TANH, out), (400_000, 60))


@case
def dense_backward_input() -> Case:
    x = numbers(1500, 1500)
    return writing(lambda out: CORE.dense_backward_input(x, x, out), x.shape)


@case
def dense_backward_params() -> Case:
    x = numbers(1500, 1500)
    return writing(lambda d_w, d_b: CORE.dense_backward_params(x, x, d_w, d_b), x.shape, (1500,))


@case
def activation_forward() -> Case:
    z = numbers(LONG // 100, 100)
    return writing(lambda out: CORE.activation_forward(z, activations.get("gelu"), out), z.shape)


@case
def activation_forward_of_rows() -> Case:
    z = numbers(LONG // 100, 100)
    return writing(lambda out: CORE.activation_forward(z, activations.get("softmax"), out), z.shape)


@case
def activation_backward() -> Case:
    z = numbers(LONG // 100, 100)
    return writing(lambda out: CORE.activation_backward(z, z, z, activations.get("gelu"), out), z.shape)


@case
def activation_backward_of_rows() -> Case:
    z = numbers(LONG // 100, 100)
    return writing(lambda out: CORE.activation_backward(z, z, z, activations.get("log_softmax"), out), z.shape)


@case
def link() -> Case:
    z = numbers(LONG // 100, 100)
    return writing(lambda out: CORE.link(z, "cross_entropy", out), z.shape)


@case
def loss_and_gradient() -> Case:
    z = numbers(LONG // 100, 100)
    return writing(lambda d_z: CORE.loss_and_gradient(z, np.abs(z), None, "cross_entropy", d_z), z.shape)


def optimizer_step(rule: Optimizer) -> Case:
    d, kernel = numbers(LONG), getattr(CORE, rule.kernel)
    given = rule.arguments(1, 0.1)
    return in_place(lambda *vectors: kernel(vectors[0], d, *vectors[1:], *given), 1 + len(rule.slots))


CASES.update({f"{name}_step": partial(optimizer_step, kind()) for name, kind in OPTIMIZERS.items()})


@case
def clip_by_value() -> Case:
    return in_place(lambda d: CORE.clip_by_value(d, 1.5), 1, 4 * LONG)


@case
def clip_by_norm() -> Case:
    return in_place(lambda d: CORE.clip_by_norm(d, 1.0), 1, 4 * LONG)


@case
def ema_step() -> Case:
    params = numbers(4 * LONG)
    return in_place(lambda average: CORE.ema_step(average, params, 0.5), 1, 4 * LONG)


@case
def dropout() -> Case:
    x = numbers(LONG // 100, 100)
    return writing(lambda out: CORE.dropout(x, 0.5, 0, 1, 0, 0, out), x.shape)


def plan_of(*widths: int, activation: str = "relu") -> tuple[Plan, np.ndarray]:
    layers = [Dense(width, activation) for width in widths[1:-1]] + [Dense(widths[-1])]
    plan = Plan.from_layers(layers, widths[0], "squared_error", np.float32)
    return plan, plan.initial_params(0)


def forward_of(plan: Plan, params: np.ndarray, x: Any) -> Case:
    return writing(lambda out: CORE.network_forward(plan, params, x, out), (x.shape[0], plan.widths[-1]))


@case
def network_forward() -> Case:
    return forward_of(*plan_of(100, 400, 400, 10), numbers(40_000, 100))


@case
def network_forward_of_narrow_layers() -> Case:
    return forward_of(*plan_of(20, 50, 10), numbers(800_000, 20))


@case
def network_forward_sparse() -> Case:
    x = CORE.SparseRows(random_array((40_000, 1000), density=0.02, format="csr", rng=0, dtype=np.float32))
    return forward_of(*plan_of(1000, 400, 10), x)


@case
def network_predict() -> Case:
    plan, params = plan_of(100, 400, 400, 10)
    x = numbers(40_000, 100)
    return writing(lambda out: CORE.network_predict(plan, params, x, "cross_entropy", out), (len(x), 10))


@case
def predictor() -> Case:
    p = CORE.Predictor(*plan_of(100, 400, 400, 10), "link")
    x = numbers(40_000, 100)
    return writing(lambda out: p(x, out), (len(x), 10))


@case
def predictor_of_narrow_layers() -> Case:
    p = CORE.Predictor(*plan_of(20, 64, 64, 2), "link")
    x = numbers(400_000, 20)
    return writing(lambda out: p(x, out), (len(x), 2))


def gradient_of(widths: tuple[int, ...], x: Any, activation: str = "relu") -> Case:
    plan, params = plan_of(*widths, activation=activation)
    n = x.shape[0]
    y = numbers(n, widths[-1])
    return writing(lambda d: CORE.network_gradient(plan, params, x, y, None, 0.1, d), (plan.n_params,))


@case
def network_gradient() -> Case:
    return gradient_of((500, 1000, 1000, 10), numbers(2000, 500))


@case
def network_gradient_by_strips() -> Case:
    return gradient_of((20, 64, 10), numbers(200_000, 20), "tanh")


@case
def network_gradient_sparse() -> Case:
    x = random_array((20_000, 1000), density=0.05, format="csr", rng=0, dtype=np.float32)
    return gradient_of((1000, 300, 10), CORE.SparseRows(x))


def epoch_of(optimizer: Any, n: int, batch: int, make: Callable[[], Any]) -> Case:
    """One step of all rows; the workspace goes with the parameters, whose first epoch it is."""
    plan, params = plan_of(500, 1000, 1000, 10)
    x, y = numbers(n, 500), numbers(n, 10)

    def run(params: np.ndarray, *slots: np.ndarray) -> None:
        rates = np.full(-(-n // batch), 0.01)
        state = OptimizerState(0, slots)
        make().fit_epoch(plan, params, x, y, None, None, batch, optimizer, state, rates, 0.1, 0.0, 0)

    zeros = OptimizerState.zeros(optimizer, params).slots
    return Case(lambda: [params.copy(), *(slot.copy() for slot in zeros)], run)


@case
def fit_epoch() -> Case:
    return epoch_of(Adam(), 1000, 1000, lambda: CORE)


@case
def fit_epoch_of_a_batch_in_chunks() -> Case:
    return epoch_of(SGD(clip_norm=1.0), 4000, 4000, lambda: CORE)


@case
def fit_epoch_in_a_workspace() -> Case:
    return epoch_of(Adam(), 1000, 1000, CORE.Workspace)


@case
def neuron_epoch() -> Case:
    x, y = numbers(200_000, 100), np.abs(numbers(200_000))
    run = lambda w: CORE.neuron_epoch(TANH, w, x, y, None, None, 2 * len(x), np.full(1, 0.1), None)  # noqa: E731
    return Case(lambda: [np.zeros(101, np.float32)], run)


@case
def neuron_epoch_online() -> Case:
    x, y = numbers(200_000, 100), np.abs(numbers(200_000))
    run = lambda w: CORE.neuron_epoch(TANH, w, x, y, None, None, 1, np.full(len(x), 1e-4), None)  # noqa: E731
    return Case(lambda: [np.zeros(101, np.float32)], run)
