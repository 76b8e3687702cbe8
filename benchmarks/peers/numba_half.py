"""Users' own functions, networks in jitted code and the jit backend, each beside the compiled module, one thread.

The table's name is "numba", and this file's is not, because a module of that name would read as the package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

import fastnn
from fastnn.kernels.select import kernels_for

from ..activation import ActivationBackward, ActivationForward
from ..cases import BY_ELEMENT, DTYPES, IN_CACHE, LOSSES, NARROW_ROWS, PARAMS, generator, label
from ..common import arguments, verify
from ..dense import DenseBackwardInput, DenseBackwardParams, DenseForward
from ..loss import LossAndGradient
from ..network import FitEpoch
from ..own_cases import (
    FIRST_USES,
    OUTPUTS,
    OWN_LOSSES,
    OWN_NETWORKS,
    VALUES,
    Twins,
    epochs,
    first_use,
    losses,
)
from .contest import Effort, compete, print_table, readable, repeated

# --- users' functions beside the library's ------------------------------------------------------


def _share(twins: Twins, effort: Effort, of: str = "own") -> list[str]:
    """Return cells: the library's time, the other's, and the library's as a share of that."""
    best = compete([repeated(who, 1, call, effort) for who, call in twins.items()], effort)
    ours, theirs = best["fastnn", 1], best[of, 1]
    return [readable(ours), readable(theirs), f"{ours / theirs:.0%}"]


def activation_rows(effort: Effort) -> Iterator[list[str]]:
    """Yield the rows of epochs with users' activations."""
    cases = [(net, dtype, name) for net in OWN_NETWORKS.values() for dtype in DTYPES for name in VALUES]
    for net, dtype, name in cases[: 1 if effort.quick else None]:
        yield [net.name, dtype, name, *_share(epochs(net, dtype, name), effort)]


def loss_rows(effort: Effort) -> Iterator[list[str]]:
    """Yield the rows of users' losses."""
    cases = [(dtype, name) for dtype in DTYPES for name in OWN_LOSSES]
    for dtype, name in cases[: 1 if effort.quick else None]:
        yield [dtype, name, *_share(losses(dtype, name), effort)]


# --- networks in jitted loops -------------------------------------------------------------------


class Jitted(NamedTuple):
    """A network that is called row by row."""

    widths: tuple[int, ...]
    activation: str


JITTED = [Jitted((10, 16, 16, 1), "tanh"), Jitted((10, 16, 16, 1), "relu"), Jitted((64, 32, 10), "relu")]
N_ROWS = 2000


def jitted_rows(effort: Effort) -> Iterator[list[str]]:
    """Yield the rows of networks that a user's compiled loop calls for one sample after the other."""
    for case in JITTED[: 1 if effort.quick else None]:
        *hidden, o = case.widths[1:]
        layers = [*(fastnn.Dense(units, case.activation) for units in hidden), fastnn.Dense(o)]
        network: Any = fastnn.Network(layers, case.widths[0], random_state=0, n_threads=1)
        x = generator().normal(size=(N_ROWS, case.widths[0])).astype("f4")
        net, loop, out = network.jit(), _row_by_row(), np.full((N_ROWS, o), np.nan, "f4")
        loop(net, x, out)
        if not np.array_equal(out, network.forward(x)):
            raise AssertionError("a row in jitted code differs from forward: not worth timing")
        rows = [x[r : r + 1] for r in range(100)]
        calls: Twins = {
            "loop": partial(loop, net, x, out),
            "batch": partial(network.forward, x),
            "python": partial(_each, network.forward, rows),
        }
        counts = {"loop": N_ROWS, "batch": N_ROWS, "python": len(rows)}
        best = compete([repeated(who, 1, call, effort) for who, call in calls.items()], effort)
        cells = [f"{best[who, 1] / count * 1e9:.0f}" for who, count in counts.items()]
        yield ["-".join(map(str, case.widths)), case.activation, *cells]


def _each(call: Callable[[np.ndarray], Any], rows: list[np.ndarray]) -> None:
    for row in rows:
        call(row)


def _row_by_row() -> Callable[[Any, np.ndarray, np.ndarray], None]:
    from numba import njit

    @njit  # type: ignore[untyped-decorator]
    def loop(net: Any, x: np.ndarray, out: np.ndarray) -> None:
        for r in range(len(x)):
            net.row(x[r], out[r])

    compiled: Callable[[Any, np.ndarray, np.ndarray], None] = loop
    return compiled


# --- the jit backend beside the native one ------------------------------------------------------


