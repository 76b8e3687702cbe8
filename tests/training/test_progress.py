"""What verbose shows, and what a history keeps."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from fastnn.training import progress as module
from fastnn.training.epoch import Epoch
from fastnn.training.history import HISTORY, History
from fastnn.training.progress import progress


def epoch(number: int, score: float | None = None) -> Epoch:
    return Epoch(number, 1 / number, 0.1, np.zeros(1), score, seconds=0.5)


def show(verbose: bool | int | str, n_epochs: int = 3, score: float | None = None) -> None:
    """Three epochs of training, as far as `verbose` can tell."""
    with progress(verbose, n_epochs) as watchers:
        for number in range(1, 4):
            for watcher in watchers:
                assert not watcher(epoch(number, score))


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A clock that makes every look at it take three seconds."""
    times = iter(range(0, 10_000, 3))
    monkeypatch.setattr(module, "perf_counter", lambda: float(next(times)))
    return iter(())


def test_silence(capsys: pytest.CaptureFixture[str]) -> None:
    show(0)
    assert capsys.readouterr() == ("", "")


def test_lines_are_scikit_learns(capsys: pytest.CaptureFixture[str]) -> None:
    show(10)
    show(True, score=0.75)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "Iteration 2, loss = 0.50000000"
    assert lines[4] == "Iteration 2, loss = 0.50000000, validation score = 0.750000"
    with progress(True, 1) as (watcher,):
        watcher(replace(epoch(1), validation_loss=0.25))
    assert capsys.readouterr().out == "Iteration 1, loss = 1.00000000, validation loss = 0.25000000\n"


@pytest.mark.parametrize("look", ["tqdm", "rich", "plain"])
def test_a_bar_of_a_long_training(
    look: str, slow: None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("tqdm", "rich"):
        if look == package:
            pytest.importorskip(package)
        else:
            monkeypatch.setitem(sys.modules, package, None)
    show("bar")
    out, err = capsys.readouterr()
    assert out == ""
    assert "loss = 0.33333" in err
    assert "3/3" in err or "100%" in err or "Epoch 3 of 3" in err


@pytest.mark.parametrize("look", ["tqdm", "plain"])
def test_no_bar_of_a_short_training(
    look: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if look == "plain":
        monkeypatch.setitem(sys.modules, "tqdm", None)
        monkeypatch.setitem(sys.modules, "rich", None)
    show("bar")
    assert capsys.readouterr() == ("", "")


def test_plain_text_is_brief(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A line every five seconds, and one for the last epoch."""
    times = iter(range(10_000))
    monkeypatch.setattr(module, "perf_counter", lambda: float(next(times)))
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setitem(sys.modules, "rich", None)
    with progress("bar", 40) as (bar,):
        for number in range(1, 41):
            bar(epoch(number))
    lines = capsys.readouterr().err.splitlines()
    assert 3 < len(lines) < 20
    assert lines[-1].startswith("Epoch 40 of 40, loss = 0.02500")


def test_an_unknown_name() -> None:
    with pytest.raises(ValueError, match="Did you mean 'bar'"):
        show("baar")


def test_a_history_goes_on() -> None:
    first = History()
    first(epoch(1))
    second = History(first.lists)
    second(epoch(2, 0.9))
    assert len(first.lists["loss"]) == 1
    assert tuple(second.lists) == HISTORY
    assert second.lists["loss"] == [1.0, 0.5]
    assert math.isnan(second.lists["validation_score"][0])
    assert second.lists["validation_score"][1] == 0.9
    assert second.lists["learning_rate"] == [0.1, 0.1]
    assert second.lists["seconds"] == [0.5, 0.5]
