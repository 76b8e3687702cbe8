"""Checkpoints that are damaged, of others, or forged are refused, and what was to go on stays as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fastnn import Dense, Network, storage
from fastnn.errors import FileError
from fastnn.schedules import Plateau
from fastnn.training.checkpoint import Checkpoint
from fastnn.training.history import History

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Y = RNG.normal(size=(40, 2))


def nothing() -> None:
    """What brings parts up to date before they are written; these always are."""


def network_of() -> Network:
    return Network([Dense(5, "tanh"), Dense(2)], n_inputs=3, random_state=0)


def one_epoch(path: Path, settings: dict[str, Any]) -> None:
    keep = Checkpoint(path, settings)
    keep.attach(np.zeros(2), nothing)
    keep(1, ended=True)


def test_damaged_and_foreign_files(tmp_path: Path) -> None:
    path = tmp_path / "run"
    one_epoch(path, {})
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="is damaged"):
        Checkpoint(path, {}, resume=True)
    Network([Dense(2)], 3).save(path)
    with pytest.raises(ValueError, match="holds a model, wanted a checkpoint"):
        Checkpoint(path, {}, resume=True)
    storage.write(path, "checkpoint", {"settings": {}, "params": np.zeros(2)})
    with pytest.raises(ValueError, match="run is no whole checkpoint: something is missing"):
        Checkpoint(path, {}, resume=True)
    for part, error in (({"settings": []}, "no mapping"), ({"settings": {"a": np.zeros(3)}}, "not in words")):
        parts = {"settings": {}, "chosen": {}, "params": np.zeros(2), "parts": {}}
        storage.write(path, "checkpoint", parts | part)
        with pytest.raises(FileError, match=f"run is no whole checkpoint: .*{error}"):
            Checkpoint(path, {}, resume=True)
    one_epoch(path, {})
    with pytest.raises(FileError, match="no whole checkpoint of this run: it has the parts , wanted history"):
        Checkpoint(path, {}, resume=True).attach(np.zeros(2), nothing, history=History())
    with pytest.raises(ValueError, match=r"no whole checkpoint of this run: .*float64 of shape \(2,\), wanted"):
        Checkpoint(path, {}, resume=True).attach(np.zeros(3), nothing)


def forged(path: Path, part: str, **changes: Any) -> None:
    """Change the state of a part in a checkpoint."""
    saved = storage.read(path, "checkpoint")
    saved["parts"][part].update(changes)
    storage.write(path, "checkpoint", saved)


@pytest.mark.parametrize(
    ("part", "change", "error"),
    [
        ("run", {"seed": -1}, "seed is -1, wanted an integer from 0"),
        ("run", {"epoch": 2**63}, "epoch is 9223372036854775808"),
        ("run", {"step": 1.5}, "step is 1.5"),
        ("run", {"slots": (np.zeros(3),)}, r"float64 of shape \(3,\), wanted float32 of shape \(32,\)"),
        ("run", {"slots": ()}, "shorter|longer"),
        ("run", {"rate": {"current": "fast", "best": 0.0, "waited": 0}}, "current is 'fast', wanted a number"),
        ("outcome", {"losses": []}, "no outcome, or there was none"),
        ("outcome", {"losses": [1.0, "a"]}, "losses is .* wanted a list of numbers"),
        ("outcome", {"reason": "bored"}, "no outcome"),
        ("history", {"loss": []}, "different lengths"),
        ("history", {"loss": None}, "loss is None, wanted a list of numbers"),
        ("stopping", {"best_params": np.zeros(3, np.float32)}, r"float32 of shape \(3,\), wanted"),
        ("stopping", {"best_params": [0.0]}, r"there is \[0.0\], wanted an array"),
        ("stopping", {"stalled": None}, "stalled is None"),
    ],
)
def test_what_a_run_goes_on_from_is_checked(part: str, change: dict[str, Any], error: str, tmp_path: Path) -> None:
    how: dict[str, Any] = {"optimizer": "sgd", "schedule": Plateau(0.1)}
    network_of().fit(X, Y, epochs=1, checkpoint=tmp_path / "run", **how)
    forged(tmp_path / "run", part, **change)
    network = network_of()
    before = network.params.copy()
    with pytest.raises(FileError, match=f"no whole checkpoint of this run: .*({error})"):
        network.fit(X, Y, epochs=2, checkpoint=tmp_path / "run", resume=True, **how)
    np.testing.assert_array_equal(network.params, before)
    assert network.loss_curve == []
