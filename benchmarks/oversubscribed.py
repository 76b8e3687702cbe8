"""Four fits at once beside the same fits in a row: `python -m benchmarks.oversubscribed [--fits 4] [--rounds 3]`.

Every fit would take all cores for itself, so at once they have more threads than there are cores: as processes, which
know nothing of each other, as under `GridSearchCV(n_jobs=4)`, and as Python threads, which share one pool. A ratio is
the time of all of them at once over that of all of them in a row: 1 where nothing is lost, 1.2 where a fifth is.
"""

from __future__ import annotations

import argparse
import multiprocessing
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import fastnn
from fastnn import MLPClassifier
from fastnn._cores import granted_cores

from .cases import NETWORKS, Net, generator

SECONDS = 1.0  # of a fit, about
PATIENCE = 600.0  # seconds after which a worker that has died is not waited for any longer

Data = tuple[np.ndarray, np.ndarray]
Start = Callable[..., Any]  # Process or Thread
MakeBarrier = Callable[[int], Any]


def data_of(net: Net) -> Data:
    """Return random rows and labels for a network, float32."""
    rng = generator()
    return rng.normal(size=(net.n, net.widths[0])).astype(np.float32), rng.integers(0, net.widths[-1], net.n)


def fit(net: Net, data: Data, epochs: int) -> float:
    """Fit a network with as many threads as fastnn takes by itself, and return the seconds."""
    settings = {"batch_size": net.batch_size, "max_iter": epochs, "n_iter_no_change": np.inf, "random_state": 0}
    model = MLPClassifier(net.widths[1:-1], net.activation, **settings)
    start = time.perf_counter()
    model.fit(*data)
    return time.perf_counter() - start


def epochs_for(net: Net, data: Data) -> int:
    """Return how many epochs take about a second."""
    fit(net, data, 1)
    return max(2, round(SECONDS / (fit(net, data, 4) / 4)))


def work(net: Net, epochs: int, rounds: int, gate: Any) -> None:
    """Make a fit between any two times that the gate opens."""
    warnings.simplefilter("ignore")  # that it has not converged is intended
    data = data_of(net)
    fit(net, data, 1)
    gate.wait(PATIENCE)
    for _ in range(rounds):
        fit(net, data, epochs)
        gate.wait(PATIENCE)


def seconds_at_once(net: Net, epochs: int, fits: int, rounds: int, start: Start, barrier: MakeBarrier) -> float:
    """Return the best time from when the first fit may begin to the end of the last."""
    gate = barrier(fits + 1)
    workers = [start(target=work, args=(net, epochs, rounds, gate)) for _ in range(fits)]
    for worker in workers:
        worker.start()
    gate.wait(PATIENCE)
    ends = [time.perf_counter()]
    for _ in range(rounds):
        gate.wait(PATIENCE)
        ends.append(time.perf_counter())
    for worker in workers:
        worker.join()
    return float(np.diff(ends).min())  # of the gate's openings, between which every worker makes one fit


def seconds_in_a_row(net: Net, epochs: int, fits: int, rounds: int) -> float:
    """Return the best time of as many fits, one after the other."""
    data = data_of(net)
    return min(sum(fit(net, data, epochs) for _ in range(fits)) for _ in range(rounds))


def row(net: Net, fits: int, rounds: int) -> list[str]:
    """Return a network's line of the table."""
    epochs = epochs_for(net, data_of(net))
    alone = seconds_in_a_row(net, epochs, fits, rounds)
    context = multiprocessing.get_context("spawn")
    processes = seconds_at_once(net, epochs, fits, rounds, context.Process, context.Barrier)
    threads = seconds_at_once(net, epochs, fits, rounds, threading.Thread, threading.Barrier)
    return [net.name, f"{alone:.2f} s", f"{processes / alone:.2f}", f"{threads / alone:.2f}"]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the arguments and print a line for every network."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.oversubscribed", description=__doc__.splitlines()[0])
    parser.add_argument("--fits", type=int, default=4, help="fits at once, default %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many counts, default %(default)s")
    options = parser.parse_args(arguments)
    threads = fastnn.get_num_threads()
    print(f"{options.fits} fits, each on {threads} threads where it is alone; {granted_cores()} cores\n")
    print("| network | in a row | at once, processes | at once, threads |\n| --- | --- | --- | --- |")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for net in NETWORKS:
            print(f"| {' | '.join(row(net, options.fits, options.rounds))} |", flush=True)


if __name__ == "__main__":
    main()
