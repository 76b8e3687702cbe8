"""The training loop: orders, watchers, divergence and Ctrl-C."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier
from sklearn.utils import shuffle

from fastnn.activations import get
from fastnn.kernels.select import kernels_for
from fastnn.optimizers import SGD, Adam, Optimizer, OptimizerState
from fastnn.plan import Plan
from fastnn.training.engine import Engine
from fastnn.training.epoch import Epoch
from fastnn.training.fit import fit
from fastnn.training.held_out import HeldOut
from fastnn.training.loop import Outcome
from fastnn.training.rates import ConstantRate
from fastnn.training.recipe import Recipe
from fastnn.training.run import Run
from fastnn.training.samples import Rows, Samples, Source, row_order


def plan_of(*widths: int, loss: str = "squared_error", dtype: Any = np.float64) -> Plan:
    functions = [get("tanh")] * (len(widths) - 2) + [get("identity")]
    return Plan(widths, tuple(functions), (True,) * len(functions), loss, np.dtype(dtype))


def run_of(params: np.ndarray, optimizer: Optimizer | None = None) -> Run:
    optimizer = optimizer or SGD(0.05)
    state = OptimizerState.zeros(optimizer, params)
    return Run(optimizer, state, ConstantRate(optimizer.learning_rate), seed=5)


def train(
    engine: Engine, samples: Samples | Source, params: np.ndarray, run: Run, *, how: dict[str, Any], **rest: Any
) -> Outcome:
    """`fit` by a recipe for the run's own optimizer, in the order of the rows unless the recipe says otherwise."""
    recipe = Recipe(run.optimizer, run.rate, **{"shuffle": False, **how})
    return fit(engine, params, samples, recipe, run, **rest)


class Ordered:
    """Samples whose rows are taken in the order that a function of the epoch gives."""

    def __init__(self, samples: Samples, order: Callable[[int], Rows]) -> None:
        self.samples, self.order = samples, order

    def parts(self, engine: Engine, recipe: Recipe, run: Run) -> list[tuple[Samples, Rows]]:
        return [(self.samples, self.order(run.epoch))]


@pytest.fixture
def problem(rng: np.random.Generator) -> tuple[Engine, Samples, np.ndarray, Run]:
    plan = plan_of(3, 5, 2)
    params = plan.initial_params(0)
    samples = Samples(rng.normal(size=(50, 3)), rng.normal(size=(50, 2)))
    return Engine(plan), samples, params, run_of(params)


def test_a_given_order_gives_scikit_learns_epochs(rng: np.random.Generator) -> None:
    """scikit-learn shuffles what it shuffled before, drawing from the state that drew the weights."""
    x, y = rng.normal(size=(70, 4)), rng.integers(0, 3, 70)
    other = MLPClassifier((6,), "tanh", batch_size=16, max_iter=3, random_state=1, alpha=0.1)
    with pytest.warns(match="reached"):
        other.fit(x, y)
    plan = plan_of(4, 6, 3, loss="cross_entropy")
    random_state = np.random.RandomState(1)
    params = plan.initial_params(random_state)
    orders = [np.arange(70)]
    for _ in range(3):
        orders.append(shuffle(orders[-1], random_state=random_state))
    outcome = train(
        Engine(plan),
        Ordered(Samples(x, np.eye(3)[y]), lambda epoch: orders[epoch + 1]),
        params,
        run_of(params, Adam()),
        how={"batch_size": 16, "alpha": 0.1, "epochs": 3},
    )
    weights, biases = plan.unpack(params)
    for mine, wanted in zip([*weights, *biases], other.coefs_ + other.intercepts_, strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=0, atol=1e-10)
    np.testing.assert_allclose(outcome.losses, other.loss_curve_, rtol=1e-10)


def test_every_epoch_has_an_order_of_its_own(problem: Any) -> None:
    engine, _, _, run = problem
    rows = np.array([3, 1, 4, 15, 9])

    def orders(batch_size: int, shuffle: bool, rows: Rows) -> list[Rows]:
        recipe = Recipe(run.optimizer, run.rate, batch_size, epochs=20, shuffle=shuffle)
        return [row_order(engine, recipe, replace(run, epoch=epoch), 5, rows) for epoch in range(20)]

    seen = [tuple(order) for order in orders(1, True, rows)]
    assert len(set(seen)) > 10
    assert all(sorted(each) == sorted(rows) for each in seen)
    assert [tuple(order) for order in orders(1, True, rows)] == seen
    assert [tuple(rows[order]) for order in orders(1, True, None)] == seen
    assert all(order is None for order in orders(1, False, None))
    assert all(order is rows for order in orders(1, False, rows))
    assert all(order is rows for order in orders(5, True, rows))  # one batch has nothing to mix


