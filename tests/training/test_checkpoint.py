"""A run that was killed and resumed ends, in every bit, as one that was not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sameness import same

from fastnn import SGD, Activation, Dense, Network, storage
from fastnn.optimizers import OPTIMIZERS, Optimizer, OptimizerState
from fastnn.plan import Plan
from fastnn.schedules import Cosine, OneCycle, Plateau
from fastnn.storage.drafts import _prefix
from fastnn.training.checkpoint import NOT_KEPT, Checkpoint, checkpoint_of
from fastnn.training.engine import Engine
from fastnn.training.epoch import Epoch
from fastnn.training.fit import fit
from fastnn.training.held_out import HeldOut
from fastnn.training.history import History
from fastnn.training.loop import Outcome
from fastnn.training.rates import Adaptive, ConstantRate, InverseScalingRate, OnPlateau, Rate, Scheduled
from fastnn.training.recipe import Recipe
from fastnn.training.run import Run
from fastnn.training.samples import Samples
from fastnn.training.stopping import Stopping, by_score

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Y = RNG.normal(size=(40, 2))
RATES: dict[str, Callable[[], Rate]] = {
    "constant": lambda: ConstantRate(0.01),
    "invscaling": lambda: InverseScalingRate(0.1, 0.5),
    "adaptive": lambda: Adaptive(0.5),
    "schedule": lambda: Scheduled(Cosine(0.1, 80, warm_up=3)),
    "plateau": lambda: OnPlateau(Plateau(0.1, factor=0.5, patience=1, tol=0.1)),
}


class Killed(Exception):
    """Stands for the end of a process."""


def nothing() -> None:
    """What brings parts up to date before they are written; these always are."""


def nothing_wrong(choice: np.ndarray) -> None:
    """What lets any choice pass."""


def killer(number: int) -> Callable[[Epoch], None]:
    def kill(epoch: Epoch) -> None:
        if epoch.number == number:
            raise Killed

    return kill


def run_training(
    optimizer: Optimizer,
    rate: Rate,
    n_epochs: int,
    path: Path | None = None,
    *,
    kill_at: int = 0,
    every: int = 1,
    patience: int = 9,
) -> tuple[np.ndarray, dict[str, Any]]:
    """A run of the loop as estimators have it; what it has come to."""
    plan = Plan((3, 4, 2), ("tanh", "identity"), (True, True), "squared_error", np.dtype(np.float64))
    engine, params = Engine(plan), plan.initial_params(0)
    recipe = Recipe(optimizer, rate, 8, n_epochs)
    run = Run.begin(recipe, params, seed=5)
    history, stopping = History(), Stopping(1e-3, patience, run.rate, by_score, keep_best=True)
    samples = Samples(X, Y)

    def score(params: np.ndarray, z: np.ndarray, loss: float) -> float:
        return -float(np.square(params).sum())

    outcome = fit(
        engine,
        params,
        samples,
        recipe,
        run,
        history=history,
        stopping=stopping,
        held_out=HeldOut(samples, score=score),
        watchers=[killer(kill_at)],
        checkpoint=NOT_KEPT if path is None else Checkpoint(path, {"optimizer": optimizer}, resume=True, every=every),
    )
    history.new.pop("seconds")
    parts = {"run": run, "outcome": outcome, "history": history, "stopping": stopping}
    return params, {name: part.state_dict() for name, part in parts.items()}


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_bitwise_the_same(name: str, rate: str, tmp_path: Path) -> None:
    optimizer = OPTIMIZERS[name](ema=0.9 if rate == "plateau" else None, clip_norm=0.5 if rate == "schedule" else None)
    patience = 1 if rate == "adaptive" else 9

    def call(*path: Path, kill_at: int = 0) -> Any:
        return run_training(optimizer, RATES[rate](), 9, *path, kill_at=kill_at, patience=patience)

    whole = call()
    for kill_at in (3, 4, 7):
        with pytest.raises(Killed):
            call(tmp_path / "run", kill_at=kill_at)
    resumed = call(tmp_path / "run")
    assert same(resumed, whole)


def test_bitwise_the_same_behind_an_average(tmp_path: Path) -> None:
    optimizer = SGD(0.1, clip_norm=0.5, clip_value=0.1, ema=0.8)
    whole = run_training(optimizer, ConstantRate(0.1), 6)
    assert len(whole[1]["run"]["slots"]) == 2
    with pytest.raises(Killed):
        run_training(optimizer, ConstantRate(0.1), 6, tmp_path / "run", kill_at=4)
    assert same(run_training(optimizer, ConstantRate(0.1), 6, tmp_path / "run"), whole)


def test_without_the_state_it_is_another_run(tmp_path: Path) -> None:
    """The test above can fail: here the memory of the optimizer is lost on the way."""
    optimizer = OPTIMIZERS["adam"]()
    whole = run_training(optimizer, ConstantRate(0.01), 4)
    with pytest.raises(Killed):
        run_training(optimizer, ConstantRate(0.01), 4, tmp_path / "run", kill_at=3)
    saved = storage.read(tmp_path / "run", "checkpoint")
    for slot in saved["parts"]["run"]["slots"]:
        slot[...] = 0
    storage.write(tmp_path / "run", "checkpoint", saved)
    assert not same(run_training(optimizer, ConstantRate(0.01), 4, tmp_path / "run"), whole)


def test_nothing_that_changes_is_forgotten() -> None:
    """A field that is new must be kept, or be known to stay what the caller gives."""

    def names(kind: type) -> set[str]:
        return {field.name for field in fields(kind)}

    params, rate = np.zeros(2), Adaptive(0.1)
    run = Run(SGD(), OptimizerState.zeros(SGD(), params), rate)
    # `unaveraged` is set when training ends, and taken back when it goes on.
    assert names(Run) - run.state_dict().keys() == {"optimizer", "state", "unaveraged"}
    assert names(OptimizerState) - run.state_dict().keys() == set()
    settings = {"tol", "patience", "rate", "measure", "keep_best"}
    assert names(Stopping) - Stopping(0, 0, rate).state_dict().keys() == settings
    assert names(Outcome) == Outcome().state_dict().keys()


def test_a_run_that_was_stopped_has_ended(tmp_path: Path) -> None:
    """Here patience ends it, so it is not trained any more; another process learns how it ended."""
    whole = run_training(SGD(1e-9), ConstantRate(1e-9), 50, patience=2)
    assert len(whole[1]["outcome"]["losses"]) < 10
    first = run_training(SGD(1e-9), ConstantRate(1e-9), 50, tmp_path / "run", patience=2)
    second = run_training(SGD(1e-9), ConstantRate(1e-9), 50, tmp_path / "run", patience=2)
    assert same(first, whole)
    assert same(second, whole)


def test_more_epochs_go_on_where_fewer_have_ended(tmp_path: Path) -> None:
    for n_epochs in (2, 5):
        resumed = run_training(SGD(0.1), ConstantRate(0.1), n_epochs, tmp_path / "run")
    assert same(resumed, run_training(SGD(0.1), ConstantRate(0.1), 5))


def test_every_so_many_epochs_and_at_the_end(tmp_path: Path) -> None:
    def n_kept() -> int:
        return len(storage.read(tmp_path / "run", "checkpoint")["parts"]["outcome"]["losses"])

    with pytest.raises(Killed):
        run_training(SGD(0.1), ConstantRate(0.1), 8, tmp_path / "run", kill_at=6, every=3)
    assert n_kept() == 3
    resumed = run_training(SGD(0.1), ConstantRate(0.1), 8, tmp_path / "run", every=3)
    assert n_kept() == 8
    assert same(resumed, run_training(SGD(0.1), ConstantRate(0.1), 8))


def test_what_was_chosen_at_random_is_kept(tmp_path: Path) -> None:
    first = Checkpoint(tmp_path / "run", {})
    assert first.choose("rows", lambda: np.array([3, 1]), nothing_wrong).tolist() == [3, 1]
    first.attach(np.zeros(2), nothing)
    first(1, ended=False)
    second = Checkpoint(tmp_path / "run", {}, resume=True)
    assert second.choose("rows", lambda: np.array([0]), nothing_wrong).tolist() == [3, 1]
    second.attach(np.zeros(2), nothing)
    second(2, ended=False)
    third = Checkpoint(tmp_path / "run", {}, resume=True)
    assert third.choose("rows", lambda: np.array([0]), nothing_wrong).tolist() == [3, 1]
    afresh = Checkpoint(tmp_path / "run", {}, resume=False)
    assert afresh.choose("rows", lambda: np.array([0]), nothing_wrong).tolist() == [0]


def test_what_a_killed_process_was_writing_is_removed(tmp_path: Path) -> None:
    draft = f"{_prefix(tmp_path / 'run[1]')}1-0123abcd.draft"
    names = (draft, ".run[1]", ".run[1].notes.tmp", f"{_prefix(tmp_path / 'run[1].2')}1-0123abcd.draft", f"{draft}2")
    for name in names:
        (tmp_path / name).touch()
    Checkpoint(tmp_path / "run[1]", {}, resume=True)
    assert {path.name for path in tmp_path.iterdir()} == set(names[1:])


# --- what is refused ----------------------------------------------------------------------------


def one_epoch(path: Path, settings: dict[str, Any], params: Any = (0.0, 0.0)) -> None:
    keep = Checkpoint(path, settings)
    keep.attach(np.asarray(params), nothing)
    keep(1, ended=True)


@pytest.mark.parametrize(
    ("was", "now", "error"),
    [
        (0.1, 0.2, r"a was 0\.1, now 0\.2"),
        ((5, 4), (5,), r"a was \[5, 4\], now \[5\]"),
        (Cosine(0.1, 5), Cosine(0.1, 6), "steps=5, .* now .*steps=6"),
        (np.array([1, 2]), np.array([1, 3]), r"\[1, 2\] of int64, now \[1, 3\]"),
        (np.zeros(100), np.ones(100), r"array \(100,\) of float64 .SHA-256 \w+., now array"),
        (np.array(["a"] * 99, object), np.array(["b"] * 99, object), "array .* now array"),
        ({"x": 1}, {"x": 2}, "{'x': 1}, now {'x': 2}"),
        ("relu", Activation("cube", value=abs), r"'relu', now Activation\(name='cube'\)"),
        (print, abs, "<built-in function print>, now <built-in function abs>"),
        (None, True, "None, now True"),
    ],
)
def test_another_run(was: Any, now: Any, error: str, tmp_path: Path) -> None:
    one_epoch(tmp_path / "run", {"a": was, "b": 1})
    with pytest.raises(ValueError, match=f"the checkpoint of another run: .*{error}.*or start afresh"):
        Checkpoint(tmp_path / "run", {"a": now, "b": 1}, resume=True)
    with pytest.raises(ValueError, match="b was 1, now None"):
        Checkpoint(tmp_path / "run", {"a": was}, resume=True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (0.5, np.float64(0.5)),
        ([3, 4], (3, np.int64(4))),
        (Checkpoint, Checkpoint),
        (lambda: 1, lambda: 2),  # functions are known by their names
        (np.random.RandomState(0), np.random.RandomState(0)),
        (float("nan"), float("nan")),
    ],
)
def test_the_same_run(one: Any, other: Any, tmp_path: Path) -> None:
    one_epoch(tmp_path / "run", {"a": one})
    assert Checkpoint(tmp_path / "run", {"a": other}, resume=True).resumed


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((None, True, 1), "resume=True needs a file"),
        ((None, False, 2), "checkpoint_every=2 needs a file"),
        (("run", False, 0), "checkpoint_every=0 is not possible"),
        (("run", False, 1.5), "checkpoint_every is 1.5"),
    ],
)
def test_arguments_that_do_not_go_together(arguments: Any, error: str) -> None:
    with pytest.raises((ValueError, TypeError), match=error):
        checkpoint_of(*arguments, dict)
    assert checkpoint_of(None, False, 1, dict) is NOT_KEPT


def test_without_safetensors_nothing_is_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    network = Network([Dense(2)], 3, random_state=0)
    before = network.params.copy()
    with pytest.raises(ImportError, match=r'pip install "fastnn-kernels\[save\]"'):
        network.fit(X, Y, checkpoint=tmp_path / "run")
    np.testing.assert_array_equal(network.params, before)


# --- Network ------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
from test_checkpoint import network_of, one_cycle

def kill(epoch):
    if epoch.number == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

one_cycle(network_of(), callbacks=[kill], checkpoint=sys.argv[2], resume=True)
"""


