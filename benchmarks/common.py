"""What every kernel benchmark does: draw arrays, check the kernel once against the reference, then be timed.

A class names its kernel and says how its arguments are drawn; the rest is read off the contract.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from itertools import repeat
from time import perf_counter
from typing import Any, TypeVar

import numpy as np

from fastnn.kernels.contract import KERNELS
from fastnn.kernels.select import kernels_for
from fastnn.optimizers import OptimizerState
from fastnn.plan import Plan

from .cases import BACKENDS, DTYPES, generator, threads_of

Given = dict[str, Any]
Shapes = dict[str, tuple[int, ...]]
Track = TypeVar("Track", bound=Callable[..., float])

# Of the largest value that the reference gives; the tests are the strict ones. In networks of the root of the sum of
# squares: near ReLU's kink, and where Adam divides by next to nothing, rounding decides about single parameters.
TOLERANCE = {
    "layer": {"float32": 2e-4, "float64": 1e-10},
    "network": {"float32": 2e-2, "float64": 1e-7},
}
SAMPLE_SECONDS = 2e-3


# --- arguments, and whether a kernel does with them what the reference does -------------------------------------------


def arguments(kernel: str, given: Given, shapes: Shapes, dtype: str) -> list[Any]:
    """Return a kernel's arguments in order: inputs cast to the dtype, outputs filled with NaN."""
    values: list[Any] = []
    for argument in KERNELS[kernel].arguments:
        if argument.role == "output":
            values.append(np.full(shapes[argument.name], np.nan, dtype))
        elif argument.integer or argument.double:
            values.append(given[argument.name])
        else:
            values.append(_cast(given[argument.name], dtype))
    return values


def _cast(value: Any, dtype: str) -> Any:
    """Return an array, a plan or an optimizer's state in the dtype, with memory of its own; the rest as it is."""
    if isinstance(value, np.ndarray):
        return value.astype(dtype)
    if isinstance(value, Plan):
        return replace(value, dtype=np.dtype(dtype))
    if isinstance(value, OptimizerState):
        return OptimizerState(value.step, tuple(slot.astype(dtype) for slot in value.slots))
    return value


def written(kernel: str, values: Iterable[Any]) -> dict[str, np.ndarray]:
    """Return what a kernel writes, by name: outputs, and how far it moved what it updates.

    Not where it moved it to: beside a parameter, a step is too small to tell a right one from a wrong one.
    """
    arrays: dict[str, np.ndarray] = {}
    for argument, value in zip(KERNELS[kernel].arguments, values, strict=True):
        if argument.role in ("output", "update") and value is not None:
            arrays[argument.name] = value
        elif argument.name == "state":
            arrays |= {f"state {k}": slot for k, slot in enumerate(value.slots)}
    return arrays


def verify(kernel: str, backend: Any, given: Given, shapes: Shapes, dtype: str, threads: tuple[int, ...] = ()) -> None:
    """Raise AssertionError if one call of the backend's kernel differs from the reference in float64."""
    ours, theirs = (arguments(kernel, given, shapes, kind) for kind in (dtype, "float64"))
    before = {name: np.nan_to_num(array) for name, array in written(kernel, theirs).items()}
    returned = getattr(backend, kernel)(*ours, *threads)
    wanted_returned = getattr(kernels_for("reference"), kernel)(*theirs)
    found, wanted = written(kernel, ours), written(kernel, theirs)
    if KERNELS[kernel].returns:
        names = " and ".join(KERNELS[kernel].returns)
        found[names], wanted[names] = np.array(returned, float), np.array(wanted_returned)
    for name, array in wanted.items():
        _assert_close(name, kernel, found[name], array, before.get(name, np.zeros(())), dtype)


def _assert_close(name: str, kernel: str, found: np.ndarray, wanted: np.ndarray, start: np.ndarray, dtype: str) -> None:
    """Compare how far two arrays are from where both started; NaN is never close."""
    storey = KERNELS[kernel].storey
    size = _largest if storey == "layer" else np.linalg.norm
    error = size(found - wanted)
    allowed = TOLERANCE[storey][dtype] * size(wanted - start) + 4 * np.finfo(dtype).eps * size(start)
    if not error <= allowed:
        raise AssertionError(f"{name} of {kernel} is off by {error:.3g}, more than {allowed:.3g}: not worth timing")


