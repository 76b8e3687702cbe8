"""How much slower than usual this machine is: what tests wait for takes as many times longer there."""

from __future__ import annotations

import time
from functools import cache

USUAL = 0.015  # seconds of the piece of work on a server; an old laptop needs twice that, an emulator eight times


def piece_of_work() -> float:
    """Seconds on a CPU for some arithmetic in Python; other programs do not count."""
    start = time.thread_time()
    total = 0
    for k in range(300_000):
        total += k * k
    return time.thread_time() - start


@cache
def slowness() -> float:
    """1 on usual machines, 8 on an emulated processor; measured once."""
    return max(1.0, min(piece_of_work() for _ in range(3)) / USUAL)


def patience(seconds: float) -> float:
    """As long as so many seconds on a usual machine."""
    return seconds * slowness()
