"""Every kernel ends at Ctrl-C in the middle of its work, and the next call does it all."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from interrupt_cases import CORE, Case, numbers, writing
from interrupt_solver_cases import CASES
from patience import LONG

import fastnn.kernels
from fastnn.kernels.contract import COORDINATE_DESCENT, KERNELS, LIMITED_MEMORY, LOGISTIC_PASSES, SAGA

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs a timer that sends signals")
ONE_PASS = {"dot"}  # reads two vectors once, at the speed of memory


class Interrupt(Exception):
    pass


@pytest.fixture(autouse=True)
def frequent_looks() -> Iterator[None]:
    before = CORE.look_for_signals_every(1e-4)
    yield
    CORE.look_for_signals_every(before)


def signalled(call: Callable[[], Any], after: float, do: Callable[[], None]) -> None:
    """Call, with `do` as what a signal's handler does after so many seconds."""
    before = signal.signal(signal.SIGALRM, lambda number, frame: do())
    signal.setitimer(signal.ITIMER_REAL, after)
    try:
        call()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def seconds_of(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def copied(outputs: list[Any]) -> list[Any]:
    return [list(each) if isinstance(each, list) else each.copy() for each in outputs]


def are_same(first: list[Any], second: list[Any]) -> bool:
    return len(first) == len(second) and all(
        are_same(a, b) if isinstance(a, list) else np.array_equal(a, b, equal_nan=True)
        for a, b in zip(first, second, strict=True)
    )


def interrupted_in_the_middle(case: Case, whole: list[Any], after: float) -> bool:
    """Whether a signal's handler has run before the work was done, and no more was done after it had raised."""
    outputs, seen = case.fresh(), []

    def stop() -> None:
        seen.append(copied(outputs))
        raise Interrupt

    try:
        signalled(lambda: case.run(*outputs), after, stop)
    except Interrupt:
        return not are_same(seen[0], whole) and not are_same(outputs, whole)
    return False


@pytest.mark.parametrize("name", CASES)
def test_a_kernel_ends_in_the_middle(name: str) -> None:
    case = CASES[name]()
    whole = case.fresh()
    case.run(*whole)
    outputs = [case.fresh() for _ in range(3)]
    seconds = min(seconds_of(lambda own=own: case.run(*own)) for own in outputs)
    shares = (0.3, 0.5, 0.2, 0.4, 0.6, 0.1, 0.7) * 3  # other programs may delay the signal as well as the work
    assert any(interrupted_in_the_middle(case, whole, share * seconds) for share in shares)
    outputs = case.fresh()
    case.run(*outputs)
    assert are_same(outputs, whole)


def test_a_leader_that_waits_for_its_team_looks() -> None:
    """Of three columns it has one: for half of the time it waits."""
    x, z = numbers(3, 20_000, dtype=float), np.abs(numbers(500, 20_000, dtype=float))

    def run(d: np.ndarray, c: np.ndarray) -> None:
        for _ in range(3):  # so that the worker is awake, and begins at once
            CORE.all_finite(z, 2)
        CORE.column_sums(x, z, z, z, d, c, None, 2)

    case = writing(run, (3, 500), (3, 500), dtype=float)
    whole = case.fresh()
    case.run(*whole)
    seconds = min(seconds_of(lambda: case.run(*case.fresh())) for _ in range(5))
    assert any(interrupted_in_the_middle(case, whole, share * seconds) for share in (0.75, 0.8, 0.85) * 5)


def test_no_kernel_is_missing() -> None:
    public = [name for name in fastnn.kernels.__all__ if name not in ("available_backends", "kernels_for")]
    known = {*KERNELS, *public, *LOGISTIC_PASSES, *COORDINATE_DESCENT, *LIMITED_MEMORY, *SAGA}
    assert known - ONE_PASS <= CASES.keys()


def test_a_handler_may_call_kernels_and_does_not_end_what_it_interrupts() -> None:
    case = CASES["dense_forward"]()
    [whole], [out] = case.fresh(), case.fresh()
    case.run(whole)
    inner: list[np.ndarray] = []

    def call() -> None:
        inner.extend(case.fresh())
        case.run(inner[0])

    signalled(lambda: case.run(out), 0.3 * seconds_of(lambda: case.run(*case.fresh())), call)
    assert are_same([whole, whole], [out, inner[0]])


def test_a_handler_that_is_interrupted_itself_ends_both() -> None:
    case = CASES["dense_forward"]()
    seconds = seconds_of(lambda: case.run(*case.fresh()))

    def again() -> None:
        raise Interrupt

    def call() -> None:
        signalled(lambda: case.run(*case.fresh()), 0.3 * seconds, again)

    for share in (0.3, 0.2, 0.4) * 5:
        try:
            signalled(lambda: case.run(*case.fresh()), share * seconds, call)
        except Interrupt:
            break
    else:
        pytest.fail("no signal came in time")
    whole, out = case.fresh(), case.fresh()
    case.run(*whole)
    case.run(*out)
    assert are_same(whole, out)


def test_other_threads_go_on() -> None:
    case = CASES["dense_forward"]()
    [whole] = case.fresh()
    case.run(whole)
    found: list[bool] = []

    def work() -> None:
        for _ in range(5):
            [out] = case.fresh()
            case.run(out)
            found.append(are_same([out], [whole]))

    other = threading.Thread(target=work)
    other.start()
    while other.is_alive():
        interrupted_in_the_middle(case, [whole], 0.01)
    other.join()
    assert found == [True] * 5


def test_a_cancellation_ends_the_kernels_of_its_threads() -> None:
    case = CASES["dense_forward"]()
    cancelled, begun, raised = CORE.Cancellation(), threading.Event(), []

    def work() -> None:
        try:
            while True:
                begun.set()
                cancelled.run(case.run, *case.fresh())
        except KeyboardInterrupt:
            raised.append(sys.exc_info()[0])

    other = threading.Thread(target=work)
    other.start()
    assert begun.wait(LONG)
    time.sleep(0.05)
    assert not cancelled.is_set() and not raised
    cancelled.set()
    other.join(LONG)
    assert raised == [KeyboardInterrupt]
    case.run(*case.fresh())  # and no others