def _largest(array: np.ndarray) -> float:
    return np.abs(array).max(initial=0.0)


# --- clocks -----------------------------------------------------------------------------------------------------------


def seconds_of(call: Callable[[], Any], count: int) -> float:
    """Return the seconds of one call, of `count` in a row."""
    start = perf_counter()
    for _ in repeat(None, count):
        call()
    return (perf_counter() - start) / count


def best_of(runs: dict[str, Callable[[], Any]], seconds: float = SAMPLE_SECONDS, rounds: int = 7) -> dict[str, float]:
    """Return the best seconds of a call of each, taking turns so that a slow spell of the machine hits all alike."""
    counts = {name: count_for(run, seconds) for name, run in runs.items()}
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(rounds):
        for name, run in runs.items():
            best[name] = min(best[name], seconds_of(run, counts[name]))
    return best


def count_for(call: Callable[[], Any], seconds: float = SAMPLE_SECONDS) -> int:
    """Return how many calls take so long, at least 1."""
    call()
    return max(1, int(seconds / max(seconds_of(call, 1), 1e-7)))


# --- the benchmark ----------------------------------------------------------------------------------------------------


class _Benchmark:
    """Times `call`, which `prepare` makes ready; asv passes over names that start with an underscore.

    asv runs `setup` again before every call that it times, and so times calls one by one, which is too coarse a clock
    for a microsecond. So `setup` does its work only once, `time_call` makes many calls, and the `timer` that asv is
    given runs as many times slower.
    """

    param_names: list[str] = []
    version = "1"
    rounds = 2
    repeat = (3, 10, 0.5)
    warmup_time = 0.02
    ready: tuple[str, ...] | None = None

    def prepare(self, *case: str) -> None:
        """Draw data, and fail where a call gives a wrong result."""
        raise TypeError(f"{type(self).__name__} has nothing to prepare")

    def call(self) -> Any:
        """Do what is timed."""
        raise TypeError(f"{type(self).__name__} has nothing to call")

    def setup(self, *case: str) -> None:
        if self.ready == case:
            return
        self.prepare(*case)
        self.count = count_for(self.call)
        self.timer = lambda: perf_counter() / self.count
        self.ready = case

    def time_call(self, *case: str) -> None:
        call = self.call
        for _ in repeat(None, self.count):
            call()


class _KernelBenchmark(_Benchmark):
    """A kernel of the contract, of every backend, in both dtypes."""

    kernel = ""
    params: list[list[str]] = [BACKENDS, DTYPES, []]
    param_names = ["backend", "dtype", "case"]

    def draw(self, rng: np.random.Generator, case: str) -> tuple[Given, Shapes]:
        """Return the kernel's inputs (float64) and options by name, and the shapes of its outputs."""
        raise TypeError(f"{type(self).__name__} does not say how its arguments are drawn")

    def prepare(self, backend: str, dtype: str, case: str) -> None:
        special = [backend != "native", threads_of(case) > 1, bool(os.environ.get("FASTNN_SIMD"))]
        if sum(special) > 1:  # asv skips the case
            raise NotImplementedError("threads and lower instruction sets are measured apart, in the native backend")
        threads = (threads_of(case),) if backend == "native" else ()
        kernels = kernels_for(backend)
        given, shapes = self.draw(generator(), case)
        verify(self.kernel, kernels, given, shapes, dtype, threads)
        self.values = arguments(self.kernel, given, shapes, dtype)
        self.call = partial(getattr(kernels, self.kernel), *self.values, *threads)

    def picoseconds(self) -> float:
        """Return the best time of a call of the native kernel; of a layer kernel without what Python adds to it."""
        if KERNELS[self.kernel].storey == "network":
            return 1e12 * best_of({"kernel": self.call})["kernel"]
        from fastnn import _core

        count, kernel, arguments = self.count + 1, self.call.func, self.call.args
        return 1e12 * min(_core.seconds_per_call(count, kernel, *arguments) for _ in range(7))


def native_only(unit: str, cases: Iterable[str]) -> Callable[[Track], Track]:
    """Return a decorator for `track_` methods: their unit, and that they are measured for the native backend alone."""

    def decorate(track: Track) -> Track:
        track.unit = unit  # type: ignore[attr-defined] # asv looks for both at the method first
        track.params = [["native"], DTYPES, list(cases)]  # type: ignore[attr-defined]
        return track

    return decorate