def one_cycle(network: Network, **how: Any) -> Network:
    return network.fit(X, Y, epochs=6, batch_size=7, optimizer="nadam", schedule=OneCycle(0.1, 36), **how)


def test_a_network_whose_process_is_killed(tmp_path: Path) -> None:
    whole = one_cycle(network_of())
    for number in ("2", "5"):
        command = [sys.executable, "-c", KILLED, str(Path(__file__).parent), str(tmp_path / "run"), number]
        assert subprocess.run(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}).returncode == -9
    resumed = one_cycle(network_of(), checkpoint=tmp_path / "run", resume=True)
    np.testing.assert_array_equal(resumed.params, whole.params)
    assert resumed.loss_curve == whole.loss_curve


def test_the_first_weights_and_orders_of_a_resumed_run_are_those_of_the_first(tmp_path: Path) -> None:
    first, second = (Network([Dense(2)], n_inputs=3) for _ in range(2))
    with pytest.raises(Killed):
        one_cycle(first, checkpoint=tmp_path / "run", callbacks=[killer(4)])
    assert first._seed != second._seed
    one_cycle(second, checkpoint=tmp_path / "run", resume=True)
    assert first._seed == second._seed
    assert second.loss_curve[:3] == first.loss_curve[:3]
    assert len(second.loss_curve) == 6


