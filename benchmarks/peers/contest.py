"""How the peers are compared: contestants that take turns, the machine's peak measured beside them, Markdown tables."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, NamedTuple

from threadpoolctl import ThreadpoolController

from fastnn import _core

Run = Callable[[], Any]
THREADS = (1, 2)


class Contestant(NamedTuple):
    """What is timed: `run` does its work `count` times, after `prepare`, which is not timed."""

    name: str
    threads: int
    run: Run
    count: int = 1
    prepare: Run = lambda: None


class Effort(NamedTuple):
    """How much time a comparison may take."""

    seconds: float  # of a run, about
    rounds: int
    settle: float  # seconds between two runs: the threads of other libraries spin for a while after their work
    quick: bool = False


FULL = Effort(0.1, 7, 0.2)
QUICK = Effort(0.001, 1, 0.02, quick=True)


def optional(module: str) -> Any:
    """Return a module, or None where it is not installed."""
    try:
        return import_module(module)
    except ImportError:
        return None


def limit_blas(threads: int) -> Run:
    """Return what sets the threads of NumPy's and SciPy's libraries."""
    controller = ThreadpoolController().select(user_api="blas")

    def prepare() -> None:
        for library in controller.lib_controllers:
            library.set_num_threads(threads)

    return prepare


def compete(contestants: Iterable[Contestant], effort: Effort) -> dict[tuple[str, int], float]:
    """Return the best seconds of each by name and threads; they take turns, so that a slow spell hits all alike."""
    contestants = list(contestants)
    best = {(each.name, each.threads): float("inf") for each in contestants}
    for _ in range(effort.rounds):
        for each in contestants:
            each.prepare()
            time.sleep(effort.settle)
            start = time.perf_counter()
            each.run()
            seconds = (time.perf_counter() - start) / each.count
            best[each.name, each.threads] = min(best[each.name, each.threads], seconds)
    return best


def repeated(name: str, threads: int, call: Run, effort: Effort, prepare: Run = lambda: None) -> Contestant:
    """Return a contestant that makes as many calls in a run as the effort allows."""
    prepare()
    call()
    start = time.perf_counter()
    call()
    count = max(1, int(effort.seconds / max(time.perf_counter() - start, 1e-7)))

    def run() -> None:
        for _ in range(count):
            call()

    return Contestant(name, threads, run, count, prepare)


def quietly(call: Run) -> Any:
    """Return what a call returns, without its warnings: that it has not converged is intended here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call()


def fma_peak(dtype: str) -> float:
    """Return the FLOP per second of one core of this machine, as it is now."""
    return max(_core.fma_peak(dtype) for _ in range(5))


# --- tables -----------------------------------------------------------------------------------------------------------


def best_peer(best: dict[tuple[str, int], float]) -> tuple[str, float]:
    """Return the fastest of the others, at one or at two threads, as a text, and its seconds."""
    others = {key: seconds for key, seconds in best.items() if key[0] != "fastnn"}
    name, threads = min(others, key=others.__getitem__)
    return f"{name}, {threads}", others[name, threads]


def summary(best: dict[tuple[str, int], float]) -> list[str]:
    """Return cells: fastnn's times, the best peer's, and the ratio of fastnn's better one to that."""
    ours = [seconds for (name, _), seconds in best.items() if name == "fastnn"]
    peer, theirs = best_peer(best)
    return [*map(readable, ours), f"{readable(theirs)} ({peer})", f"{theirs / min(ours):.2f}x"]


def readable(seconds: float) -> str:
    """Return seconds with three digits and a unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def print_table(title: str, header: list[str], rows: Iterable[list[str]]) -> None:
    """Print a Markdown table, every row as soon as it is measured."""
    print(f"\n## {title}\n\n| {' | '.join(header)} |\n|{' --- |' * len(header)}", flush=True)
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)