def _kernel_cases() -> Iterator[tuple[Any, str]]:
    """Yield benchmarks and their cases, kernel by kernel."""
    from .. import optimizer

    for layer in (DenseForward, DenseBackwardInput, DenseBackwardParams):
        yield from ((layer, case) for case in ("1x64x64", "64x64x10", "32x64x64", "64x64x64", "256x256x256"))
    in_cache, narrow = label(IN_CACHE), label(NARROW_ROWS)
    yield from ((ActivationForward, f"{name} {in_cache}") for name in BY_ELEMENT)
    yield from ((ActivationForward, f"{name} {narrow}") for name in ("softmax", "log_softmax"))
    yield from ((ActivationBackward, f"{name} {in_cache}") for name in ("tanh", "silu", "gelu", "mish"))
    yield from ((LossAndGradient, f"{name} {in_cache}") for name in LOSSES if name != "cross_entropy")
    yield LossAndGradient, f"cross_entropy {narrow}"
    steps = [found for name, found in vars(optimizer).items() if name.endswith("Step") and not name.startswith("_")]
    yield from ((step, str(PARAMS[1])) for step in steps)
    yield from ((FitEpoch, name) for name in OWN_NETWORKS)


def backend_rows(effort: Effort) -> Iterator[list[str]]:
    """Yield the rows of kernels in the jit backend, in one thread; each is compared with the reference first."""
    with fastnn.threads(1):  # how many the jit backend's networks have
        yield from _beside_native(kernels_for("jit"), list(_kernel_cases()), effort)


def loops_rows(effort: Effort) -> Iterator[list[str]]:
    """Yield the rows of pure Numba's matrix products."""
    from fastnn.kernels.jit import dense_loops

    products = (DenseForward, DenseBackwardInput, DenseBackwardParams)
    yield from _beside_native(dense_loops, [each for each in _kernel_cases() if each[0] in products], effort)


def _beside_native(jit: Any, cases: list[tuple[Any, str]], effort: Effort) -> Iterator[list[str]]:
    for dtype in DTYPES[: 1 if effort.quick else None]:
        for found, case in cases[: 1 if effort.quick else None]:
            given, shapes = found().draw(generator(), case)
            calls: Twins = {}
            for who, kernels, threads in (("fastnn", kernels_for("native"), (1,)), ("jit", jit, ())):
                verify(found.kernel, kernels, given, shapes, dtype, threads)
                values = arguments(found.kernel, given, shapes, dtype)
                calls[who] = partial(getattr(kernels, found.kernel), *values, *threads)
            yield [dtype, found.kernel, case, *_share(calls, effort, "jit")]


# --- first use ----------------------------------------------------------------------------------


def first_use_rows(effort: Effort) -> Iterator[list[str]]:
    """Yield the rows of what is compiled at its first use, each in processes of its own."""
    for name in list(FIRST_USES)[: 1 if effort.quick else None]:
        times = [min(first_use(name, warm) for _ in range(1 if effort.quick else 3)) for warm in (False, True)]
        yield [name, *map(readable, times)]


# --- the tables ---------------------------------------------------------------------------------


def numba_half(effort: Effort) -> None:
    """Print the tables.

    All contestants run in this process and use no other threads, so that none has to settle; many short runs tell more
    than a few long ones where other work comes between.
    """
    effort = effort._replace(
        settle=0.0, seconds=effort.seconds / 100, rounds=effort.rounds * (1 if effort.quick else 20)
    )
    twins = ["built in", "own", "built in / own"]
    header = ["network", "dtype", "activation", *twins]
    print_table("Numba: an epoch with a user's activation, one thread", header, activation_rows(effort))
    title = f"Numba: a user's loss with its gradient, {label(OUTPUTS)}, one thread"
    print_table(title, ["dtype", "loss", *twins], loss_rows(effort))
    header = ["network", "activation", "in a jitted loop", "one batch of 2,000", "row by row from Python"]
    print_table("Numba: a network, float32, ns per row, one thread", header, jitted_rows(effort))
    header = ["dtype", "kernel", "case", "native", "jit", "native / jit"]
    print_table("Numba: kernels of the jit backend, one thread, called from Python", header, backend_rows(effort))
    header[4:] = ["pure Numba", "native / pure Numba"]
    print_table("Numba: matrix products in pure Numba, one thread, called from Python", header, loops_rows(effort))
    header = ["what", "caches empty", "caches filled"]
    print_table("Numba: the first use in a new process", header, first_use_rows(effort))