def network_of(**how: Any) -> Network:
    return Network([Dense(5, "tanh"), Dense(2)], n_inputs=3, random_state=0, **how)


def test_a_network_that_goes_on(tmp_path: Path) -> None:
    """Also one that had been trained before."""
    whole = network_of().fit(X, Y, epochs=2).fit(X, Y, epochs=5)
    killed = network_of().fit(X, Y, epochs=2)
    with pytest.raises(Killed):
        killed.fit(X, Y, epochs=5, checkpoint=tmp_path / "run", callbacks=[killer(4)])
    resumed = network_of().fit(X, Y, epochs=5, checkpoint=tmp_path / "run", resume=True)
    np.testing.assert_array_equal(resumed.params, whole.params)
    assert resumed.loss_curve == whole.loss_curve
    for network in (resumed, whole):
        network.fit(X, Y, epochs=1)
    np.testing.assert_array_equal(resumed.params, whole.params)


def test_a_users_own_activation_and_schedule(tmp_path: Path) -> None:
    """They are given again, so the file need not hold them."""
    cube = Activation("cube", value=lambda z: z**3, slope=lambda z, a: 3 * z**2)

    class Halves:
        def rates(self, first_step: int, n_steps: int) -> np.ndarray:
            return 0.01 * 0.5 ** np.arange(first_step, first_step + n_steps)

    def network() -> Network:
        return Network([Dense(4, cube), Dense(2)], n_inputs=3, random_state=0, backend="reference")

    whole = network().fit(X, Y, epochs=4, schedule=Halves())
    with pytest.raises(Killed):
        network().fit(X, Y, epochs=4, schedule=Halves(), checkpoint=tmp_path / "run", callbacks=[killer(3)])
    resumed = network().fit(X, Y, epochs=4, schedule=Halves(), checkpoint=tmp_path / "run", resume=True)
    np.testing.assert_array_equal(resumed.params, whole.params)


