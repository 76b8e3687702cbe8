"""More threads than cores: `python -m benchmarks.oversubscribed [--fits 4] [--rounds 3] [--only logistic]`.

The first table has a logistic fit with as many threads as asked for, in one process and in several at once. A ratio is
the time over that with one thread in as many processes: what it costs to ask for too many threads.

In the second, fits of networks would take all cores for themselves, so at once they have more threads than there are
cores: as processes, which know nothing of each other, as under `GridSearchCV(n_jobs=4)`, and as Python threads, which
share one pool. A ratio is the time of all of them at once over that of all of them in a row: 1 where nothing is lost,
1.2 where a fifth is.
"""

from __future__ import annotations

import argparse
import multiprocessing
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

import fastnn
from fastnn import LogisticRegression, MLPClassifier
from fastnn._cores import granted_cores

from .cases import NETWORKS, Net, generator
from .logistic_data import correlated

SECONDS = 1.0  # of a network's fit, about
PATIENCE = 600.0  # seconds after which a worker that has died is not waited for any longer
THREADS = (1, 2, 8)  # that a logistic fit asks for
LOGISTIC_FITS = 5  # between two looks at the clock

Start = Callable[..., Any]  # Process or Thread
MakeBarrier = Callable[[int], Any]


class Job(Protocol):
    """Something to fit again and again, which another process can be told."""

    def prepare(self) -> Callable[[], object]:
        """Draw the data and return what makes one fit."""
        ...


class NetworkFit(NamedTuple):
    """A network, with as many threads as fastnn takes by itself."""

    net: Net
    epochs: int

    def prepare(self) -> Callable[[], object]:
        """See Job; float32."""
        net, rng = self.net, generator()
        data = rng.normal(size=(net.n, net.widths[0])).astype(np.float32), rng.integers(0, net.widths[-1], net.n)
        settings = {"batch_size": net.batch_size, "n_iter_no_change": np.inf, "random_state": 0}
        model = MLPClassifier(net.widths[1:-1], net.activation, max_iter=self.epochs, **settings)
        return lambda: model.fit(*data)


class LogisticFits(NamedTuple):
    """Some fits of 100,000 x 50, each of which takes 0.02 to 0.07 s on a core."""

    n_threads: int
    n: int = 100_000

    def prepare(self) -> Callable[[], object]:
        """See Job."""
        data, model = correlated(self.n, 50), LogisticRegression(n_threads=self.n_threads)
        return lambda: [model.fit(*data) for _ in range(LOGISTIC_FITS)]


def seconds_of(fit: Callable[[], object]) -> float:
    """Return the seconds of a call."""
    start = time.perf_counter()
    fit()
    return time.perf_counter() - start


def epochs_for(net: Net) -> int:
    """Return how many epochs take about a second."""
    NetworkFit(net, 1).prepare()()
    return max(2, round(SECONDS / (seconds_of(NetworkFit(net, 4).prepare()) / 4)))


def work(job: Job, rounds: int, gate: Any) -> None:
    """Make a fit between any two times that the gate opens."""
    warnings.simplefilter("ignore")  # that it has not converged is intended
    fit = job.prepare()
    fit()
    gate.wait(PATIENCE)
    for _ in range(rounds):
        fit()
        gate.wait(PATIENCE)


def seconds_at_once(job: Job, fits: int, rounds: int, start: Start, barrier: MakeBarrier) -> list[float]:
    """Return the times from when the first fit may begin to the end of the last."""
    gate = barrier(fits + 1)
    workers = [start(target=work, args=(job, rounds, gate)) for _ in range(fits)]
    for worker in workers:
        worker.start()
    gate.wait(PATIENCE)
    ends = [time.perf_counter()]
    for _ in range(rounds):
        gate.wait(PATIENCE)
        ends.append(time.perf_counter())
    for worker in workers:
        worker.join()
    return np.diff(ends).tolist()  # of the gate's openings, between which every worker makes one fit


def seconds_in_a_row(job: Job, fits: int, rounds: int) -> float:
    """Return the best time of as many fits, one after the other."""
    fit = job.prepare()
    return min(sum(seconds_of(fit) for _ in range(fits)) for _ in range(rounds))


def network_row(net: Net, fits: int, rounds: int) -> list[str]:
    """Return a network's line of the table."""
    job = NetworkFit(net, epochs_for(net))
    alone = seconds_in_a_row(job, fits, rounds)
    context = multiprocessing.get_context("spawn")
    processes = min(seconds_at_once(job, fits, rounds, context.Process, context.Barrier))
    threads = min(seconds_at_once(job, fits, rounds, threading.Thread, threading.Barrier))
    return [net.name, f"{alone:.2f} s", f"{processes / alone:.2f}", f"{threads / alone:.2f}"]


def logistic_rows(fits: int, rounds: int, start: Start, barrier: MakeBarrier, n: int = 100_000) -> Iterator[list[str]]:
    """Yield the lines of logistic fits: medians, since the best of several hides the time until a crowd is seen."""
    for processes in (1, fits):
        seconds: list[float] = []
        for n_threads in THREADS:
            job = LogisticFits(n_threads, n)
            times = seconds_at_once(job, processes, rounds, start, barrier)
            seconds.append(float(np.median(times)) / LOGISTIC_FITS)
            yield [str(processes), str(n_threads), f"{seconds[-1]:.3f} s", f"{seconds[-1] / seconds[0]:.2f}"]


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table, line by line as they come."""
    print(f"## {title}\n\n| {' | '.join(columns)} |\n|{' --- |' * len(columns)}")
    for row in rows:
        print(f"| {' | '.join(row)} |", flush=True)
    print()


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the arguments and print a line for every network."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.oversubscribed", description=__doc__.splitlines()[0])
    parser.add_argument("--fits", type=int, default=4, help="fits at once, default %(default)s")
    parser.add_argument("--rounds", type=int, default=3, help="the best of so many counts, default %(default)s")
    parser.add_argument("--only", choices=("logistic", "networks"), help="one of the two tables")
    options = parser.parse_args(arguments)
    threads = fastnn.get_num_threads()
    print(f"{options.fits} fits, each on {threads} threads where it is alone; {granted_cores()} cores\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if options.only != "networks":
            context = multiprocessing.get_context("spawn")
            rows = logistic_rows(options.fits, options.rounds, context.Process, context.Barrier)
            show("A logistic fit, 100,000 x 50", ("processes", "n_threads", "a fit", "ratio"), rows)
        if options.only != "logistic":
            columns = ("network", "in a row", "at once, processes", "at once, threads")
            show("Networks", columns, (network_row(net, options.fits, options.rounds) for net in NETWORKS))


if __name__ == "__main__":
    main()