def test_going_on_is_the_same_as_not_having_stopped(problem: Any) -> None:
    engine, samples, params, run = problem
    twin, twin_run = params.copy(), run.copy()
    how = {"shuffle": True, "batch_size": 8, "alpha": 0.01}
    whole = train(engine, samples, params, run, how={**how, "epochs": 6})
    parts = [train(engine, samples, twin, twin_run, how={**how, "epochs": k}) for k in (1, 2, 3)]
    np.testing.assert_array_equal(twin, params)
    assert [loss for part in parts for loss in part.losses] == whole.losses
    assert (run.epoch, run.n_seen, run.state.step) == (6, 300, 42)


def test_watchers_see_every_epoch_and_may_stop(problem: Any) -> None:
    engine, samples, params, run = problem
    first: list[Epoch] = []
    second: list[int] = []

    def stop_at_three(epoch: Epoch) -> bool:
        first.append(epoch)
        return epoch.number == 3

    outcome = train(
        engine,
        samples,
        params,
        run,
        how={"batch_size": 10, "epochs": 9},
        watchers=[stop_at_three, lambda epoch: second.append(epoch.number)],
        report=lambda loss, params: -loss,
    )
    assert outcome.reason == "stopped"
    assert second == [1, 2, 3]
    assert [epoch.loss for epoch in first] == outcome.losses
    assert max(outcome.losses) < 0
    assert first[0].learning_rate == 0.05
    with pytest.raises(ValueError, match="read-only"):
        first[0].params[0] = 1


def test_every_epoch_is_validated(problem: Any) -> None:
    engine, samples, params, run = problem
    seen: list[Epoch] = []
    settings: dict[str, Any] = {"how": {"batch_size": 10, "epochs": 3}, "watchers": [seen.append]}
    some = replace(samples, rows=np.arange(7, 20))
    train(engine, samples, params, run, held_out=HeldOut(some), **settings)
    z = engine.forward(params, samples.x[7:20])
    assert len(seen) == 3
    assert seen[-1].validation_loss == engine.loss(z, samples.y[7:20], None) != seen[0].validation_loss
    assert seen[-1].validation_score is None
    own = HeldOut(some, report=lambda loss: 1.0, score=lambda params, z, loss: 2 * loss)
    train(engine, samples, params, run, held_out=own, **settings)
    assert [(epoch.validation_loss, epoch.validation_score) for epoch in seen[3:]] == [(1.0, 2.0)] * 3
    train(engine, samples, params, run, **settings)
    assert seen[-1].validation_loss is None


def test_divergence_in_the_first_epoch_is_an_error(problem: Any) -> None:
    engine, samples, params, _ = problem
    run, before = run_of(params, SGD(1e200)), params.copy()
    with pytest.raises(ValueError, match="non-finite parameter weights.*learning rate 1e\\+200"):
        train(engine, samples, params, run, how={"batch_size": 10, "epochs": 5})
    np.testing.assert_array_equal(params, before)


def test_a_last_step_into_infinity_is_seen_too(backend: str) -> None:
    """The only step's loss was finite; what it did to the parameters is not."""
    engine, params = Engine(plan_of(1, 1), backend), np.array([1.0, 0.0])
    samples = Samples(np.full((10, 1), 1e10), np.zeros((10, 1)))
    run = run_of(params, SGD(1e300, momentum=0))
    with pytest.raises(ValueError, match="non-finite"):
        train(engine, samples, params, run, how={"batch_size": 10, "epochs": 1})
    assert params.tolist() == [1.0, 0.0]


@pytest.mark.parametrize("ema", [None, 0.5])
def test_later_divergence_keeps_the_last_finished_epoch(backend: str, ema: float | None) -> None:
    plan = plan_of(1, 1)
    params = np.array([1.0, 0.0])
    seen: list[np.ndarray] = []
    run = run_of(params, SGD(1.0, momentum=0, ema=ema))
    outcome = train(
        Engine(plan, backend),
        Samples(np.full((10, 1), 1e10), np.zeros((10, 1))),
        params,
        run,
        how={"batch_size": 10, "epochs": 100},
        watchers=[lambda epoch: seen.append(epoch.params.copy())],
    )
    assert outcome.reason == "diverged"
    assert 1 < len(seen) == len(outcome.losses) - 1
    assert not math.isfinite(outcome.losses[-1])
    np.testing.assert_array_equal(params, seen[-1])
    assert not run.state.slots[0].any()  # what it remembered may have been infinite
    assert f"epoch {len(outcome.losses)}:" in outcome.message
    assert "learning rate below 1" in outcome.message


