"""Network.fit on batches that come one after another: a list, a generator, data larger than memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fastnn import SGD, Adam, Dense, Network

RNG = np.random.default_rng(0)
X, Y, WEIGHT = RNG.normal(size=(60, 4)), RNG.normal(size=(60, 2)), RNG.uniform(size=60)
BATCHES = [(X[k : k + 16], Y[k : k + 16]) for k in range(0, 60, 16)]


def make(**options: Any) -> Network:
    return Network([Dense(7, "tanh"), Dense(2)], 4, **{"dtype": "float64", "random_state": 0} | options)


def generator() -> Iterator[tuple[Any, ...]]:
    yield from BATCHES


@pytest.mark.parametrize("batches", [BATCHES, generator, iter], ids=["list", "function", "iterator"])
def test_batches_are_steps(batches: Any, backend: str) -> None:
    """The same parameters, bit by bit, as of the rows in memory in the same order."""
    epochs = 1 if batches is iter else 3
    network = make(backend=backend).fit(iter(BATCHES) if batches is iter else batches, epochs=epochs, alpha=0.1)
    wanted = make(backend=backend).fit(X, Y, epochs=epochs, batch_size=16, shuffle=False, alpha=0.1)
    np.testing.assert_array_equal(network.params, wanted.params)
    np.testing.assert_allclose(network.loss_curve, wanted.loss_curve, rtol=1e-12)
    assert network.history["learning_rate"] == wanted.history["learning_rate"]


def test_large_batches_make_several_steps() -> None:
    halves = [(X[:32].tolist(), Y[:32].tolist(), WEIGHT[:32]), (X[32:], Y[32:], WEIGHT[32:])]
    network = make().fit(halves, batch_size=16, shuffle=False, epochs=2)
    wanted = make().fit(X, Y, WEIGHT, batch_size=16, shuffle=False, epochs=2)
    np.testing.assert_array_equal(network.params, wanted.params)
    one, two = (make().fit(halves, batch_size=16, epochs=2) for _ in range(2))
    np.testing.assert_array_equal(one.params, two.params)
    assert abs(one.params - network.params).max() > 1e-6  # shuffled inside of each


def test_every_batch_has_an_order_of_its_own() -> None:
    twice = [(X, Y), (X, Y)]
    orders: list[tuple[int, ...]] = []

    def note(permutation: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*arguments: Any) -> Any:
            order = permutation(*arguments)
            orders.append(tuple(order))
            return order

        return noted

    network = make()
    network._engine.permutation = note(network._engine.permutation)  # type: ignore[method-assign]
    network.fit(twice, batch_size=10, epochs=2)
    assert len(set(orders)) == 4


def test_bad_batches() -> None:
    network = make()
    before = network.params.copy()
    with pytest.raises(ValueError, match=r"gives its batches once, but epochs=2"):
        network.fit(generator(), epochs=2)
    with pytest.raises(TypeError, match="x without y is"):
        network.fit(X)
    with pytest.raises(TypeError, match="Batch 1 is 3 of type int, wanted"):
        network.fit([(X, Y), 3])
    with pytest.raises(ValueError, match="no rows: the batches are empty"):
        network.fit([])
    with pytest.raises(ValueError, match="no rows"):
        network.fit([(X[:0], Y[:0])])
    with pytest.raises(ValueError, match="third part"):
        network.fit(BATCHES, sample_weight=WEIGHT)
    with pytest.raises(ValueError, match=r"y has 59 rows, wanted 60") as caught:
        network.fit([(X, Y), (X, Y[1:])])
    assert caught.value.__notes__ == ["This is batch 1, counted from 0."]
    for broken in (-1.0, np.nan, np.inf):
        weight = np.where(np.arange(60) == 7, broken, 1.0)
        with pytest.raises(ValueError, match="sample_weight has values that are negative or not finite") as caught:
            network.fit([(X, Y, np.zeros(60)), (X, Y, weight)])
        assert caught.value.__notes__ == ["This is batch 1, counted from 0."]
    np.testing.assert_array_equal(network.params, before)
    assert network.loss_curve == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_epoch_that_breaks_off_does_not_count(error: type[BaseException]) -> None:
    passes = []

    def broken() -> Iterator[tuple[Any, ...]]:
        passes.append(0)
        yield from BATCHES[:2]
        if len(passes) == 3:
            raise error("the disk is gone")
        yield from BATCHES[2:]

    network = make()
    with pytest.raises(error):
        network.fit(broken, epochs=5)
    np.testing.assert_array_equal(network.params, make().fit(BATCHES, epochs=2).params)
    assert len(network.loss_curve) == 2


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
@pytest.mark.parametrize("data", [(BATCHES,), (X, Y)], ids=["batches", "arrays"])
def test_what_ends_training_leaves_the_average(data: tuple[Any, ...], error: type[BaseException]) -> None:
    """That is what the callbacks of the last finished epoch have seen, and what a shorter fit comes to."""

    def fail(epoch: Any) -> None:
        if epoch.number == 2:
            raise error("now")

    network = make()
    with pytest.raises(error):
        network.fit(*data, epochs=5, optimizer=Adam(ema=0.9), callbacks=[fail])
    wanted = make().fit(*data, epochs=2, optimizer=Adam(ema=0.9))
    np.testing.assert_array_equal(network.params, wanted.params)


def test_divergence_takes_the_epoch_back() -> None:
    network = make()
    before = network.params.copy()
    with pytest.raises(ValueError, match="non-finite parameter weights"):
        network.fit(BATCHES, optimizer=SGD(1e200), epochs=5)
    np.testing.assert_array_equal(network.params, before)
    poisoned = [*BATCHES[:3], (np.full((4, 4), np.nan), Y[:4])]
    with pytest.raises(ValueError, match="non-finite"):
        network.fit(poisoned)
    np.testing.assert_array_equal(network.params, before)


@pytest.mark.parametrize("ema", [None, 0.9])
def test_later_divergence_keeps_the_last_finished_epoch(backend: str, ema: float | None) -> None:
    """The average too, of which the epoch's first batches had made another."""
    passes = []

    def poisoned() -> Iterator[tuple[Any, ...]]:
        passes.append(0)
        yield from BATCHES[:3]
        yield (np.full((4, 4), np.nan), Y[:4]) if len(passes) == 3 else BATCHES[3]

    with pytest.warns(RuntimeWarning, match="diverged in epoch 3"):
        network = make(backend=backend).fit(poisoned, epochs=5, optimizer=Adam(ema=ema))
    wanted = make(backend=backend).fit(BATCHES, epochs=2, optimizer=Adam(ema=ema))
    np.testing.assert_array_equal(network.params, wanted.params)


def test_a_callback_may_stop() -> None:
    network = make().fit(generator, epochs=9, callbacks=[lambda epoch: epoch.number == 2])
    assert len(network.loss_curve) == 2


def test_a_checkpoint_goes_on_with_the_batches(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    settings: dict[str, Any] = {"batch_size": 10, "checkpoint": tmp_path / "run"}
    whole = make().fit(BATCHES, epochs=5, batch_size=10)
    make().fit(BATCHES, epochs=2, **settings)
    resumed = make().fit(BATCHES, epochs=5, resume=True, **settings)
    np.testing.assert_array_equal(resumed.params, whole.params)
    with pytest.raises(ValueError, match="shape of x"):
        make().fit(X, Y, epochs=5, resume=True, **settings)
