"""How long tests wait for what must happen, which none does where it happens sooner."""

from __future__ import annotations

import threading
import time
from _thread import interrupt_main
from collections.abc import Callable

# Seconds of the piece of work below on a server; an old laptop needs twice that, an emulator eight times.
USUAL = 0.015


def piece_of_work() -> float:
    """Seconds on a CPU for some arithmetic in Python; other programs do not count."""
    start = time.thread_time()
    total = 0
    for k in range(300_000):
        total += k * k
    return time.thread_time() - start


def slowness() -> float:
    """1 on usual machines, 8 on an emulated processor."""
    return max(1.0, min(piece_of_work() for _ in range(3)) / USUAL)


FACTOR = slowness()
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
