"""Waits end where what they wait for happens, or never does; slow machines get more time."""

from __future__ import annotations

import threading
import time

import patience
import pytest
from patience import interrupt_after, wait_until


def test_a_wait_ends() -> None:
    asked = iter([False, False, True])
    assert wait_until(lambda: next(asked))
    assert list(asked) == []
    assert not wait_until(lambda: False, 0.01)


@pytest.mark.parametrize(("seconds", "factor"), [(patience.USUAL / 9, 1), (12 * patience.USUAL, 12)])
def test_slow_machines_get_more_time(seconds: float, factor: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "piece_of_work", lambda: seconds)
    assert patience.slowness() == pytest.approx(factor)
    monkeypatch.setattr(patience, "FACTOR", factor)
    assert patience.patient(0.5) == 0.5 * factor


def test_an_interrupt_comes_after_its_event() -> None:
    begun = threading.Event()
    ctrl_c = interrupt_after(begun)
    time.sleep(0.2)
    with pytest.raises(KeyboardInterrupt):
        begun.set()
        wait_until(lambda: False)
    ctrl_c.join()