@pytest.mark.parametrize("keep", [False, True])
def test_ctrl_c(problem: Any, keep: bool) -> None:
    engine, samples, params, run = problem
    seen: list[np.ndarray] = []

    def order(epoch: int) -> None:
        if epoch == 3:
            raise KeyboardInterrupt
        seen.append(params.copy())

    how = {"batch_size": 10, "epochs": 9, "keep_on_interrupt": keep}
    settings: dict[str, Any] = {"how": how, "watchers": [lambda epoch: seen.append(epoch.params.copy())]}
    if keep:
        outcome = train(engine, Ordered(samples, order), params, run, **settings)
        assert outcome.reason == "interrupted"
        assert len(outcome.losses) == 3
        assert "after epoch 3" in outcome.message
    else:
        with pytest.raises(KeyboardInterrupt):
            train(engine, Ordered(samples, order), params, run, **settings)
    np.testing.assert_array_equal(params, seen[-1])


def test_going_on_after_ctrl_c_is_the_same(problem: Any) -> None:
    """What the optimizer remembers is written at the end, however that comes."""
    engine, samples, params, _ = problem
    run, twin = run_of(params, Adam(0.05)), params.copy()
    whole = run.copy()
    train(engine, samples, twin, whole, how={"batch_size": 10, "epochs": 5})
    to_come = [KeyboardInterrupt]

    def order(epoch: int) -> None:
        if epoch == 3 and to_come:
            raise to_come.pop()

    how = {"batch_size": 10, "keep_on_interrupt": True}
    ordered = Ordered(samples, order)
    assert train(engine, ordered, params, run, how={**how, "epochs": 5}).reason == "interrupted"
    train(engine, ordered, params, run, how={**how, "epochs": 2})
    np.testing.assert_array_equal(params, twin)
    np.testing.assert_array_equal(run.state.slots, whole.state.slots)
    assert run.state.step == whole.state.step


def test_ctrl_c_before_the_first_epoch_propagates(problem: Any) -> None:
    engine, samples, params, run = problem

    def order(epoch: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(
            engine,
            Ordered(samples, order),
            params,
            run,
            how={"batch_size": 5, "epochs": 2, "keep_on_interrupt": True},
        )


def test_threads_belong_to_the_native_backend() -> None:
    with pytest.raises(ValueError, match="only the native backend has threads"):
        Engine(plan_of(2, 1), "reference", 2)
    with pytest.raises(ValueError, match="Did you mean 'native'"):
        Engine(plan_of(2, 1), "nativ")


def test_all_epochs_share_a_workspace(problem: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no longer than training goes on."""
    core = kernels_for("native")
    kept: list[Any] = []

    class Workspace:
        def __init__(self) -> None:
            self.own = core_workspace()
            self.epochs = 0
            kept.append(self)

        def fit_epoch(self, *arguments: Any) -> Any:
            self.epochs += 1
            return self.own.fit_epoch(*arguments)

        def write_state(self, ends: bool) -> None:
            self.ended = ends
            self.own.write_state(ends)

    core_workspace = core.Workspace
    monkeypatch.setattr(core, "Workspace", Workspace)
    engine, samples, params, run = problem
    for _ in range(2):
        train(engine, samples, params, run, how={"batch_size": 16, "epochs": 5})
    assert [(each.epochs, each.ended) for each in kept] == [(5, True), (5, True)]
    assert engine._workspace is None


def test_a_watcher_may_change_params(problem: Any) -> None:
    """Such as one that keeps them within bounds: the next epoch goes on from there."""
    engine, samples, params, run = problem
    twin, again = params.copy(), run.copy()

    def bounded(epoch: Epoch) -> None:
        params.clip(-0.2, 0.2, out=params)

    train(engine, samples, params, run, how={"batch_size": 16, "epochs": 3}, watchers=[bounded])
    for _ in range(3):
        train(engine, samples, twin, again, how={"batch_size": 16, "epochs": 1})
        twin.clip(-0.2, 0.2, out=twin)
    np.testing.assert_array_equal(params, twin)