@pytest.mark.parametrize(
    ("network", "x", "how", "error"),
    [
        ({}, X, {"batch_size": 9}, "batch_size was 32, now 9"),
        ({}, X, {"optimizer": "sgd"}, r"optimizer was Adam\(.*, now SGD\("),
        ({}, X, {"alpha": 1}, "alpha was 0, now 1"),
        ({}, X, {"shuffle": False}, "shuffle was True, now False"),
        ({}, X[:-1], {}, r"shape of x was \[40, 3\], now \[39, 3\]; shape of y was"),
        ({}, X, {"sample_weight": np.ones(40)}, r"shape of sample_weight was None, now \[40\]"),
        ({"dtype": "float64"}, X, {}, r"dtype was dtype\('float32'\), now dtype\('float64'\)"),
        ({"loss": "huber"}, X, {}, "loss was .*squared_error.*, now .*huber"),
        ({"backend": "reference"}, X, {}, "backend was 'auto', now 'reference'"),
    ],
)
def test_another_network(network: Any, x: np.ndarray, how: Any, error: str, tmp_path: Path) -> None:
    network_of().fit(X, Y, epochs=1, checkpoint=tmp_path / "run")
    other = network_of(**network)
    before = other.params.copy()
    with pytest.raises(ValueError, match=error):
        other.fit(x, Y[: len(x)], checkpoint=tmp_path / "run", resume=True, **how)
    np.testing.assert_array_equal(other.params, before)
