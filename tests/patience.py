"""How long tests wait for what must happen, which none does where it happens sooner.

FASTNN_TEST_PATIENCE says how many times longer it may take than on a usual machine: 30, say, on an emulated one.
"""

from __future__ import annotations

import os
import threading
import time
from _thread import interrupt_main
from collections.abc import Callable

FACTOR = float(os.environ.get("FASTNN_TEST_PATIENCE") or 1)
LONG = 120.0 * FACTOR  # seconds that anything may take
_BETWEEN_LOOKS = 0.005
_INTO_WORK = 0.05  # from an event to what comes in the middle of the work after it


def patient(seconds: float) -> float:
    """As many seconds as that are on a usual machine."""
    return seconds * FACTOR


def wait_until(happened: Callable[[], bool], seconds: float = LONG) -> bool:
    """Wait for what is asked again and again; whether it has happened in time."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(_BETWEEN_LOOKS)
    return True


def interrupt_after(begun: threading.Event) -> threading.Thread:
    """Have Ctrl-C come in the middle of what follows an event; to be joined."""

    def interrupt() -> None:
        if begun.wait(LONG):
            time.sleep(_INTO_WORK)
        interrupt_main()

    thread = threading.Thread(target=interrupt)
    thread.start()
    return thread
