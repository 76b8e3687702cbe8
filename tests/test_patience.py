"""Waits end where what they wait for happens, or never does; FASTNN_TEST_PATIENCE makes them longer."""

from __future__ import annotations

import threading
import time

import pytest
from apart import run_apart
from patience import interrupt_after, wait_until


def test_a_wait_ends() -> None:
    asked = iter([False, False, True])
    assert wait_until(lambda: next(asked))
    assert list(asked) == []
    assert not wait_until(lambda: False, 0.01)


def test_a_variable_makes_waits_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FASTNN_TEST_PATIENCE", "30")
    assert run_apart("from patience import LONG, patient; print(LONG, patient(0.5))") == "3600.0 15.0\n"


def test_an_interrupt_comes_after_its_event() -> None:
    begun = threading.Event()
    ctrl_c = interrupt_after(begun)
    time.sleep(0.2)
    with pytest.raises(KeyboardInterrupt):
        begun.set()
        wait_until(lambda: False)
    ctrl_c.join()
